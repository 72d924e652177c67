//! What is wrong with a command line, and how that is said.

use super::row::Row;
use crate::config::Text;
use crate::error::{self, TRY_HELP};
use crate::words::{Line, Table, Texts};

/// The ways to call engine: what follows the complaint where there is no argument at all, and what help begins with.
pub(super) const SYNOPSIS: Table = Table::after(
    &Problem::TEXTS,
    "\
usage: engine [options] [--] <rootfs> [command [args...]]
       engine --as-init [options] [--] <command> [args...]
       engine --version | --help
\0",
);

macro_rules! problems {
    ($($name:ident => $text:literal,)*) => {
        /// What is wrong. As wide as the numbers that are read, so that a number or a problem is given in registers.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u64)]
        pub enum Problem { $(#[doc = $text] $name,)* }

        impl Problem {
            const TEXTS: Table = Table::after(&error::TEXTS, concat!($($text, "\0",)*));

            /// The words for it.
            #[must_use]
            pub fn text(self) -> Line {
                Self::TEXTS.line(self as usize)
            }

            #[cfg(test)]
            pub(super) const EVERY: &[Self] = &[$(Self::$name,)*];
        }
    };
}

problems! {
    // About the command line as a whole.
    NoArguments => "a root filesystem is needed",
    NoRootfs => "a root filesystem is needed",
    NoCommand => "needs a command",
    // About an option.
    UnknownOption => "unknown option",
    TakesNoValue => "takes no value",
    NeedsValue => "needs a value: ",
    // About its value.
    NotOfForm => "must be ",
    NotANumber => "must be a plain number",
    NotASize => "must be digits and k, m, g or nothing",
    NotADuration => "must be digits and ms, s, m, h or nothing",
    NotCpus => "must be as 2 or 1.125",
    NotOctal => "mode= must be octal, up to 7777",
    TooLarge => "too large",
    Zero => "must be more than 0",
    NotAbsolute => "must begin with a slash",
    NoVolumeSource => "the host's path is missing",
    VolumeTargetNotAbsolute => "the path inside must begin with a slash",
    UnknownVolumeOption => "unknown volume option",
    UnknownTmpfsOption => "unknown tmpfs option",
    NotNet => "must be host, none or a path with a slash",
    NotShare => "must be of ipc,uts,cgroup",
    MapTooLarge => "goes beyond the last id, 4294967294",
    MapOverlaps => "overlaps an earlier one",
    NoVariableName => "the name is missing",
    UnknownCapability => "unknown capability",
    UnknownUlimit => "unknown limit",
    SoftAboveHard => "soft is above hard",
    // Clear without the value, or about one that is too long to be read.
    Empty => "must not be empty",
    HostnameTooLong => "longer than 64 bytes",
    // More than fits. The numbers are those of the capacities in config.rs; a test holds them to it.
    MoreMounts => "more than 512 mounts",
    MoreMapLines => "more than 340 lines",
    MoreEnvEdits => "more than 512 changes",
    MoreUlimits => "more than 16 limits",
    MoreLandlockRules => "more than 64 rules",
    MoreDescriptors => "more than 64 descriptors",
    MoreCapabilityEdits => "more than 64 changes",
    // What does not go together.
    WithUpper => "not with --upper",
    WithUserns => "only with --userns root",
    WithSharedUts => "not with --share uts, which would rename the host",
    WithAsInit => "not with --as-init",
    WithoutAsInit => "needs --as-init",
    WithNoInit => "not with --timeout, --grace or --changes",
    WithoutTimeout => "needs --timeout",
    WithoutOverlay => "needs -x (--ephemeral) or --upper",
}

impl Problem {
    /// Whether the line is clear without the value: it is about the option, or the value is too long to be read.
    fn hides_value(self) -> bool {
        (Self::Empty as u64..=Self::MoreCapabilityEdits as u64).contains(&(self as u64))
    }

    /// Whether how the value is written ends the line.
    fn shows_form(self) -> bool {
        matches!(self, Self::NeedsValue | Self::NotOfForm)
    }
}

/// A command line that engine does not understand. Status 125.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage {
    /// The long name of the option, or a letter; empty where it is about no option.
    option: Text,
    /// The row of the option, where it has one.
    row: Row,
    /// The word or the value, as the user wrote it; empty where there is none.
    word: Text,
    problem: Problem,
}

impl Usage {
    pub(super) fn new(option: Text, row: Row, word: Text, problem: Problem) -> Self {
        Self { option, row, word, problem }
    }

    /// The long name of the option that it is about, without dashes; empty where it is about none.
    #[must_use]
    pub fn option(&self) -> Text {
        self.option
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> Problem {
        self.problem
    }

    /// What to write to standard error, in order: `engine: --hostname: longer than 64 bytes` and the line below it, both
    /// with their ends. Some pieces may be empty.
    #[must_use]
    pub fn pieces(&self, texts: Texts) -> [&'static [u8]; 9] {
        let (option, word) = (self.option, if self.problem.hides_value() { b"" } else { self.word });
        let dashes: &[u8] = match option {
            [] => b"engine: ",
            [_] => b"engine: -",
            _ => b"engine: --",
        };
        [
            dashes,
            option,
            colon(option),
            word,
            colon(word),
            texts.line(self.problem.text()),
            if self.problem.shows_form() { texts.line(self.row.value()) } else { b"" },
            b"\n",
            if self.problem == Problem::NoArguments { texts.line(SYNOPSIS.line(0)) } else { TRY_HELP.as_bytes() },
        ]
    }
}

/// What stands behind a text.
fn colon(text: Text) -> Text {
    if text.is_empty() { b"" } else { b": " }
}

#[cfg(test)]
mod tests {
    use super::super::row::rows;
    use super::*;
    use crate::config::*;
    use crate::texts::texts;

    fn said(option: Text, word: Text, problem: Problem) -> String {
        let row = rows().find(|row| row.name() == option).unwrap_or(Row(0));
        String::from_utf8(Usage::new(option, row, word, problem).pieces(texts()).concat()).unwrap()
    }

    #[test]
    fn the_line_names_option_value_and_problem() {
        assert_eq!(
            said(b"tmpfs", b"12q", Problem::NotASize),
            "engine: --tmpfs: 12q: must be digits and k, m, g or nothing\ntry 'engine --help'\n"
        );
        assert_eq!(
            said(b"upper", b"", Problem::NeedsValue),
            "engine: --upper: needs a value: DIR\ntry 'engine --help'\n"
        );
    }

    #[test]
    fn a_value_that_cannot_be_read_is_left_out() {
        assert_eq!(
            said(b"hostname", &[b'a'; 65], Problem::HostnameTooLong),
            "engine: --hostname: longer than 64 bytes\ntry 'engine --help'\n"
        );
        assert_eq!(
            said(b"hostname", b"", Problem::Empty),
            "engine: --hostname: must not be empty\ntry 'engine --help'\n"
        );
    }

    #[test]
    fn a_word_that_is_no_option_stands_alone() {
        assert_eq!(
            said(b"", b"--colour", Problem::UnknownOption),
            "engine: --colour: unknown option\ntry 'engine --help'\n"
        );
        assert_eq!(said(b"", b"", Problem::NoRootfs), "engine: a root filesystem is needed\ntry 'engine --help'\n");
    }

    #[test]
    fn without_arguments_the_ways_to_call_it_follow() {
        let text = said(b"", b"", Problem::NoArguments);
        assert!(
            text.starts_with("engine: a root filesystem is needed\nusage: engine [options] [--] <rootfs>"),
            "{text}"
        );
        assert!(!text.contains("try '"), "{text}");
    }

    #[test]
    fn numbers_in_the_texts_are_the_capacities() {
        for (problem, capacity) in [
            (Problem::MoreMounts, MOUNTS_MAX),
            (Problem::MoreMapLines, MAP_LINES_MAX),
            (Problem::MoreEnvEdits, ENV_EDITS_MAX),
            (Problem::MoreUlimits, ULIMITS_MAX),
            (Problem::MoreLandlockRules, LANDLOCK_RULES_MAX),
            (Problem::MoreDescriptors, PRESERVED_MAX),
            (Problem::MoreCapabilityEdits, CAPABILITY_EDITS_MAX),
        ] {
            let text = String::from_utf8_lossy(texts().line(problem.text()));
            assert!(text.starts_with(&format!("more than {capacity} ")), "{text}");
        }
    }

    #[test]
    fn every_problem_has_a_text_of_one_line() {
        for problem in Problem::EVERY {
            let text = texts().line(problem.text());
            assert!(!text.is_empty() && !text.contains(&b'\n'), "{problem:?}");
        }
    }
}
