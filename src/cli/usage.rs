//! What is wrong with a command line, and how that is said.

use crate::config::Text;
use crate::error::TRY_HELP;
use crate::words;

/// The ways to call engine: what follows the complaint where there is no argument at all, and what help begins with.
pub(super) const SYNOPSIS: &str = "\
usage: engine [options] [--] <rootfs> [command [args...]]
       engine --as-init [options] [--] <command> [args...]
       engine --version | --help
";

macro_rules! problems {
    ($($name:ident => $text:literal,)*) => {
        /// What is wrong.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Problem { $(#[doc = $text] $name,)* }

        impl Problem {
            /// The words for it.
            #[must_use]
            pub fn text(self) -> &'static str {
                words::line(concat!($($text, "\n",)*), self as usize)
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
    UnknownLetter => "unknown option -",
    NeedsValue => "needs a value: ",
    TakesNoValue => "takes no value",
    // About its value.
    Empty => "must not be empty",
    NotANumber => "not a plain decimal number",
    NotASize => "not a size: digits, then k, m, g or nothing",
    NotADuration => "not a duration: digits, then ms, s, m, h or nothing",
    NotCpus => "not a number of processors, such as 2 or 1.5 (three decimals at most)",
    NotOctal => "mode= takes an octal number up to 7777",
    TooLarge => "too large",
    Zero => "must be more than 0",
    NotAbsolute => "must begin with a slash",
    NoVolumeSource => "the path on the host is missing",
    VolumeTargetNotAbsolute => "the path inside must begin with a slash",
    UnknownVolumeOption => "unknown volume option; there are ro rw exec noexec suid nosuid dev nodev norec optional",
    UnknownTmpfsOption => "unknown tmpfs option; there are size= mode= ro rw exec noexec nosuid nodev",
    NotProc => "must be auto, new, bind or none",
    NotSys => "must be auto or none",
    NotUserns => "must be root, keep-id, auto or host",
    NotNet => "must be host, none or a path with a slash in it",
    NotShare => "must be ipc, uts or cgroup, or several with commas between",
    NotAUser => "must be USER or USER:GROUP",
    NotAMap => "must be IN:OUT:COUNT, three plain decimal numbers",
    MapTooLarge => "goes beyond the last id, 4294967294",
    MapOverlaps => "overlaps an earlier one",
    HostnameTooLong => "longer than 64 bytes",
    NoVariableName => "the variable's name is missing",
    UnknownCapability => "no such capability",
    UnknownUlimit => "no such limit",
    NotAUlimit => "must be NAME=SOFT or NAME=SOFT:HARD, in numbers or unlimited",
    SoftAboveHard => "the soft limit is above the hard one",
    // More than fits. The numbers are those of the capacities in config.rs; a test holds them to it.
    MoreMounts => "more than 512 mounts",
    MoreMapLines => "more than 340 lines",
    MoreEnvEdits => "more than 512 changes to the environment",
    MorePreserved => "more than 64 descriptors",
    MoreLandlockRules => "more than 64 Landlock rules",
    MoreUlimits => "more than 16 limits",
    MoreCapabilityEdits => "more than 64 changes to the capabilities",
    // What does not go together.
    WithAsInit => "cannot be combined with --as-init",
    WithUpper => "cannot be combined with --upper",
    WithUserns => "cannot be combined with --userns keep-id, auto or host",
    WithSharedUts => "cannot be combined with --share uts: it would rename the host",
    WithNoInit => "cannot be combined with --no-init: without an init nothing outlives the command",
    WithoutOverlay => "needs -x (--ephemeral) or --upper",
    WithoutTimeout => "needs --timeout",
    WithoutAsInit => "needs --as-init",
}

impl Problem {
    /// Whether the line is clear without the value: it is about the option, or the value is too long to be read.
    fn hides_value(self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::HostnameTooLong
                | Self::MoreMounts
                | Self::MoreMapLines
                | Self::MoreEnvEdits
                | Self::MorePreserved
                | Self::MoreLandlockRules
                | Self::MoreUlimits
                | Self::MoreCapabilityEdits
        )
    }
}

/// What a problem is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Subject {
    /// The long name of the option, without dashes; empty where it is about none.
    pub(super) option: Text,
    /// The word or the value, as the user wrote it; empty where there is none.
    pub(super) word: Text,
    /// What ends the line: the letter that is unknown, or what the value should look like.
    pub(super) tail: Text,
}

