//! `deny=a,b;errno=EPERM;allow=c`: edits of a preset, by the names of system calls.

use super::Space;
use super::assembler::{ALLOW, ARCHITECTURE, EQUAL, Instruction, KILL_PROCESS, LOAD, NUMBER, RETURN, refuse};
use super::cpu::{Cpu, hash};
use super::verdicts::NUMBERS;
use crate::config::Text;
use crate::error::Errno;

/// Edits of a preset, understood. The numbers are those of one CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    denied: Calls,
    allowed: Calls,
    errno: Errno,
}

/// What is wrong with rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The cause.
    pub fault: Fault,
    /// The words it is about.
    pub what: Text,
}

/// Why rules are not to be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A part that is none of `deny=`, `allow=` and `errno=`; an empty one is, too.
    UnknownPart,
    /// This CPU has no system call of that name.
    UnknownCall,
    /// No errno of that name.
    UnknownErrno,
    /// `errno=` twice.
    SecondErrno,
    /// `errno=`, and no `deny=` that it would be for.
    IdleErrno,
    /// A call both denied and allowed.
    Contradiction,
    /// The filter is longer than there is room for.
    TooLong,
}

impl Fault {
    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::UnknownPart => "expected deny=, allow= or errno=",
            Self::UnknownCall => "unknown system call",
            Self::UnknownErrno => "unknown errno",
            Self::SecondErrno => "errno= may be given once",
            Self::IdleErrno => "errno= is for deny=",
            Self::Contradiction => "both denied and allowed",
            Self::TooLong => "too many rules",
        }
    }
}

impl Rules {
    /// Understands RULES: parts in any order, `;` between them; `deny=` and `allow=` may come again, and a name too.
    ///
    /// # Errors
    /// The first [`Problem`] met.
    pub fn parse<C: Cpu>(text: Text) -> Result<Self, Problem> {
        let mut rules = Self { denied: Calls::NONE, allowed: Calls::NONE, errno: Errno::PERM };
        let mut errno = None;
        for part in text.split(|byte| *byte == b';') {
            if let Some(names) = part.strip_prefix(b"deny=") {
                each_call::<C>(names, &mut rules.denied, &rules.allowed)?;
            } else if let Some(names) = part.strip_prefix(b"allow=") {
                each_call::<C>(names, &mut rules.allowed, &rules.denied)?;
            } else if let Some(name) = part.strip_prefix(b"errno=") {
                let known = Errno::by_name(name).ok_or(Problem { fault: Fault::UnknownErrno, what: name })?;
                if errno.replace((known, part)).is_some() {
                    return Err(Problem { fault: Fault::SecondErrno, what: part });
                }
            } else {
                return Err(Problem { fault: Fault::UnknownPart, what: part });
            }
        }
        match errno {
            Some((_, part)) if rules.denied == Calls::NONE => Err(Problem { fault: Fault::IdleErrno, what: part }),
            Some((errno, _)) => Ok(Self { errno, ..rules }),
            None => Ok(rules),
        }
    }

    /// Writes these edits and then the preset: a call that is not edited falls through to it.
    pub(super) fn before<C: Cpu>(
        &self,
        preset: &[Instruction],
        program: &mut Space,
    ) -> Result<(), heapless::CapacityError> {
        // The numbers mean other calls to a program of another architecture; what becomes of that, the preset says too.
        program.extend_from_slice(&[
            Instruction::new(LOAD, 0, 0, ARCHITECTURE),
            Instruction::new(EQUAL, 1, 0, C::ARCHITECTURE),
            Instruction::new(RETURN, 0, 0, KILL_PROCESS),
            Instruction::new(LOAD, 0, 0, NUMBER),
        ])?;
        for number in 0..NUMBERS {
            let answer = match (self.denied.has(number), self.allowed.has(number)) {
                (true, _) => refuse(self.errno),
                (false, true) => ALLOW,
                (false, false) => continue,
            };
            let skip_unless_equal = Instruction::new(EQUAL, 0, 1, number as u32);
            program.extend_from_slice(&[skip_unless_equal, Instruction::new(RETURN, 0, 0, answer)])?;
        }
        program.extend_from_slice(preset)
    }
}

/// Adds the calls of these names, separated by commas. One that is in `others` is a contradiction.
fn each_call<C: Cpu>(names: Text, calls: &mut Calls, others: &Calls) -> Result<(), Problem> {
    for name in names.split(|byte| *byte == b',') {
        let hash = hash(name);
        let number = C::HASHES.iter().position(|known| *known == hash && !name.is_empty());
        let number = number.ok_or(Problem { fault: Fault::UnknownCall, what: name })?;
        if others.has(number) {
            return Err(Problem { fault: Fault::Contradiction, what: name });
        }
        calls.add(number);
    }
    Ok(())
}

/// A set of call numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Calls([u64; NUMBERS / 64]);

impl Calls {
    const NONE: Self = Self([0; NUMBERS / 64]);

    fn add(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    fn has(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}
