//! The caller's terminal, where the container shares it: a shell inside takes the foreground for itself and its jobs.

use crate::error::Errno;
use crate::sys::fd::Dir;
use crate::sys::file;
use crate::sys::signal::{self, Set};
use crate::sys::terminal;

/// Where the group in the foreground is gone, hands the foreground back to O's group, that is to whatever the caller has
/// started in it. The foreground of somebody who lives is left alone: the shell, if this is a job in the background.
pub(super) fn restore() {
    // Without a controlling terminal there is none to be restored.
    let Ok(terminal) = file::open_read_write(Dir::Here, c"/dev/tty") else { return };
    let number = terminal.number();
    if let Ok(group) = terminal::foreground_group(number)
        && signal::send_to(group.wrapping_neg(), 0) == Err(Errno::SRCH)
    {
        // From the background this would stop O. The mask stays: all that is left to do is to end.
        let _ = signal::set_mask(Set::all_but(&[]));
        // There is nothing to be done about a failure: the terminal is gone, or the shell sees to it.
        let _ = terminal::set_foreground_group(number, terminal::own_group());
    }
    terminal.close();
}
