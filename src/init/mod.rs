//! I, for life: PID 1 of the container.
//!
//! It starts the command, reaps whatever ends, passes signals on, and says how the command ended. When it ends itself,
//! for whatever reason, the kernel kills everything in its PID namespace. With `--no-init` it becomes the command.

mod alone;
mod own_terminal;

use crate::command::{self, landlock};
use crate::config::capability;
use crate::error::{At, Error, OWN_FAILURE, Object, Place, Step};
use crate::handover::{Handover, World};
use crate::id_map::{self, Kind};
use crate::report::Record;
use crate::serve::{self, Charge};
use crate::sys::fd::{self, Fd};
use crate::sys::identity;
use crate::sys::poll::Waiting;
use crate::sys::process::{self, Pid};
use crate::sys::signal::{self, Set};
use crate::sys::spawn::Spawned;
use crate::sys::terminal;

/// On entry the container stands, I is in it, and all signals but those of [`launch`](crate::launch) are blocked.
pub fn run(handover: &Handover, world: World) -> ! {
    if let Err(error) = live(handover, world) {
        handover.fail(error);
    }
    process::exit(OWN_FAILURE)
}

/// Starts the command and serves until it has ended.
fn live(handover: &Handover, mut world: World) -> Result<(), Error> {
    let init = Object::Place(Place::Init);
    let config = handover.config;
    // I is beyond the reach of ^Z: what would stop it waits to be passed on, like everything else.
    signal::set_mask(Set::all_but(&[])).at(Step::PrepareSignals, init)?;
    let signals = signal::descriptor(Set::all_but(&[])).at(Step::PrepareSignals, init)?;
    // Of the command line, PID 1 shows what is the container's: no option, and no path of the host's. Where the kernel does
    // not let it, `ps` shows the whole, and nothing else is lost.
    let _ = process::show_as(c"engine", config.command);
    let changes = world.changes.take();
    // Nothing else that set-up has opened is needed any more, and nothing of the host's is kept.
    let (lifeline, reports) = (&handover.lifeline, &handover.reports);
    let [upper, below, output] =
        changes.as_ref().map_or([lifeline; 3], |changes| [&changes.upper, &changes.below, &changes.output]);
    let own = [lifeline, reports, &signals, world.proc.as_ref().unwrap_or(lifeline), upper, below, output];
    fd::close_all_but(&own.map(Fd::number), &config.process.preserved).at(Step::CloseDescriptors, init)?;
    if config.process.tty {
        own_terminal::open(handover)?;
    }
    if config.process.no_init {
        return Err(alone::become_command(handover, &world));
    }
    landlock::scope(config)?;
    let command = start(handover, world)?;
    if changes.is_none() {
        // What is left for I to do asks for nothing else. The list of changes takes reading what is anybody's.
        identity::reduce_capabilities(capability::KILL).at(Step::DropPrivileges, init)?;
    }
    process::release_stack();
    if config.process.start_is_told() {
        handover.report(Record::Started);
    }
    let charge = Charge { command, target: command, everyone: signal::EVERYONE };
    let lifeline = Waiting::for_hangup(lifeline);
    if serve::serve(config, charge, &signals, lifeline, &mut |record| handover.report(record))?
        && let Some(changes) = changes
    {
        changes.write()?;
    }
    Ok(())
}

/// Starts the command as a child, then lets go of everything that is the command's: descriptors, terminal, session.
#[inline(never)]
fn start(handover: &Handover, world: World) -> Result<Pid, Error> {
    let object = Object::Place(Place::Command);
    let mut introduced = Ok(());
    if world.proc.is_none() {
        hide()?;
    }
    let command = command::start(handover, world.inner, |command| {
        introduced = introduce(command, &world);
        // Nothing runs in the container yet that could see it open.
        if let Some(proc) = &world.proc {
            fd::close(proc.number());
        }
        // A failure leaves I in the caller's session, where it does nothing that anyone could notice.
        let _ = terminal::new_session();
        introduced.is_ok()
    });
    introduced?;
    let Spawned { pid, failure } = command.at(Step::StartCommand, object)?;
    if let Some(error) = failure {
        return Err(error);
    }
    // A failure leaves them open, which only delays an end of file. Its own terminal I holds as long as the container is
    // there: so it does not hang up while nobody else has it open.
    if !handover.config.process.tty {
        let _ = fd::close_range(0, 2);
    }
    for &number in &handover.config.process.preserved {
        fd::close(number);
    }
    Ok(pid)
}

/// Writes C's id maps, where it has a user namespace of its own: everyone is who they are. Then hides I, and with it C
/// as long as it is in I's memory; not earlier, since what belongs to a hidden process is out of reach for all but root
/// of the host. Nothing but the two is in the container yet.
fn introduce(command: Pid, world: &World) -> Result<(), Error> {
    let Some(proc) = &world.proc else { return Ok(()) };
    let number = if world.proc_is_the_hosts { id_map::only_child(proc)? } else { command };
    let process = id_map::process_directory(Some(proc), number)?;
    for kind in [Kind::Users, Kind::Groups] {
        id_map::write_identity(&process, kind, Some(proc))?;
    }
    process.close();
    hide()
}

fn hide() -> Result<(), Error> {
    process::hide().at(Step::HideInit, Object::Place(Place::Init))
}
