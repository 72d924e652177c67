//! `--timeout` and `--kill-after`.

use super::charge::Charge;
use crate::config::Process;
use crate::sys::signal;
use crate::sys::time::Deadline;

/// How far a run has come on its way out of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// There is time left.
    Running,
    /// It was asked to end.
    Asked,
    /// It was killed.
    Killed,
}

/// The time that a run has.
pub(super) struct Limit {
    pub(super) stage: Stage,
    due: Deadline,
    kill_after: Option<u64>,
}

impl Limit {
    /// It begins now.
    pub(super) fn new(process: &Process) -> Self {
        Self { stage: Stage::Running, due: Deadline::after(process.timeout), kill_after: process.kill_after }
    }

    /// How many milliseconds are left until something is to be done; `None`: nothing ever is.
    pub(super) fn left(&self) -> Option<u64> {
        self.due.left()
    }

    /// The time is over: the next step.
    pub(super) fn ran_out(&mut self, charge: &Charge) {
        match self.stage {
            Stage::Running => {
                charge.send(signal::TERM);
                // Who is stopped would not notice.
                charge.send(signal::CONT);
                self.stage = Stage::Asked;
                self.due = Deadline::after(self.kill_after);
            }
            Stage::Asked | Stage::Killed => {
                charge.send(signal::KILL);
                self.stage = Stage::Killed;
                self.due = Deadline::NEVER;
            }
        }
    }
}
