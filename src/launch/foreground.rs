//! The caller's terminal, where the container shares it: a shell inside takes the foreground for itself and its jobs.

use crate::config::Config;
use crate::error::Errno;
use crate::sys::fd::{self, Fd};
use crate::sys::process::Pid;
use crate::sys::signal::{self, Set};
use crate::sys::terminal;

/// The terminal in whose foreground O was started, and O's process group.
#[derive(Default)]
pub(super) struct Foreground(Option<(Fd, Pid)>);

impl Foreground {
    /// A command with a session of its own cannot take it.
    pub(super) fn of_caller(config: &Config) -> Self {
        if config.process.tty || config.process.new_session {
            return Self(None);
        }
        let mut terminals = (0..3).filter_map(|number| Some((number, terminal::foreground_group(number).ok()?)));
        let in_front = terminals.next().filter(|(_, group)| *group == terminal::own_group());
        // Without a descriptor left, the foreground is restored by whoever wants it next.
        Self(in_front.and_then(|(number, group)| Some((fd::duplicate(number).ok()?, group))))
    }

    /// Where the container was in the foreground to its end, hands the foreground back to O's group, that is to whatever
    /// the caller has started in it.
    pub(super) fn restore(&self) {
        let Self(Some((terminal, own))) = self else { return };
        let Ok(group) = terminal::foreground_group(terminal.number()) else { return };
        // Somebody who lives may have taken the terminal meanwhile: the shell, if this is a job in the background.
        if group != *own && signal::send_to_group(group, 0) == Err(Errno::SRCH) {
            // From the background this would stop O. The mask stays: all that is left to do is to end.
            let _ = signal::set_mask(Set::all_but(&[]));
            // There is nothing to be done about a failure: the terminal is gone, or the shell sees to it.
            let _ = terminal::set_foreground_group(terminal.number(), *own);
        }
    }
}
