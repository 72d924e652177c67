//! `--as-init`: O is the init of a container that something else made, or of any tree of processes.

use super::attend::{Attendance, BLOCKED};
use super::charge::Charge;
use super::outcome::Outcome;
use super::stdio;
use crate::command;
use crate::error::{At, Error, Object, Place, Step};
use crate::handover::Handover;
use crate::init::remains::{self, Whose};
use crate::sys::process::{self, Namespaces};
use crate::sys::signal::{self, Set};

/// Starts the command and looks after it and every orphan below it, to the command's end.
pub(super) fn run(handover: Handover, attendance: &mut Attendance) -> Result<Outcome, Error> {
    let config = handover.config;
    let (engine, command) = (Object::Place(Place::Engine), Object::Place(Place::Command));
    let is_first = process::own_pid() == 1;
    if !is_first {
        process::adopt_orphans().at(Step::AdoptOrphans, engine)?;
    }
    // While the command shares O's memory, nothing may stop either.
    signal::set_mask(Set::all_but(&[])).at(Step::PrepareSignals, engine)?;
    let pid = command::start(&handover, Namespaces::default(), |_| true).at(Step::StartCommand, command)?;
    signal::set_mask(BLOCKED).at(Step::PrepareSignals, engine)?;
    handover.reports.close();
    stdio::let_go(config);
    process::release_stack();
    let charge = Charge::Command { pid, group: config.process.group };
    let signals = signal::descriptor(BLOCKED).at(Step::PrepareSignals, engine)?;
    let outcome = attendance.attend(&charge)?;
    let whose = if is_first { Whose::Everyone } else { Whose::Children };
    remains::finish(whose, config.process.grace, &signals, None)?;
    Ok(outcome)
}
