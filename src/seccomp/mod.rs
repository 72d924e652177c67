//! The seccomp filter: which system calls the command may make.
//!
//! Pure: it makes programs for the kernel and never talks to it. Run by O, before there is a second process, so that a
//! bad rule is a plain error; C installs the result as its last step before execve(2), which hence goes through the
//! filter itself.
//!
//! ```text
//!   the compiler:   presets: names ──▶ verdicts: one a call ──▶ assembler: a program ─┐
//!                                      (cpu: names ⇄ numbers)                         │
//!   at run time:    rules: names ──▶ edits ───────────────────────────────────────────┴─▶ edits, then the preset
//!
//!   the programs:   ┌ RULES' edits ┬ what strict adds ┬ default ┐
//!                   what the one in front does not answer, it leaves to the next
//! ```
//!
//! The presets are assembled by the compiler, `strict` in front of `default`; only RULES take work at run time.

mod assembler;
mod cpu;
mod presets;
mod rules;
#[cfg(test)]
mod tests;
mod verdicts;

pub use assembler::Instruction;
pub use cpu::{Cpu, GAP, hash};
pub use presets::{presets, presets_length};
pub use rules::{Editor, Fault};

use crate::config::{Privileges, Seccomp};
use presets::Presets;

/// The filter that `--seccomp` and `--strict` ask for, as seccomp(2) takes it, but for the edits of RULES; empty where
/// there is to be none. It takes neither work nor memory.
#[must_use]
pub fn preset<C: Cpu>(privileges: &Privileges) -> &'static [Instruction] {
    let strict = match privileges.seccomp {
        Seccomp::None => return &[],
        Seccomp::Default => false,
        Seccomp::Strict => true,
        Seccomp::Unsaid | Seccomp::Rules(_) => privileges.strict,
    };
    if strict { Presets::<C>::STRICT } else { Presets::<C>::DEFAULT }
}
