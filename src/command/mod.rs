//! C, from the clone to execve(2): takes back what the caller had, gives up what the command must not have, and
//! becomes the command.

mod environment;
pub mod landlock;
mod limits;
mod lookup;
mod privileges;
mod session;
mod user;
mod workdir;

use crate::config::Words;
use crate::error::{At, Error, Object, Place, Step};
use crate::handover::Handover;
use crate::report::Record;
use crate::sys::fd::{self, Dir};
use crate::sys::file;
use crate::sys::process::{self, Namespaces, Pid};
use crate::sys::signal::{self, Disposition};
use crate::sys::spawn::{self, Spawned};
use user::User;

/// Starts C, as a child of I, and returns once it runs the command, or has ended. `meanwhile` runs in I while C prepares.
///
/// # Errors
/// See clone(2).
pub fn start(
    handover: &Handover,
    namespaces: Namespaces,
    meanwhile: impl FnOnce(Pid) -> bool,
) -> crate::sys::Result<Spawned> {
    spawn::spawn(namespaces, run, handover, meanwhile)
}

/// C's whole life. On entry it is I's child, in I's memory, or with `--no-init` I itself; all signals are blocked. Returns
/// only where the command could not be run; I says so then, since a filter may have taken from C what it would need for that.
pub fn run(handover: &Handover) -> Error {
    match prepare(handover) {
        Ok(environment) => lookup::execute(handover.config, environment),
        Err(error) => error,
    }
}

/// Everything before execve(2), in an order in which no step takes away what a later one needs.
fn prepare(handover: &Handover) -> Result<Words, Error> {
    let command = Object::Place(Place::Command);
    let config = handover.config;
    // While C is root in the container, and may read what is root's.
    let user = user::look_up(config)?;
    let home = user.map(User::home);
    let environment = environment::build(config, handover.environment, handover.env_files, home)?;
    if !config.process.tty {
        refill_stdio(handover.closed_stdio)?;
    }
    limits::apply(config)?;
    landlock::restrict(handover)?;
    // The container that this is in is somebody else's, and so is what may be done there.
    let own_container = !config.process.as_init;
    if own_container {
        privileges::bound(config)?;
    }
    if let Some(user) = user {
        user.assume(handover)?;
    }
    // As the user, who may not be allowed to go there.
    workdir::enter(config)?;
    if own_container {
        privileges::reduce(config)?;
    }
    if handover.child_signal == Disposition::Ignored {
        signal::set_disposition(signal::CHLD, Disposition::Ignored).at(Step::RestoreSignals, command)?;
    }
    session::begin(config).at(Step::StartCommand, command)?;
    if config.process.no_init || config.process.as_init && config.process.die_with_parent {
        // Of I a change of credentials has undone it; with --as-init, what kills O kills the command.
        process::die_with_parent().at(Step::TieToParent, command)?;
        if own_container {
            handover.await_outside()?;
        }
    }
    if own_container && (config.process.start_is_told() || config.process.no_init) {
        handover.report(Record::Starting);
    }
    signal::set_mask(handover.mask).at(Step::RestoreSignals, command)?;
    // Last, since it may deny anything; execve(2) alone comes after it.
    privileges::filter(handover)?;
    Ok(environment)
}

/// What the caller had closed was filled on the host; now it comes from the container.
fn refill_stdio(closed: [bool; 3]) -> Result<(), Error> {
    for ((number, place), closed) in
        (0..).zip([Place::Descriptor0, Place::Descriptor1, Place::Descriptor2].iter()).zip(&closed)
    {
        if *closed {
            let object = Object::Place(*place);
            let null = file::open_read_write(Dir::HERE, c"/dev/null").at(Step::OpenStdio, object)?;
            fd::duplicate_onto(&null, number).at(Step::OpenStdio, object)?;
        }
    }
    Ok(())
}
