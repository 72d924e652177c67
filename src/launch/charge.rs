//! Whom O looks after.

use crate::init;
use crate::sys::Result;
use crate::sys::children::{self, Ended};
use crate::sys::process::{Pid, PidFd};
use crate::sys::signal::{self, Signal};

/// See the module.
pub(super) enum Charge {
    /// I, and through it the container.
    Init(PidFd),
    /// `--as-init`: the command itself, and every orphan below it.
    Command {
        /// Its number, which is its own until it is reaped.
        pid: Pid,
        /// Signals are for its whole process group.
        group: bool,
    },
}

impl Charge {
    /// Passes a signal on. A failure means that it has just ended, and SIGCHLD comes next.
    pub(super) fn send(&self, signal: Signal) {
        let _ = match self {
            Self::Init(init) => signal::send(init, signal),
            Self::Command { pid, group: true } => signal::send_to_group(*pid, signal),
            Self::Command { pid, group: false } => signal::send_to_child(*pid, signal),
        };
    }

    /// Takes it, if it has ended. Children that were not engine's own are left alone, unless engine is to be their init.
    pub(super) fn reap(&self) -> Result<Option<Ended>> {
        match self {
            Self::Init(init) => children::reap(Some(init.pid())),
            Self::Command { pid, .. } => init::reap_all(*pid),
        }
    }
}
