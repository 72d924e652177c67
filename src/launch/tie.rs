//! `--die-with-parent`.

use crate::config::Config;
use crate::error::{At, Error, OWN_FAILURE, Object, Place, Step};
use crate::sys::process;
use crate::sys::signal::{self, Signal};

/// What O is sent when its parent ends, where O has something to put in order then. Nobody else sends it: it belongs
/// to a coprocessor of the 1980s.
const PARENT_ENDED: Signal = signal::STKFLT;

/// Whether O is to hear of the end of its parent. Else the kernel kills it, which no state that O is in can delay.
const fn is_told(config: &Config) -> bool {
    config.process.die_with_parent && (config.process.tty || config.process.as_init)
}

/// Whether this says that O's parent has ended, and that O is to end.
pub(super) fn is_over(config: &Config, signal: Signal) -> bool {
    signal == PARENT_ENDED && is_told(config)
}

/// Ties O to its parent, where that is asked for. On entry signals are blocked.
pub(super) fn to_parent(config: &Config) -> Result<(), Error> {
    if !config.process.die_with_parent {
        return Ok(());
    }
    let parent = process::parent();
    let signal = if is_told(config) { PARENT_ENDED } else { signal::KILL };
    process::signal_at_parents_end(signal).at(Step::TieToParent, Object::Place(Place::Engine))?;
    if process::parent() != parent {
        // It has ended in between.
        process::exit(OWN_FAILURE);
    }
    Ok(())
}
