//! What a row of the table of options says.

use super::values::{Read, cut};
use crate::config::{Config, Text};
use core::ffi::CStr;

/// A heading of the help text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
        match self {
            Self::Files => "Files",
            Self::Identity => "Identity and environment",
            Self::Namespaces => "Namespaces",
            Self::Process => "Process",
            Self::Privileges => "Privileges and limits",
            Self::Diagnosis => "Diagnosis",
        }
    }
}

/// What an option is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

/// One option.
pub(super) struct Row {
    pub(super) section: Section,
    pub(super) scope: Scope,
    /// The single letter, or 0.
    pub(super) letter: u8,
    /// Long name, how its value is written, and help, with tabs between: one text costs half the room of three.
    pub(super) words: &'static str,
    /// Puts it into the configuration. A flag, and an option without its optional value, is given an empty text.
    pub(super) set: fn(&mut Config, &'static CStr) -> Read<()>,
}

impl Row {
    /// The long name without its dashes.
    pub(super) fn name(&self) -> Text {
        cut(self.words.as_bytes(), b'\t').0
    }

    /// The same as a text that a test can print.
    #[cfg(test)]
    pub(super) fn name_text(&self) -> &'static str {
        self.words.split('\t').next().unwrap()
    }

    /// Whether it is this long name. The compiler asks that too.
    pub(super) const fn is(&self, mut name: &[u8]) -> bool {
        let mut words = self.words.as_bytes();
        while let ([a, words_rest @ ..], [b, name_rest @ ..]) = (words, name) {
            if *a != *b {
                return false;
            }
            (words, name) = (words_rest, name_rest);
        }
        matches!((words, name), ([b'\t', ..], []))
    }

    /// How its value is written; empty for a flag, in brackets where it may be left out.
    pub(super) fn value(&self) -> Text {
        self.behind_name().0
    }

    /// What it does, in lines of help.
    pub(super) fn help(&self) -> Text {
        self.behind_name().1.unwrap_or_default()
    }

    fn behind_name(&self) -> (Text, Option<Text>) {
        cut(cut(self.words.as_bytes(), b'\t').1.unwrap_or_default(), b'\t')
    }

    pub(super) fn takes(&self) -> Takes {
        match self.value() {
            [] => Takes::Nothing,
            [b'[', ..] => Takes::OptionalValue,
            _ => Takes::Value,
        }
    }
}
