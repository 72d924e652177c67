//! I, for life: PID 1 of the container.
//!
//! It starts the command, reaps whatever ends, passes signals on, and says how the command ended. When it ends itself,
//! for whatever reason, the kernel kills everything in its PID namespace.

use crate::command::{self, landlock};
use crate::config::capability;
use crate::error::{At, Error, OWN_FAILURE, Object, Place, Step};
use crate::handover::Handover;
use crate::id_map::{self, Kind};
use crate::report::Record;
use crate::sys::fd;
use crate::sys::identity;
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Namespaces, Pid, Spawned};
use crate::sys::signal::{self, Set};
use crate::sys::terminal;

/// On entry the container stands, I is in it, and all signals but those of [`launch`](crate::launch) are blocked.
pub fn run(handover: &Handover, inner: Namespaces) -> ! {
    if let Err(error) = serve(handover, inner) {
        handover.fail(error);
    }
    process::exit(OWN_FAILURE)
}

/// Starts the command and serves until it has ended.
fn serve(handover: &Handover, inner: Namespaces) -> Result<(), Error> {
    let init = Object::Place(Place::Init);
    // I is beyond the reach of ^Z: what would stop it waits to be passed on, like everything else.
    signal::set_mask(Set::all_but(&[])).at(Step::PrepareSignals, init)?;
    // Nothing that set-up has opened is needed any more, and nothing of the host's is kept.
    fd::close_all_but(&[&handover.lifeline, &handover.reports]).at(Step::CloseDescriptors, init)?;
    let signals = signal::descriptor(Set::all_but(&[])).at(Step::PrepareSignals, init)?;
    // Where the kernel does not let I have another name, `ps` shows the whole command line, and nothing else is lost.
    let _ = process::show_as(*b"engine\0");
    landlock::scope(handover.config)?;
    let command = start(handover, inner)?;
    // What is left for I to do asks for nothing else.
    identity::reduce_capabilities(capability::KILL).at(Step::DropPrivileges, init)?;
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
                if let Some(status) = reap_all(command).at(Step::Wait, init)? {
                    handover.report(Record::Ended(status));
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
    let Spawned { pid, failure } = command.at(Step::StartCommand, object)?;
    if let Some(error) = failure {
        return Err(error);
    }
    // A failure leaves them open, which only delays an end of file.
    let _ = fd::close_range(0, 2);
    Ok(pid)
}

/// Writes C's id maps, where it has a user namespace of its own: everyone is who they are.
fn introduce(command: Pid, inner: Namespaces) -> Result<(), Error> {
    if !inner.has(Namespaces::USER) {
        return Ok(());
    }
    let process = id_map::process_directory(command)?;
    for kind in [Kind::Users, Kind::Groups] {
        id_map::write(&process, kind, &id_map::identity(kind)?)?;
    }
    process.close();
    Ok(())
}

/// Takes every child that has ended, whoever's it was. The command's wait status, if it is among them.
fn reap_all(command: Pid) -> crate::sys::Result<Option<i32>> {
    let mut status = None;
    loop {
        match process::reap(None) {
            Ok(Some(ended)) if ended.pid == command => status = Some(ended.status),
            Ok(Some(_)) => {}
            // No more have ended, or there are no more.
            Ok(None) | Err(crate::error::Errno::CHILD) => return Ok(status),
            Err(errno) => return Err(errno),
        }
    }
}
