//! The filter of system calls that the configuration asks for.

use crate::config::{Config, Seccomp};
use crate::seccomp::{Base, Instruction, preset};
use crate::sys::numbers::ThisCpu;

/// Empty where there is to be none.
pub(super) fn of(config: &Config) -> &'static [Instruction] {
    let base = match config.privileges.seccomp {
        Seccomp::None => return &[],
        Seccomp::Strict => Base::Strict,
        Seccomp::Unsaid if config.privileges.strict => Base::Strict,
        _ => Base::Default,
    };
    preset::<ThisCpu>(base)
}
