//! The caller's terminal, which the container shares: a shell inside takes the foreground for itself and its jobs.

use crate::sys::signal::{self, Set};
use crate::sys::terminal;

/// Where whoever had the foreground is no more, hands it to O's group, that is to whatever the caller has started in it:
/// a shell that is not interactive never takes it back itself. Whoever lives keeps it: if this is a job in the background,
/// that is the shell.
pub(super) fn restore() {
    // Without a terminal there is nothing to restore.
    let Ok(terminal) = terminal::controlling() else { return };
    if terminal::foreground_group(&terminal).is_ok_and(terminal::is_deserted) {
        // From the background this would stop O. The mask stays: all that is left to do is to end. There is nothing to be
        // done about a failure: the terminal has gone meanwhile.
        let _ = signal::set_mask(Set::all_but(&[]));
        let _ = terminal::set_foreground_group(&terminal, terminal::own_group());
    }
}
