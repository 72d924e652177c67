//! What a run came to, and what is to be said of it. Every failure tells the whole story.

use super::{host, wait_within};
use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

/// How long the kernel may take to end what was killed, on a machine that is busy.
const SOON: Duration = Duration::from_secs(10);

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// By itself, with this status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
}

impl From<ExitStatus> for End {
    fn from(status: ExitStatus) -> Self {
        status.signal().map_or_else(|| Self::Exit(status.code().unwrap()), Self::Signal)
    }
}

/// A run that has ended.
pub(crate) struct Outcome {
    /// The whole command line, for the report.
    pub(crate) what: String,
    pub(crate) end: End,
    /// The kernel says that it left a core file.
    pub(crate) dumped_core: bool,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) took: Duration,
    pub(crate) mark: String,
}

impl Outcome {
    /// Fails with the whole story.
    #[track_caller]
    pub(crate) fn fail(&self, complaint: &str) -> ! {
        let mut text =
            format!("{complaint}\n  command: {}\n  ended:   {:?} after {:?}", self.what, self.end, self.took);
        for (name, bytes) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(8192)]);
            write!(text, "\n  {name}:  {} bytes", bytes.len()).unwrap();
            for line in shown.lines() {
                write!(text, "\n    | {line}").unwrap();
            }
        }
        panic!("{text}")
    }

    /// Fails with the whole story unless it holds.
    #[track_caller]
    pub(crate) fn must(&self, holds: bool, complaint: &str) -> &Self {
        if !holds {
            self.fail(complaint);
        }
        self
    }

    #[track_caller]
    pub(crate) fn ends(&self, end: End) -> &Self {
        self.must(self.end == end, &format!("it should have ended as {end:?}"))
    }

    #[track_caller]
    pub(crate) fn exits(&self, status: i32) -> &Self {
        self.ends(End::Exit(status))
    }

    #[track_caller]
    pub(crate) fn dies_of(&self, signal: i32) -> &Self {
        self.ends(End::Signal(signal))
    }

    /// Standard output as text, without the newline at its end.
    pub(crate) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.stdout).into_owned();
        text.strip_suffix('\n').map_or(text.clone(), str::to_owned)
    }

    pub(crate) fn error_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    #[track_caller]
    pub(crate) fn prints(&self, text: &str) -> &Self {
        self.must(self.text() == text, &format!("standard output should have been {text:?}"))
    }

    #[track_caller]
    pub(crate) fn silent_on_stderr(&self) -> &Self {
        self.must(self.stderr.is_empty(), "nothing should have been on standard error")
    }

    /// A failure of engine's own, in its form: this status, one line `engine: cannot …` that holds the object as the
    /// user wrote it and ends in the errno's name, and at most one hint.
    #[track_caller]
    pub(crate) fn fails(&self, status: i32, object: &str, errno: &str) -> &Self {
        self.one_line(status);
        let text = self.error_text();
        let line = text.lines().next().unwrap_or_default();
        self.must(line.starts_with("engine: cannot "), "the line should have begun with \"engine: cannot \"");
        self.must(line.contains(object), &format!("the line should have named {object:?}"));
        self.must(line.ends_with(&format!("({errno})")), &format!("the line should have ended in ({errno})"))
    }

    /// A usage error: 125, one line `engine: …` that names what is wrong, and where to find help.
    #[track_caller]
    pub(crate) fn misuses(&self, word: &str) -> &Self {
        self.exits(125);
        let text = self.error_text();
        let lines: Vec<_> = text.lines().collect();
        self.must(lines.len() == 2, "a usage error has two lines");
        self.must(lines[0].starts_with("engine: "), "the first line should have begun with \"engine: \"");
        self.must(lines[0].contains(word), &format!("the first line should have named {word:?}"));
        self.must(lines[1] == "try 'engine --help'", "the second line should have been \"try 'engine --help'\"")
    }

    /// This status, nothing on standard output, one `engine:` line and at most one hint on standard error.
    #[track_caller]
    pub(crate) fn one_line(&self, status: i32) -> &Self {
        self.exits(status);
        self.must(self.stdout.is_empty(), "nothing should have been on standard output");
        let text = self.error_text();
        let mut lines = text.lines();
        self.must(text.ends_with('\n'), "standard error should have ended in a newline");
        self.must(
            lines.next().is_some_and(|line| line.starts_with("engine: ")),
            "there should have been a line of engine",
        );
        self.must(
            lines.next().is_none_or(|line| line.starts_with("engine: hint: ")),
            "a second line can only be a hint",
        );
        self.must(lines.next().is_none(), "there should have been at most two lines")
    }

    /// Nothing of the run lives any more, at this very moment.
    #[track_caller]
    pub(crate) fn left_nothing(&self) -> &Self {
        let left = host::marked(&self.mark);
        if !left.is_empty() {
            host::kill(&self.mark);
        }
        self.must(left.is_empty(), &format!("processes were left: {left:?}"))
    }

    /// Nothing of the run lives any more, soon. For runs whose engine was killed.
    #[track_caller]
    pub(crate) fn leaves_nothing(&self) -> &Self {
        if wait_within(SOON, || host::marked(&self.mark).is_empty().then_some(())).is_none() {
            return self.left_nothing();
        }
        self
    }
}
