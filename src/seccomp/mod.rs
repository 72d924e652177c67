//! The seccomp filter: assembled in-process from the presets.
