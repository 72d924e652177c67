//! `--as-init`: O is the init of a container that something else made, or of any tree of processes.

use super::attend::BLOCKED;
use super::journal::Journal;
use super::outcome::Outcome;
use super::{foreground, stdio};
use crate::command;
use crate::error::{At, Error, Object, Place, Step};
use crate::handover::Handover;
use crate::serve::{self, Charge};
use crate::sys::fd::Fd;
use crate::sys::file;
use crate::sys::poll::Waiting;
use crate::sys::process::{self, Namespaces};
use crate::sys::signal::{self, Set};

/// Starts the command and looks after it and every orphan below it, to the command's end.
pub(super) fn run(handover: &Handover, mut journal: Journal, outcome: &mut Option<Outcome>) -> Result<(), Error> {
    let config = handover.config;
    let engine = Object::Place(Place::Engine);
    // To PID 1 they come anyway.
    process::adopt_orphans().at(Step::SetUp, engine)?;
    // While the command shares O's memory, nothing may stop either.
    signal::set_mask(Set::all_but(&[])).at(Step::PrepareSignals, engine)?;
    let signals = signal::descriptor(BLOCKED).at(Step::PrepareSignals, engine)?;
    let started = command::start(handover, Namespaces::default(), |_| true);
    let started = started.at(Step::StartCommand, Object::Place(Place::Command))?;
    if let Some(error) = started.failure {
        return Err(error);
    }
    let target = if config.process.group { -started.pid } else { started.pid };
    if let Err(error) = journal.started(started.pid, config) {
        // Nobody looks after it any more.
        let _ = signal::send_to(target, signal::KILL);
        return Err(error);
    }
    signal::set_mask(BLOCKED).at(Step::PrepareSignals, engine)?;
    stdio::let_go(config);
    // The command has a working directory of its own by now. A failure leaves the caller's busy, and does nothing else.
    let _ = file::change_directory(c"/");
    process::release_stack();
    let charge = Charge { command: started.pid, target, everyone: target };
    serve::serve(config, charge, &signals, Waiting::to_read(&Fd::NONE), &mut |record| {
        *outcome = Outcome::from_record(record);
    })?;
    foreground::restore();
    Ok(())
}