/// A command line that engine does not understand. Status 125.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage {
    subject: Subject,
    problem: Problem,
}

impl Usage {
    pub(super) fn new(subject: Subject, problem: Problem) -> Self {
        Self { subject, problem }
    }

    /// The long name of the option that it is about, without dashes; empty where it is about none.
    #[must_use]
    pub fn option(&self) -> Text {
        self.subject.option
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> Problem {
        self.problem
    }

    /// What to write to standard error, in order: `engine: --hostname: longer than 64 bytes` and the line below it, both
    /// with their ends. Some pieces may be empty.
    #[must_use]
    pub fn pieces(&self) -> [&'static [u8]; 10] {
        let colon = |text: &[u8]| -> &'static [u8] { if text.is_empty() { b"" } else { b": " } };
        let Subject { option, word, tail } = self.subject;
        let word = if self.problem.hides_value() { b"" } else { word };
        let dashes: &[u8] = if option.is_empty() { b"" } else { b"--" };
        let below = if self.problem == Problem::NoArguments { SYNOPSIS } else { TRY_HELP };
        [
            b"engine: ",
            dashes,
            option,
            colon(option),
            word,
            colon(word),
            self.problem.text().as_bytes(),
            tail,
            b"\n",
            below.as_bytes(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::*;

    fn said(option: Text, word: Text, problem: Problem, tail: Text) -> String {
        String::from_utf8(Usage::new(Subject { option, word, tail }, problem).pieces().concat()).unwrap()
    }

    #[test]
    fn the_line_names_option_value_and_problem() {
        assert_eq!(
            said(b"memory", b"12q", Problem::NotASize, b""),
            "engine: --memory: 12q: not a size: digits, then k, m, g or nothing\ntry 'engine --help'\n"
        );
        assert_eq!(
            said(b"upper", b"", Problem::NeedsValue, b"DIR"),
            "engine: --upper: needs a value: DIR\ntry 'engine --help'\n"
        );
    }

    #[test]
    fn a_value_that_cannot_be_read_is_left_out() {
        assert_eq!(
            said(b"hostname", &[b'a'; 65], Problem::HostnameTooLong, b""),
            "engine: --hostname: longer than 64 bytes\ntry 'engine --help'\n"
        );
        assert_eq!(
            said(b"hostname", b"", Problem::Empty, b""),
            "engine: --hostname: must not be empty\ntry 'engine --help'\n"
        );
    }

    #[test]
    fn a_word_that_is_no_option_stands_alone() {
        assert_eq!(
            said(b"", b"--colour", Problem::UnknownOption, b""),
            "engine: --colour: unknown option\ntry 'engine --help'\n"
        );
        assert_eq!(
            said(b"", b"", Problem::NoRootfs, b""),
            "engine: a root filesystem is needed\ntry 'engine --help'\n"
        );
    }

    #[test]
    fn without_arguments_the_ways_to_call_it_follow() {
        let text = said(b"", b"", Problem::NoArguments, b"");
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
            (Problem::MorePreserved, PRESERVED_MAX),
            (Problem::MoreLandlockRules, LANDLOCK_RULES_MAX),
            (Problem::MoreUlimits, ULIMITS_MAX),
            (Problem::MoreCapabilityEdits, CAPABILITY_EDITS_MAX),
        ] {
            assert!(problem.text().starts_with(&format!("more than {capacity} ")), "{}", problem.text());
        }
    }

    #[test]
    fn every_problem_has_a_text_of_one_line() {
        for problem in Problem::EVERY {
            assert!(!problem.text().is_empty() && !problem.text().contains('\n'), "{problem:?}");
        }
    }
}
