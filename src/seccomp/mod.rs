//! The seccomp filter: which system calls the command may make.
//!
//! Pure: it makes programs for the kernel and never talks to it. The compiler assembles the presets, so that at run time
//! there is only a table to be installed; C does that as its last step before execve(2), which hence goes through the
//! filter itself.
//!
//! ```text
//!   presets: names ──▶ verdicts: one a call ──▶ assembler: a program
//!                      (cpu: names ⇄ numbers)
//! ```

mod assembler;
mod cpu;
mod presets;
#[cfg(test)]
mod tests;
mod verdicts;

pub use assembler::Instruction;
pub use cpu::Cpu;

use presets::Presets;

/// A preset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// Refuses what namespaces do not contain.
    Default,
    /// For code that is not trusted: no new namespaces, no mounting, no other processes either.
    Strict,
}

/// The filter of a preset, as seccomp(2) takes it.
#[must_use]
pub fn preset<C: Cpu>(base: Base) -> &'static [Instruction] {
    match base {
        Base::Default => Presets::<C>::DEFAULT,
        Base::Strict => Presets::<C>::STRICT,
    }
}
