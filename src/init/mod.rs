//! I, for life: PID 1 of the container.
//!
//! It starts the command, reaps whatever ends, passes signals on, and says how the command ended. When it ends itself,
//! for whatever reason, the kernel kills everything in its PID namespace.

mod alone;
pub mod remains;

use crate::changes::Pending;
use crate::command::{self, Task, landlock};
use crate::config::capability;
use crate::error::{At, Error, OWN_FAILURE, Object, Place, Step};
use crate::handover::{Handover, World};
use crate::id_map;
use crate::report::Record;
use crate::sys::fd;
use crate::sys::identity;
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Pid};
use crate::sys::signal::{self, Set};
use crate::sys::spawn::Spawned;
use crate::sys::terminal;
use crate::sys::usage::Usage;

/// On entry the container stands, I is in it, and all signals but those of [`launch`](crate::launch) are blocked.
pub fn run(handover: &Handover, world: World) -> ! {
    if let Err(error) = serve(handover, world) {
        handover.fail(error);
    }
    process::exit(OWN_FAILURE)
}

/// Starts the command and serves until it has ended.
fn serve(handover: &Handover, mut world: World) -> Result<(), Error> {
    let init = Object::Place(Place::Init);
    // I is beyond the reach of ^Z: what would stop it waits to be passed on, like everything else.
    signal::set_mask(Set::all_but(&[])).at(Step::PrepareSignals, init)?;
    let signals = signal::descriptor(Set::all_but(&[])).at(Step::PrepareSignals, init)?;
    // Where the kernel does not let I have another name, `ps` shows the whole command line, and nothing else is lost.
    let _ = process::show_as(*b"engine\0");
    let process = &handover.config.process;
    let changes = world.changes.take();
    // Nothing else that set-up has opened is needed any more, and nothing of the host's is kept.
    let (lifeline, reports) = (&handover.lifeline, &handover.reports);
    let kept = changes.as_ref().map_or([lifeline; 3], |changes| [&changes.upper, &changes.below, &changes.output]);
    let [upper, below, output] = kept;
    let terminal = world.terminal.take();
    let (proc, own) = (world.proc.as_ref().unwrap_or(lifeline), terminal.as_ref().unwrap_or(lifeline));
    let kept = [lifeline, reports, &signals, proc, upper, below, output, own];
    fd::close_all_but(&kept, &process.preserved).at(Step::CloseDescriptors, init)?;
    landlock::scope(handover.config)?;
    let task = Task { handover, terminal: terminal.as_ref() };
    if process.no_init {
        return Err(alone::become_command(&task, &world));
    }
    let command = start(&task, world)?;
    if process.is_watched() {
        handover.report(Record::Started);
    }
    // C's terminal I keeps, for O would see it hang up whenever C closes it.
    process.preserved.iter().copied().for_each(fd::close);
    if changes.is_none() {
        // What is left for I to do asks for nothing else. The list of changes takes reading what is anybody's.
        identity::reduce_capabilities(capability::KILL).at(Step::DropPrivileges, init)?;
    }
    process::release_stack();
    let mut events = [Waiting::to_read(&signals), Waiting::for_hangup(&handover.lifeline)];
    loop {
        poll::wait(&mut events).at(Step::Wait, init)?;
        let [_, lifeline] = &events;
        if lifeline.hung_up() {
            return Ok(());
        }
        while let Some(arrived) = signal::next(&signals).at(Step::Wait, init)? {
            if arrived.signal == signal::CHLD {
                if let Some(status) = reap_all(command, &mut Usage::default()).at(Step::Wait, init)? {
                    handover.report(Record::Ended(status));
                    if let Some(time) = process.grace {
                        remains::finish(time, &signals, Some(&handover.lifeline))?;
                    }
                    // A failure is told after the end, and counts for more.
                    changes.as_ref().map_or(Ok(()), Pending::write)?;
                    process::exit(0);
                }
            } else if !arrived.from_kernel {
                // It cannot have been reaped yet, so the number is still its own.
                let _ = signal::send_to(command, arrived.signal);
            }
        }
    }
}

/// Starts the command as a child, then lets go of everything that is the command's: descriptors, terminal, session.
#[inline(never)]
fn start(task: &Task<'_>, world: World) -> Result<Pid, Error> {
    let object = Object::Place(Place::Command);
    let mut introduced = Ok(());
    if world.proc.is_none() {
        hide()?;
    }
    let command = command::start(task, world.inner, |command| {
        introduced = introduce(command, &world);
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
    if let Some(proc) = world.proc {
        proc.close();
    }
    Ok(pid)
}

/// Writes C's id maps, where it has a user namespace of its own: everyone is who they are. Then hides I, and with it C
/// as long as it is in I's memory; not earlier, since what belongs to a hidden process is out of reach for all but root
/// of the host. Nothing but the two is in the container yet.
fn introduce(command: Pid, world: &World) -> Result<(), Error> {
    let Some(proc) = &world.proc else { return Ok(()) };
    let number = if world.proc_is_the_hosts { id_map::only_child(proc)? } else { command };
    let process = id_map::process_directory(Some(proc), Some(number))?;
    id_map::write_identity(&process, proc)?;
    process.close();
    hide()
}

fn hide() -> Result<(), Error> {
    process::hide().at(Step::HideInit, Object::Place(Place::Init))
}

/// Takes every child that has ended, whoever's it was. The command's wait status, if it is among them; `usage` is then
/// what it used.
///
/// # Errors
/// See wait(2).
pub fn reap_all(command: Pid, usage: &mut Usage) -> crate::sys::Result<Option<i32>> {
    let mut status = None;
    loop {
        let mut used = Usage::default();
        match process::reap(None, &mut used) {
            Ok(Some(ended)) if ended.pid == command => (status, *usage) = (Some(ended.status), used),
            Ok(Some(_)) => {}
            // No more have ended, or there are no more.
            Ok(None) | Err(crate::error::Errno::CHILD) => return Ok(status),
            Err(errno) => return Err(errno),
        }
    }
}
