//! `deny=a,b;errno=EPERM;allow=c`: edits of a preset, by the names of system calls.

use super::assembler::{ALLOW, ARCHITECTURE, EQUAL, Instruction, KILL_PROCESS, LOAD, NUMBER, RETURN, refuse};
use super::cpu::{Cpu, number_by_hash};
use super::verdicts::NUMBERS;
use crate::config::Text;
use crate::error::Errno;
use crate::words::{self, Texts, part, position};
use heapless::Vec;

/// Memory for a filter with edits, 9 KiB; untouched where there are none.
pub struct Editor {
    /// The filter, once it is whole. Room for any edits: two instructions for each call there may be, and a preset. The
    /// kernel takes 4096 (`BPF_MAXINSNS`).
    pub program: Vec<Instruction, { 2 * NUMBERS + 128 }>,
    /// The words in hand: what fails is about them, and so says no more than a [`Fault`].
    pub what: Option<Text>,
    errno: Option<Errno>,
}

macro_rules! faults {
    ($($name:ident => $text:literal,)*) => {
        /// Why rules are not to be had.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Fault { $(#[doc = $text] $name,)* }

        impl Fault {
            /// In words.
            #[must_use]
            pub fn text(self) -> Text {
                words::word(concat!($($text, "\n",)*).as_bytes(), b'\n', self as usize)
            }
        }
    };
}

faults! {
    UnknownPart => "expected deny=, allow= or errno=",
    UnknownCall => "unknown system call",
    UnknownErrno => "unknown errno",
    IdleErrno => "nothing is denied",
    Contradiction => "both denied and allowed",
    TooLong => "too many rules",
}

/// What a denied call is answered, until `errno=` says otherwise.
const DENY: u32 = refuse(Errno::PERM);

impl Editor {
    /// Nothing yet: all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self { program: Vec::new(), what: None, errno: None }
    }

    /// Writes the edits that RULES ask for and then the preset: a call that is not edited falls through to it. The parts
    /// of RULES are in any order, `;` between them; each may come again, and a name too. Of two `errno=` the last one
    /// holds; their names are in `texts`.
    ///
    /// # Errors
    /// The first [`Fault`] met.
    #[inline(never)]
    pub fn edit<C: Cpu>(&mut self, rules: Text, preset: &[Instruction], texts: fn() -> Texts) -> Result<(), Fault> {
        self.write(const { &beginning(C::ARCHITECTURE) })?;
        let mut parts = Some(rules);
        while let Some(edit) = part(&mut parts, b';') {
            self.what = Some(edit);
            let mut rest = Some(edit);
            let key = part(&mut rest, b'=').and_then(|key| position(b"deny allow errno", key));
            match (key, rest) {
                (Some(0), Some(names)) => self.each_call::<C>(names, DENY)?,
                (Some(1), Some(names)) => self.each_call::<C>(names, ALLOW)?,
                (Some(_), Some(name)) => {
                    self.what = Some(name);
                    self.errno = Some(Errno::by_name(name, texts()).ok_or(Fault::UnknownErrno)?);
                }
                _ => return Err(Fault::UnknownPart),
            }
        }
        self.what = Some(rules);
        self.answer_denied()?;
        self.write(preset)
    }

    /// Writes this answer to the calls of these names, separated by commas. One that has another is a contradiction.
    #[inline(never)]
    fn each_call<C: Cpu>(&mut self, names: Text, answer: u32) -> Result<(), Fault> {
        let mut names = Some(names);
        while let Some(name) = part(&mut names, b',') {
            self.what = Some(name);
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
        let Some(errno) = self.errno else { return Ok(()) };
        let mut idle = Err(Fault::IdleErrno);
        // No other instruction has this constant: it is no number of a call.
        for instruction in self.program.iter_mut().filter(|instruction| instruction.constant == DENY) {
            instruction.constant = refuse(errno);
            idle = Ok(());
        }
        idle
    }

    #[inline(never)]
    fn write(&mut self, instructions: &[Instruction]) -> Result<(), Fault> {
        instructions.iter().try_for_each(|instruction| self.program.push(*instruction)).map_err(|_| Fault::TooLong)
    }
}

impl Default for Editor {
    fn default() -> Self {
        Self::new()
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
