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

pub use help::{TEXTS, VERSION, help};
pub use usage::{Problem, Usage};

use crate::config::{Config, Text};
use core::ffi::CStr;
use core::ops::Index;
use core::slice;
use given::{Given, bits};
use options::{LETTERS, NAMES, SETS};
use row::{Row, Takes};
use values::{cut, position};

/// What the user wants engine to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// A run of what the configuration says.
    Run {
        /// How many words were options and root filesystem, which `--as-init` has none of. The rest is the command and its arguments.
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
    let next = &mut || words.next();
    let mut parser = Parser { next, config, consumed: 0, given: Given::default(), option: b"", row: Row(0), word: b"" };
    parser.request().map_err(|problem| Usage::new(parser.option, parser.row, parser.word, problem))
}

const HELP: u64 = bits(&["help"]);
const HELP_OR_VERSION: u64 = bits(&["help", "version"]);

struct Parser<'a> {
    next: &'a mut dyn FnMut() -> Option<&'static CStr>,
    config: &'a mut Config,
    consumed: usize,
    given: Given,
    /// What is being read, for the case that it is wrong: so that errors are a byte until they are said.
    option: Text,
    /// Its row of the table.
    row: Row,
    word: Text,
}

impl Parser<'_> {
    #[inline(never)]
    fn next(&mut self) -> Option<&'static CStr> {
        let word = (self.next)()?;
        self.consumed += 1;
        Some(word)
    }

    fn request(&mut self) -> Result<Request, Problem> {
        let first = self.next().ok_or(Problem::NoArguments)?;
        let operand = self.options(first)?;
        (self.option, self.word) = (b"", b"");
        if self.given.has_any(HELP_OR_VERSION) {
            return Ok(if self.given.has_any(HELP) { Request::Help } else { Request::Version });
        }
        if let Some((row, problem)) = contradictions::find(self.given, self.config) {
            self.option = row.name();
            return Err(problem);
        }
        self.run(operand)
    }

    fn run(&mut self, operand: Option<&'static CStr>) -> Result<Request, Problem> {
        if self.config.process.as_init {
            self.option = b"as-init";
            // The word is the command's: it was read only to see that there is one.
            return operand.map(|_| Request::Run { consumed: self.consumed - 1 }).ok_or(Problem::NoCommand);
        }
        self.config.rootfs = Some(operand.ok_or(Problem::NoRootfs)?);
        Ok(Request::Run { consumed: self.consumed })
    }

    /// Reads options, from the word that was read already to the first that is none, and gives that one. Help and
    /// version are answered at once, whatever follows: who asks for help gets it.
    fn options(&mut self, first: &'static CStr) -> Result<Option<&'static CStr>, Problem> {
        let mut word = first;
        loop {
            (self.option, self.word) = (b"", word.to_bytes());
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
        self.word = written;
        let name = written.get(2..).unwrap_or_default();
        let takes = self.find(0, name).ok_or(Problem::UnknownOption)?;
        let value = value.map(|_| from(word, written.len() + 1));
        match (value, takes) {
            (None, Takes::Value) => self.set_to_next(),
            (None, _) => self.set(c""),
            (Some(value), Takes::Value) => self.set(value),
            (Some(value), Takes::OptionalValue) if !value.is_empty() => self.set(value),
            (Some(_), takes) => {
                self.word = b"";
                Err(if takes == Takes::Nothing { Problem::TakesNoValue } else { Problem::Empty })
            }
        }
    }

    /// `-xt`, `-vVALUE`, `-v VALUE`, `-xv VALUE`.
    fn letters(&mut self, word: &'static CStr) -> Result<(), Problem> {
        let mut rest = from(word, 1);
        while let [letter, ..] = rest.to_bytes() {
            let Some(takes) = self.find(*letter, b"") else {
                (self.option, self.word) = (slice::from_ref(letter), b"");
                return Err(Problem::UnknownOption);
            };
            rest = from(rest, 1);
            if takes == Takes::Value {
                return if rest.is_empty() { self.set_to_next() } else { self.set(rest) };
            }
            self.set(c"")?;
        }
        Ok(())
    }

    /// Finds the option that was written: by the letter, or by the name where that is 0. It is noted as given.
    #[inline(never)]
    fn find(&mut self, letter: u8, name: &[u8]) -> Option<Takes> {
        let index = if letter == 0 { position(NAMES, name) } else { LETTERS.iter().position(|other| *other == letter) };
        self.row = Row(index?);
        // Behind the last name an empty one is found.
        let takes = self.row.takes()?;
        self.given.note(self.row.0);
        self.option = self.row.name();
        Some(takes)
    }

    #[inline(never)]
    fn set_to_next(&mut self) -> Result<(), Problem> {
        self.word = b"";
        let value = self.next().ok_or(Problem::NeedsValue)?;
        self.set(value)
    }

    #[inline(never)]
    fn set(&mut self, value: &'static CStr) -> Result<(), Problem> {
        self.word = value.to_bytes();
        SETS.get(self.row.0).map_or(Ok(()), |set| set(self.config, value))
    }
}

/// The word from this byte on; empty beyond its end. An index that is known to be good, and not a part of its bytes in
/// which the NUL would have to be searched for: that takes half a KiB.
#[inline(never)]
fn from(word: &'static CStr, start: usize) -> &'static CStr {
    if start < word.to_bytes_with_nul().len() { word.index(start..) } else { c"" }
}

#[cfg(test)]
mod tests;
