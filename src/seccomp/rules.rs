//! `deny=a,b;errno=EPERM;allow=c`: edits of a preset, by the names of system calls.

use super::Space;
use super::assembler::{ALLOW, ARCHITECTURE, EQUAL, Instruction, KILL_PROCESS, LOAD, NUMBER, RETURN, refuse};
use super::cpu::{Cpu, number_by_hash};
use crate::config::Text;
use crate::error::Errno;

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

/// What a denied call is answered, until `errno=` says otherwise.
const DENY: u32 = refuse(Errno::PERM);

/// Writes the edits that RULES ask for and then the preset: a call that is not edited falls through to it. The parts of
/// RULES are in any order, `;` between them; `deny=` and `allow=` may come again, and a name too.
///
/// # Errors
/// The first [`Problem`] met.
pub fn edit<'a, C: Cpu>(
    rules: Text,
    preset: &[Instruction],
    program: &'a mut Space,
) -> Result<&'a [Instruction], Problem> {
    let mut editor = Editor { program, what: b"", errno: None };
    match editor.edit::<C>(rules, preset) {
        Ok(()) => Ok(editor.program),
        Err(fault) => Err(Problem { fault, what: editor.what }),
    }
}

struct Editor<'a> {
    program: &'a mut Space,
    /// The words in hand: what fails is about them, and so says no more than a [`Fault`].
    what: Text,
    /// `errno=`, and the part that said so.
    errno: Option<(Errno, Text)>,
}

impl Editor<'_> {
    fn edit<C: Cpu>(&mut self, rules: Text, preset: &[Instruction]) -> Result<(), Fault> {
        self.write(const { &beginning(C::ARCHITECTURE) })?;
        let mut parts = Some(rules);
        while let Some(part) = next(&mut parts, b';') {
            self.what = part;
            if let Some(names) = part.strip_prefix(b"deny=") {
                self.each_call::<C>(names, DENY)?;
            } else if let Some(names) = part.strip_prefix(b"allow=") {
                self.each_call::<C>(names, ALLOW)?;
            } else if let Some(name) = part.strip_prefix(b"errno=") {
                if self.errno.is_some() {
                    return Err(Fault::SecondErrno);
                }
                self.what = name;
                self.errno = Some((Errno::by_name(name).ok_or(Fault::UnknownErrno)?, part));
            } else {
                return Err(Fault::UnknownPart);
            }
        }
        self.answer_denied()?;
        self.write(preset)
    }

    /// Writes this answer to the calls of these names, separated by commas. One that has another is a contradiction.
    fn each_call<C: Cpu>(&mut self, names: Text, answer: u32) -> Result<(), Fault> {
        let mut names = Some(names);
        while let Some(name) = next(&mut names, b',') {
            self.what = name;
            let number = number_by_hash(C::HASHES, name).ok_or(Fault::UnknownCall)?;
            // A test is followed by its answer; that of the architecture is for no number of a call.
            let mut written = self.program.iter();
            if !written.any(|test| test.code == EQUAL && test.constant == number) {
                self.write(&[Instruction::new(EQUAL, 0, 1, number), Instruction::new(RETURN, 0, 0, answer)])?;
            } else if written.next().is_none_or(|known| known.constant != answer) {
                return Err(Fault::Contradiction);
            }
        }
        Ok(())
    }

    /// Gives the calls that are denied the answer that `errno=` says.
    fn answer_denied(&mut self) -> Result<(), Fault> {
        let Some((errno, part)) = self.errno else { return Ok(()) };
        let mut idle = true;
        // No other instruction has this constant: it is no number of a call.
        for instruction in self.program.iter_mut().filter(|instruction| instruction.constant == DENY) {
            instruction.constant = refuse(errno);
            idle = false;
        }
        self.what = part;
        if idle { Err(Fault::IdleErrno) } else { Ok(()) }
    }

    fn write(&mut self, instructions: &[Instruction]) -> Result<(), Fault> {
        self.program.extend_from_slice(instructions).map_err(|_| Fault::TooLong)
    }
}

/// The numbers mean other calls to a program of another architecture; what becomes of that, the preset says too.
const fn beginning(architecture: u32) -> [Instruction; 4] {
    [
        Instruction::new(LOAD, 0, 0, ARCHITECTURE),
        Instruction::new(EQUAL, 1, 0, architecture),
        Instruction::new(RETURN, 0, 0, KILL_PROCESS),
        Instruction::new(LOAD, 0, 0, NUMBER),
    ]
}

/// Takes what comes before the separator off the front. Not `split`, whose state is longer.
fn next(rest: &mut Option<Text>, separator: u8) -> Option<Text> {
    let text = rest.take()?;
    let end = text.iter().position(|byte| *byte == separator);
    let Some((first, [_, others @ ..])) = end.and_then(|end| text.split_at_checked(end)) else {
        return Some(text);
    };
    *rest = Some(others);
    Some(first)
}
