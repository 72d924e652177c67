//! The seccomp filter: which system calls the command may make.
//!
//! Pure: it makes programs for the kernel and never talks to it. Run by O, before there is a second process, so that a
//! bad rule is a plain error; C installs the result as its last step before execve(2), which hence goes through the
//! filter itself.
//!
//! ```text
//!   the compiler:   presets: names ──▶ verdicts: one a call ──▶ assembler: a program
//!                                      (cpu: names ⇄ numbers)         │
//!   at run time:    rules: edits ─────────────────────────────────────┴─▶ edits, then the preset
//! ```
//!
//! The two presets are assembled by the compiler; only RULES take work at run time.

mod assembler;
mod cpu;
mod presets;
mod rules;
#[cfg(test)]
mod tests;
mod verdicts;

pub use assembler::Instruction;
pub use cpu::{Cpu, hash};
pub use rules::{Fault, Problem, Rules};

use crate::config::{Privileges, Seccomp};
use heapless::Vec;
use presets::Presets;

/// A preset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// Refuses what namespaces do not contain.
    Default,
    /// For code that is not trusted: no new namespaces, no mounting, no other processes either.
    Strict,
}

/// What filter there is to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Policy {
    /// None at all.
    Unfiltered,
    /// A preset as it is.
    Preset(Base),
    /// A preset with the user's edits.
    Edited(Base, Rules),
}

impl Policy {
    /// The policy that `--seccomp` and `--strict` ask for.
    ///
    /// # Errors
    /// Where RULES are not right.
    pub fn of<C: Cpu>(privileges: &Privileges) -> Result<Self, Problem> {
        let base = if privileges.strict { Base::Strict } else { Base::Default };
        Ok(match privileges.seccomp {
            Seccomp::Unsaid => Self::Preset(base),
            Seccomp::Default => Self::Preset(Base::Default),
            Seccomp::Strict => Self::Preset(Base::Strict),
            Seccomp::None => Self::Unfiltered,
            Seccomp::Rules(text) => Self::Edited(base, Rules::parse::<C>(text)?),
        })
    }
}

/// Room for any edits: two instructions for each call there may be, and a preset. The kernel takes 4096
/// (`BPF_MAXINSNS`).
const EDITED_ROOM: usize = 2 * verdicts::NUMBERS + 128;

/// Memory for a filter with edits, 9 KiB; untouched where there are none.
pub type Space = Vec<Instruction, EDITED_ROOM>;

/// The filter of a policy, as seccomp(2) takes it; empty where there is to be none.
///
/// # Errors
/// [`Fault::TooLong`], should edits not fit.
pub fn program<'a, C: Cpu>(policy: &Policy, space: &'a mut Space) -> Result<&'a [Instruction], Problem> {
    match policy {
        Policy::Edited(base, rules) => match rules.before::<C>(preset::<C>(*base), space) {
            Ok(()) => Ok(space),
            Err(_) => Err(Problem { fault: Fault::TooLong, what: b"" }),
        },
        _ => Ok(ready::<C>(policy).unwrap_or_default()),
    }
}

/// The filter of a policy that takes no work and no memory; `None` where there are edits.
#[must_use]
pub fn ready<C: Cpu>(policy: &Policy) -> Option<&'static [Instruction]> {
    match policy {
        Policy::Unfiltered => Some(&[]),
        Policy::Preset(base) => Some(preset::<C>(*base)),
        Policy::Edited(..) => None,
    }
}

fn preset<C: Cpu>(base: Base) -> &'static [Instruction] {
    match base {
        Base::Default => Presets::<C>::DEFAULT,
        Base::Strict => Presets::<C>::STRICT,
    }
}
