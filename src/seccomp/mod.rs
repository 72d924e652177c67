//! The seccomp filter: which system calls the command may make.
//!
//! Pure: it makes programs for the kernel and never talks to it. Run by O, before there is a second process, so that a
//! bad rule is a plain error; C installs the result as its last step before execve(2), which hence goes through the
//! filter itself.
//!
//! ```text
//!   presets: names ──┐
//!                    ├─▶ verdicts: one a call ──▶ assembler: a program
//!   rules: edits ────┘   (cpu: names ⇄ numbers)
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

pub use assembler::{Instruction, Program};
pub use cpu::Cpu;
pub use rules::{Fault, Problem, Rules};

use crate::config::{Privileges, Seccomp};
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

/// Room for any edits: the longest program, where each call is answered otherwise than its neighbours, has less than
/// 500 instructions. The kernel takes 4096 (`BPF_MAXINSNS`).
const EDITED_ROOM: usize = 640;

/// Memory for a filter with edits, 5 KiB; untouched where there are none.
pub type Space = Option<Program<EDITED_ROOM>>;

/// The filter of a policy, as seccomp(2) takes it; empty where there is to be none.
///
/// # Errors
/// [`Fault::TooLong`], should edits not fit.
pub fn program<'a, C: Cpu>(policy: &Policy, space: &'a mut Space) -> Result<&'a [Instruction], Problem> {
    let (base, rules) = match policy {
        Policy::Unfiltered => return Ok(&[]),
        Policy::Preset(Base::Default) => return Ok(Presets::<C>::DEFAULT),
        Policy::Preset(Base::Strict) => return Ok(Presets::<C>::STRICT),
        Policy::Edited(Base::Default, rules) => (Presets::<C>::DEFAULT_VERDICTS, rules),
        Policy::Edited(Base::Strict, rules) => (Presets::<C>::STRICT_VERDICTS, rules),
    };
    match assembler::assemble::<C, EDITED_ROOM>(&rules.applied_to(base), rules.errno()) {
        Some(program) => Ok(space.insert(program).instructions()),
        None => Err(Problem { fault: Fault::TooLong, what: b"" }),
    }
}
