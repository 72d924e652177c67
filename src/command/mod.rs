//! C, from the clone to execve(2): takes back what the caller had, gives up what the command must not have, and
//! becomes the command.

mod environment;
mod lookup;
mod session;

use crate::config::Words;
use crate::error::{At, Error, Object, Place, Step};
use crate::handover::Handover;
use crate::report::Record;
use crate::sys::fd::{self, Dir};
use crate::sys::process::{self, Namespaces, Pid};
use crate::sys::signal::{self, Disposition};
use crate::sys::{file, identity};

/// Starts C, as a child of I, and returns once it runs the command, or has ended. `meanwhile` runs in I while C prepares.
///
/// # Errors
/// See clone(2).
pub fn start(
    handover: &Handover,
    namespaces: Namespaces,
    meanwhile: impl FnOnce(Pid) -> bool,
) -> crate::sys::Result<Pid> {
    process::spawn(namespaces, run, handover, meanwhile)
}

/// C's whole life. On entry it is I's child, in I's memory, with all signals blocked; or it is I, with `--no-init`.
pub fn run(handover: &Handover) -> ! {
    let error = match prepare(handover) {
        Ok(environment) => {
            if handover.is_watched() {
                handover.report(Record::Executing);
            }
            lookup::execute(handover.config, environment)
        }
        Err(error) => error,
    };
    handover.fail(error);
    process::exit(error.exit_status())
}

/// Everything before execve(2), in an order in which no step takes away what a later one needs.
fn prepare(handover: &Handover) -> Result<Words, Error> {
    let command = Object::Place(Place::Command);
    let environment = environment::build(handover.config, handover.environment)?;
    if !session::begin(handover)? {
        refill_stdio(handover.closed_stdio)?;
    }
    if !handover.config.process.as_init {
        identity::set_no_new_privileges().at(Step::SetNoNewPrivileges, command)?;
    }
    session::tie(handover)?;
    if handover.child_signal == Disposition::Ignored {
        signal::set_disposition(signal::CHLD, Disposition::Ignored).at(Step::RestoreSignals, command)?;
    }
    signal::set_mask(handover.mask).at(Step::RestoreSignals, command)?;
    Ok(environment)
}

/// What the caller had closed was filled on the host; now it comes from the container.
fn refill_stdio(closed: [bool; 3]) -> Result<(), Error> {
    for (number, place) in [(0, Place::Descriptor0), (1, Place::Descriptor1), (2, Place::Descriptor2)] {
        if closed.get(number as usize) == Some(&true) {
            let object = Object::Place(place);
            let null = file::open_read_write(Dir::Here, c"/dev/null").at(Step::OpenStdio, object)?;
            fd::duplicate_onto(&null, number).at(Step::OpenStdio, object)?;
        }
    }
    Ok(())
}
