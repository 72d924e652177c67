//! How the command's process lives and ends, and who is told of it.

use core::ffi::CStr;
use heapless::Vec;

/// How many `--preserve-fd` a command line may hold.
pub const PRESERVED_MAX: usize = 64;

/// `--timeout`, `--preserve-fd`, `--no-init`, …
pub struct Process {
    /// `-t`.
    pub tty: bool,
    /// `--timeout`, in milliseconds; 0 where there is none.
    pub timeout: u64,
    /// `--kill-after`, in milliseconds; 0 where there is none.
    pub kill_after: u64,
    /// `--grace`, in milliseconds; 0 where there is none.
    pub grace: u64,
    /// `--die-with-parent`.
    pub die_with_parent: bool,
    /// `--new-session`.
    pub new_session: bool,
    /// `--no-init`.
    pub no_init: bool,
    /// `--as-init`.
    pub as_init: bool,
    /// `--group`.
    pub group: bool,
    /// `--status-fd N`.
    pub status_fd: Option<i32>,
    /// `--pid-file FILE`.
    pub pid_file: Option<&'static CStr>,
    /// `--preserve-fd N`, repeatable; those above 2.
    pub preserved: Vec<i32, PRESERVED_MAX>,
}

impl Process {
    /// Whether the caller's terminal is not the command's.
    #[must_use]
    pub fn has_own_session(&self) -> bool {
        self.tty || self.new_session
    }

    /// Whether O is to hear of what happens as it happens.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.tty || self.start_is_told()
    }

    /// Whether somebody outside wants to know when the command has started.
    #[must_use]
    pub fn start_is_told(&self) -> bool {
        self.status_fd.is_some() || self.pid_file.is_some()
    }
}
