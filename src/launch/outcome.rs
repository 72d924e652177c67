//! How a run ended, and how O ends then.

use super::cgroup::Usage;
use super::{journal, say};
use crate::config::Config;
use crate::error::{Error, OWN_FAILURE};
use crate::report::Record;
use crate::sys::process::{self, Ending};
use crate::sys::signal::{self, Signal};

/// How a run ended. Whatever it says is a number of 32 bits, so that it is given in two registers.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The command ran and ended with this wait status.
    Ended(i32),
    /// It had no time left, and this is the status that says so.
    TimedOut(u32),
    /// It did not run; this is why.
    Failed(Error),
    /// I was killed, and everything with it.
    InitKilled(Signal),
}

impl Outcome {
    /// What a record says about the end; `None` where it is about something else.
    pub(super) fn from_record(record: Record) -> Option<Self> {
        match record {
            Record::Failed(error) => Some(Self::Failed(error)),
            Record::Ended(status) => Some(Self::Ended(status)),
            Record::TimedOut(status) => Some(Self::TimedOut(status)),
            _ => None,
        }
    }

    /// Ends O the way the command ended, or as a failure of engine's own. `began`: when the run did; `used`: what it has used,
    /// where it had limits.
    pub(super) fn end(self, config: &Config, began: u64, used: Option<&Usage>) -> ! {
        if let Some(status_fd) = config.process.status_fd {
            journal::ended(status_fd, &self, config, began, used);
        }
        match self {
            Self::TimedOut(status) => process::exit(status as u8),
            Self::Ended(status) => match Ending::from_wait_status(status) {
                Ending::Exited(status) => process::exit(status),
                Ending::Killed(signal) => {
                    signal::raise(signal);
                    // The signal did not end O: a shell would say this of one that it did end.
                    process::exit(128_u8.saturating_add(signal as u8))
                }
            },
            Self::Failed(error) => {
                say::failure(error, config);
                process::exit(error.exit_status())
            }
            Self::InitKilled(signal) => {
                say::init_killed(signal);
                process::exit(OWN_FAILURE)
            }
        }
    }
}
