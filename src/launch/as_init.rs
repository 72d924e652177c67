//! `--as-init`: O is the init of a container that something else made, or of any tree of processes.

use super::attend::{Attendance, BLOCKED, Charge, Outcome};
use super::stdio;
use crate::command::{self, Task};
use crate::error::{At, Error, Object, Place, Step};
use crate::handover::Handover;
use crate::init::remains;
use crate::sys::process::{self, Namespaces};
use crate::sys::signal::{self, Set};

/// Starts the command and looks after it and every orphan below it, to the command's end.
pub(super) fn run(handover: &Handover, attendance: &mut Attendance) -> Result<Outcome, Error> {
    let process = &handover.config.process;
    let (engine, command) = (Object::Place(Place::Engine), Object::Place(Place::Command));
    process::adopt_orphans().at(Step::AdoptOrphans, engine)?;
    // While the command shares O's memory, nothing may stop either.
    signal::set_mask(Set::all_but(&[])).at(Step::PrepareSignals, engine)?;
    let task = Task { handover, terminal: None };
    let spawned = command::start(&task, Namespaces::default(), |_| true).at(Step::StartCommand, command)?;
    if let Some(error) = spawned.failure {
        return Err(error);
    }
    signal::set_mask(BLOCKED).at(Step::PrepareSignals, engine)?;
    attendance.start(spawned.pid)?;
    stdio::let_go(handover.config);
    process::release_stack();
    let signals = signal::descriptor(BLOCKED).at(Step::PrepareSignals, engine)?;
    let charge = Charge::Command { pid: spawned.pid, target: if process.group { -spawned.pid } else { spawned.pid } };
    let outcome = attendance.attend(&charge, &signals)?;
    process.grace.map_or(Ok(()), |time| remains::finish(time, &signals, None))?;
    Ok(outcome)
}
