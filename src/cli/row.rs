//! What a row of the table of options says.

use super::options::{LETTERS, NAMES, SECTIONS, TAKES, TEXTS};
use super::usage::SYNOPSIS;
use crate::config::Text;
use crate::words::{Line, Table, word};

/// The headings of the help text.
pub(super) const TITLES: Table =
    Table::after(&SYNOPSIS, "Files\0Identity and environment\0Namespaces\0Process\0Privileges and limits\0Diagnosis\0");

/// A heading of the help text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Section {
    Files,
    Identity,
    Namespaces,
    Process,
    Privileges,
    Diagnosis,
}

impl Section {
    /// The words of the heading.
    pub(super) fn title(self) -> Line {
        TITLES.line(self as usize)
    }
}

/// What an option wants behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Takes {
    /// It is a flag.
    Nothing,
    /// The rest of the word, or the next word.
    Value,
    /// A value by `=` or none; never the next word.
    OptionalValue,
}

impl Takes {
    /// What an option takes whose value is written like this: nothing, or in brackets where it may be left out.
    pub(super) const fn of(value: &str) -> Self {
        match value.as_bytes() {
            [] => Self::Nothing,
            [b'[', ..] => Self::OptionalValue,
            _ => Self::Value,
        }
    }
}

/// How many options there are.
pub(super) const COUNT: usize = SECTIONS.len();

/// One option, by its place in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Row(pub(super) usize);

/// Every option, in the order of the help text.
pub(super) fn rows() -> impl Iterator<Item = Row> {
    (0..COUNT).map(Row)
}

impl Row {
    /// The long name without its dashes.
    pub(super) fn name(self) -> Text {
        word(NAMES, b' ', self.0)
    }

    /// The same as a text that a test can print.
    #[cfg(test)]
    pub(super) fn name_text(self) -> &'static str {
        str::from_utf8(self.name()).unwrap()
    }

    /// The single letter, or 0.
    pub(super) fn letter(self) -> u8 {
        LETTERS.get(self.0).copied().unwrap_or_default()
    }

    /// How its value is written; empty for a flag, in brackets where it may be left out.
    pub(super) fn value(self) -> Line {
        TEXTS.line(2 * self.0)
    }

    /// What it does, in lines of help.
    pub(super) fn help(self) -> Line {
        TEXTS.line(2 * self.0 + 1)
    }

    pub(super) fn takes(self) -> Option<Takes> {
        TAKES.get(self.0).copied()
    }
}
