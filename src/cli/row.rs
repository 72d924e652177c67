//! What a row of the table of options says.

use super::options::{SCOPES, WORDS};
use super::values::part;
use crate::config::Text;
use crate::words;

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
    pub(super) fn title(self) -> &'static str {
        const TITLES: &str = "Files\nIdentity and environment\nNamespaces\nProcess\nPrivileges and limits\nDiagnosis\n";
        words::line(TITLES, self as usize)
    }
}

/// What an option is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Scope {
    /// A container: it means nothing with `--as-init`.
    Container,
    /// A command, whoever made the container around it.
    Command,
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

/// How many options there are.
pub(super) const COUNT: usize = SCOPES.len();

/// One option.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// Long name, how its value is written, help, and letter, with tabs between.
    pub(super) words: Text,
}

/// What stands in this column of a row: name, value, help or letter.
#[inline(never)]
pub(super) fn column(words: Text, number: usize) -> Text {
    let mut rest = Some(words);
    for _ in 0..number {
        part(&mut rest, b'\t');
    }
    part(&mut rest, b'\t').unwrap_or_default()
}

/// The rows of the table, from the first.
pub(super) struct Rows(Option<Text>);

/// Every option, in the order of the help text.
pub(super) fn rows() -> Rows {
    Rows(Some(WORDS))
}

impl Iterator for Rows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        // Behind the last row an empty text is left.
        let words = part(&mut self.0, 0)?;
        if words.is_empty() { None } else { Some(Row { words }) }
    }
}

impl Row {
    /// The long name without its dashes.
    pub(super) fn name(self) -> Text {
        column(self.words, 0)
    }

    /// The same as a text that a test can print.
    #[cfg(test)]
    pub(super) fn name_text(self) -> &'static str {
        str::from_utf8(self.name()).unwrap()
    }

    /// The single letter, or 0.
    pub(super) fn letter(self) -> u8 {
        match self.words {
            [.., b'0'] | [] => 0,
            [.., letter] => *letter,
        }
    }

    /// How its value is written; empty for a flag, in brackets where it may be left out.
    pub(super) fn value(self) -> Text {
        column(self.words, 1)
    }

    /// What it does, in lines of help.
    pub(super) fn help(self) -> Text {
        column(self.words, 2)
    }

    pub(super) fn takes(self) -> Takes {
        match self.value() {
            [] => Takes::Nothing,
            [b'[', ..] => Takes::OptionalValue,
            _ => Takes::Value,
        }
    }
}
