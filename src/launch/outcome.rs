//! How a run ended, and how O ends then.

use super::limit::Stage;
use super::say;
use crate::config::Config;
use crate::error::{Error, OWN_FAILURE};
use crate::sys::children::{Ending, Usage};
use crate::sys::process;
use crate::sys::signal::{self, Signal};

/// How a run ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The command ran and ended.
    Ended(Ending, Account),
    /// It was out of time.
    TimedOut(Stage, Account),
    /// It did not run; this is why.
    Failed(Error),
    /// I was killed, and everything with it.
    InitKilled(Signal),
}

/// What a run took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    /// Nanoseconds.
    pub(super) wall: u64,
    pub(super) usage: Usage,
}

impl Outcome {
    /// Ends O the way the command ended, or as a failure of engine's own.
    pub(super) fn end(self, config: &Config) -> ! {
        match self {
            Self::Ended(Ending::Exited(status), _) => process::exit(status),
            Self::Ended(Ending::Killed(signal), _) => {
                signal::raise(signal);
                // The signal did not end O: a shell would say this of one that it did end.
                process::exit(128_u8.saturating_add(signal as u8))
            }
            Self::TimedOut(stage, _) => process::exit(stage.exit_status()),
            Self::Failed(error) => say::failure(&error, config),
            Self::InitKilled(signal) => {
                say::init_killed(signal);
                process::exit(OWN_FAILURE)
            }
        }
    }
}
