//! The command line: words in, [`Config`] out.
//!
//! `engine [options] [--] <rootfs> [command [args...]]`: options end at the first word that is not one, and what follows
//! the root filesystem is the command's and is never looked at. Nothing here acts; nothing here asks the kernel.

mod contradictions;
mod given;
mod help;
mod mounts;
mod options;
mod row;
mod usage;
mod values;

pub use help::{VERSION, help};
pub use usage::{Problem, Usage};

use crate::config::Config;
use core::ffi::CStr;
use given::{Given, bits};
use options::OPTIONS;
use row::{Row, Takes};
use usage::Subject;
use values::cut;

/// What the user wants engine to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// A run of what the configuration says.
    Run {
        /// How many words were options and root filesystem. The rest is the command and its arguments; with `--as-init`
        /// there is at least one.
        consumed: usize,
    },
    /// `--help`.
    Help,
    /// `--version`.
    Version,
}

/// Reads the command line into `config`. `words` starts after the program's own name, and is read as far as the root
/// filesystem, or with `--as-init` as far as the first word of the command; only `config.command` is left to the caller,
/// who knows where [`Request::Run`]'s rest of the words lies in memory.
pub fn parse(words: &mut impl Iterator<Item = &'static CStr>, config: &mut Config) -> Result<Request, Usage> {
    let mut parser = Parser { words, config, consumed: 0, given: Given::default(), subject: Subject::default() };
    parser.request().map_err(|problem| Usage::new(parser.subject, problem))
}

const HELP: u64 = bits(&["help"]);
const HELP_OR_VERSION: u64 = bits(&["help", "version"]);

struct Parser<'a> {
    words: &'a mut dyn Iterator<Item = &'static CStr>,
    config: &'a mut Config,
    consumed: usize,
    given: Given,
    /// What is being read, for the case that it is wrong: so that errors are a byte until they are said.
    subject: Subject,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<&'static CStr> {
        let word = self.words.next()?;
        self.consumed += 1;
        Some(word)
    }

    fn request(&mut self) -> Result<Request, Problem> {
        let first = self.next().ok_or(Problem::NoArguments)?;
        let operand = self.options(first)?;
        self.subject = Subject::default();
        if self.given.has_any(HELP_OR_VERSION) {
            return Ok(if self.given.has_any(HELP) { Request::Help } else { Request::Version });
        }
        if let Some((option, problem)) = contradictions::find(self.given, self.config) {
            self.subject.option = option;
            return Err(problem);
        }
        self.run(operand)
    }

    fn run(&mut self, operand: Option<&'static CStr>) -> Result<Request, Problem> {
        match (operand, self.config.process.as_init) {
            (Some(rootfs), false) => {
                self.config.rootfs = Some(rootfs);
                Ok(Request::Run { consumed: self.consumed })
            }
            (None, false) => Err(Problem::NoRootfs),
            // The word is the command's: it was read only to see that there is one.
            (Some(_), true) => Ok(Request::Run { consumed: self.consumed - 1 }),
            (None, true) => {
                self.subject.option = b"as-init";
                Err(Problem::NoCommand)
            }
        }
    }

    /// Reads options, from the word that was read already to the first that is none, and gives that one. Help and
    /// version are answered at once, whatever follows: who asks for help gets it.
    fn options(&mut self, first: &'static CStr) -> Result<Option<&'static CStr>, Problem> {
        let mut word = first;
        loop {
            self.subject = Subject { option: b"", word: word.to_bytes(), tail: b"" };
            match word.to_bytes() {
                b"--" => return Ok(self.next()),
                [b'-', b'-', ..] => self.long(word)?,
                [b'-', _, ..] => self.letters(word)?,
                _ => return Ok(Some(word)),
            }
            if self.given.has_any(HELP_OR_VERSION) {
                return Ok(None);
            }
            let Some(next) = self.next() else { return Ok(None) };
            word = next;
        }
    }

    /// `--name`, `--name VALUE`, `--name=VALUE`.
    fn long(&mut self, word: &'static CStr) -> Result<(), Problem> {
        let (written, value) = cut(word.to_bytes(), b'=');
        self.subject.word = written;
        let name = written.get(2..).unwrap_or_default();
        let row = self.find(|row| row.is(name)).ok_or(Problem::UnknownOption)?;
        let value = value.map(|_| from(word, written.len() + 1));
        match (value, row.takes()) {
            (None, Takes::Value) => self.set_to_next(row),
            (None, _) => self.set(row, c""),
            (Some(value), Takes::Value) => self.set(row, value),
            (Some(value), Takes::OptionalValue) if !value.is_empty() => self.set(row, value),
            (Some(_), takes) => {
                self.subject = Subject { option: row.name(), word: b"", tail: b"" };
                Err(if takes == Takes::Nothing { Problem::TakesNoValue } else { Problem::Empty })
            }
        }
    }

    /// `-xt`, `-vVALUE`, `-v VALUE`, `-xv VALUE`.
    fn letters(&mut self, word: &'static CStr) -> Result<(), Problem> {
        let text = word.to_bytes();
        for (position, letter) in text.iter().enumerate().skip(1) {
            let Some(row) = self.find(|row| row.letter == *letter) else {
                self.subject =
                    Subject { option: b"", word: text, tail: text.get(position..=position).unwrap_or_default() };
                return Err(Problem::UnknownLetter);
            };
            if row.takes() == Takes::Value {
                let rest = from(word, position + 1);
                return if rest.is_empty() { self.set_to_next(row) } else { self.set(row, rest) };
            }
            self.set(row, c"")?;
        }
        Ok(())
    }

    /// The row of the option that was written, which is then noted as given.
    fn find(&mut self, is_it: impl Fn(&Row) -> bool) -> Option<&'static Row> {
        let index = OPTIONS.iter().position(is_it)?;
        self.given.note(index);
        OPTIONS.get(index)
    }

    fn set_to_next(&mut self, row: &Row) -> Result<(), Problem> {
        match self.next() {
            Some(value) => self.set(row, value),
            None => {
                self.subject = Subject { option: row.name(), word: b"", tail: row.value() };
                Err(Problem::NeedsValue)
            }
        }
    }

    fn set(&mut self, row: &Row, value: &'static CStr) -> Result<(), Problem> {
        self.subject = Subject { option: row.name(), word: value.to_bytes(), tail: b"" };
        (row.set)(self.config, value)
    }
}

/// The word from this byte on.
fn from(word: &'static CStr, start: usize) -> &'static CStr {
    let tail = word.to_bytes_with_nul().get(start..).unwrap_or_default();
    CStr::from_bytes_until_nul(tail).unwrap_or_default()
}

#[cfg(test)]
mod tests;
