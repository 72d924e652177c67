//! How the command lives and ends.

use core::ffi::CStr;
use heapless::Vec;

/// How many descriptors `--preserve-fd` may name.
pub const PRESERVED_MAX: usize = 64;

/// How the command lives and ends. Durations are in milliseconds.
pub struct Process {
    /// `-t`.
    pub tty: bool,
    /// `--timeout`.
    pub timeout: Option<u64>,
    /// `--kill-after`.
    pub kill_after: Option<u64>,
    /// `--grace`.
    pub grace: Option<u64>,
    /// `--die-with-parent`.
    pub die_with_parent: bool,
    /// `--preserve-fd`, repeatable; each number once, and none of 0, 1 and 2.
    pub preserved: Vec<i32, PRESERVED_MAX>,
    /// `--new-session`.
    pub new_session: bool,
    /// `--no-init`: the command itself is PID 1.
    pub no_init: bool,
    /// `--status-fd`.
    pub status_fd: Option<i32>,
    /// `--pid-file`.
    pub pid_file: Option<&'static CStr>,
    /// `--as-init`: no container, be the init of one that something else made.
    pub as_init: bool,
    /// `--group`: signals go to the command's whole process group.
    pub group: bool,
}

impl Process {
    /// Nothing asked for: all zeros.
    pub const EMPTY: Self = Self {
        tty: false,
        timeout: None,
        kill_after: None,
        grace: None,
        die_with_parent: false,
        preserved: Vec::new(),
        new_session: false,
        no_init: false,
        status_fd: None,
        pid_file: None,
        as_init: false,
        group: false,
    };

    /// Whether anyone wants to know when the command begins.
    #[must_use]
    pub const fn is_watched(&self) -> bool {
        self.status_fd.is_some() || self.pid_file.is_some()
    }

    /// Whether the command is out of reach of what the caller's terminal sends to the process group that engine is in.
    #[must_use]
    pub const fn is_apart(&self) -> bool {
        self.tty || self.new_session || self.group
    }
}
