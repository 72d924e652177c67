//! I, for life: PID 1 of the container.
//!
//! It starts the command, reaps whatever ends, passes signals on, and says how the command ended. When it ends itself,
//! for whatever reason, the kernel kills everything in its PID namespace.

mod alone;
pub mod remains;

use crate::command;
use crate::error::{At, Error, OWN_FAILURE, Object, Place, Step};
use crate::handover::Handover;
use crate::id_map::{self, Kind};
use crate::report::{Ended, Record};
use crate::sys::children;
use crate::sys::fd::{self, Fd};
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Namespaces, Pid};
use crate::sys::signal::{self, Set};
use crate::sys::terminal;
use crate::sys::time;
use remains::Whose;

/// On entry the container stands, I is in it, and all signals but those of [`launch`](crate::launch) are blocked.
pub fn run(handover: &Handover, inner: Namespaces) -> ! {
    let result =
        if handover.config.process.no_init { alone::become_command(handover, inner) } else { serve(handover, inner) };
    if let Err(error) = result {
        handover.fail(error);
    }
    process::exit(OWN_FAILURE)
}

/// Starts the command and serves until it has ended.
fn serve(handover: &Handover, inner: Namespaces) -> Result<(), Error> {
    let init = Object::Place(Place::Init);
    // I is beyond the reach of ^Z: what would stop it waits to be passed on, like everything else.
    signal::set_mask(Set::all_but(&[])).at(Step::PrepareSignals, init)?;
    let signals = signal::descriptor(Set::all_but(&[])).at(Step::PrepareSignals, init)?;
    // Where the kernel does not let I have another name, `ps` shows the whole command line, and nothing else is lost.
    let _ = process::show_as(*b"engine\0");
    let command = start(handover, inner)?;
    // Nothing that set-up has opened is needed any more, and nothing of the host's or the command's is kept; but the
    // command's terminal, which O would see hang up whenever the command closes it.
    let terminal = handover.terminal.as_ref().map_or(-1, Fd::number);
    let kept = [handover.lifeline.number(), handover.reports.number(), signals.number(), terminal];
    fd::close_all_but(0, &kept, &[]).at(Step::CloseDescriptors, init)?;
    let began = handover.is_watched().then(time::now);
    process::release_stack();
    let mut events = [Waiting::to_read(&signals), Waiting::for_hangup(&handover.lifeline)];
    loop {
        poll::wait(&mut events, None).at(Step::Wait, init)?;
        let [_, lifeline] = &events;
        if lifeline.hung_up() {
            return Ok(());
        }
        while let Some(arrived) = signal::next(&signals).at(Step::Wait, init)? {
            if arrived.signal == signal::CHLD {
                if let Some(ended) = reap_all(command).at(Step::Wait, init)? {
                    let wall = began.map_or(0, |began| time::now().saturating_sub(began));
                    handover.report(Record::Ended(Ended { status: ended.status, wall, usage: ended.usage }));
                    let grace = handover.config.process.grace;
                    remains::finish(Whose::Everyone, grace, &signals, Some(&handover.lifeline))?;
                    process::exit(0);
                }
            } else if !arrived.from_kernel {
                // It cannot have been reaped yet, so the number is still its own.
                let _ = signal::send_to_child(command, arrived.signal);
            }
        }
    }
}

/// Starts the command as a child, then lets go of everything that is the command's: descriptors, terminal, session.
fn start(handover: &Handover, inner: Namespaces) -> Result<Pid, Error> {
    let object = Object::Place(Place::Command);
    let mut introduced = Ok(());
    let command = command::start(handover, inner, |command| {
        introduced = introduce(command, inner);
        // A failure leaves I in the caller's session, where it does nothing that anyone could notice.
        let _ = terminal::new_session();
        introduced.is_ok()
    });
    introduced?;
    let command = command.at(Step::StartCommand, object)?;
    if handover.is_watched() {
        handover.report(Record::Started);
    }
    Ok(command)
}

/// Writes the id maps of a process that has a user namespace of its own below I's: everyone is who they are.
fn introduce(process: Pid, inner: Namespaces) -> Result<(), Error> {
    if !inner.has(Namespaces::USER) {
        return Ok(());
    }
    let process = id_map::process_directory(process)?;
    for kind in [Kind::Users, Kind::Groups] {
        id_map::write(&process, kind, &id_map::identity(kind)?)?;
    }
    process.close();
    Ok(())
}

/// Takes every child that has ended, whoever's it was. Returns the command, if it is among them.
///
/// # Errors
/// See wait(2).
pub fn reap_all(command: Pid) -> crate::sys::Result<Option<children::Ended>> {
    let mut found = None;
    loop {
        match children::reap(None) {
            Ok(Some(ended)) if ended.pid == command => found = Some(ended),
            Ok(Some(_)) => {}
            // No more have ended, or there are no more.
            Ok(None) | Err(crate::error::Errno::CHILD) => return Ok(found),
            Err(errno) => return Err(errno),
        }
    }
}
