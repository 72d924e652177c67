//! O, on the host: from the command line to the end of the run.
//!
//! O makes what the container needs of the host, clones I, and from then on only forwards, waits and tells. It holds
//! nothing of the container and nothing of the caller that could keep either busy.

mod as_init;
mod attend;
mod channel;
mod charge;
mod foreground;
mod hints;
mod id_maps;
mod journal;
mod limit;
mod outcome;
mod relay;
pub mod say;
mod signals;
mod stdio;
mod tie;

use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::handover::Handover;
use crate::setup;
use crate::sys::children;
use crate::sys::fd::{self, Dir, Fd};
use crate::sys::file::{self, FileId};
use crate::sys::process::{self, Fork, Namespaces, PidFd, Start};
use crate::sys::signal::{self, Disposition};
use attend::Attendance;
use channel::Channel;
use charge::Charge;
use core::ffi::CStr;
use foreground::Foreground;
use journal::Journal;
use outcome::Outcome;
use relay::Relay;

/// O's whole life. Runs in O until the clone, then in both: the child goes its own way in [`setup::run`].
pub fn run(config: &'static Config, start: Start) -> ! {
    let mut attendance = Attendance::of(config);
    let outcome = launch(config, start, &mut attendance).unwrap_or_else(Outcome::Failed);
    attendance.restore_terminal();
    attendance.journal.ended(&outcome, config);
    outcome.end(config)
}

fn launch(config: &'static Config, start: Start, attendance: &mut Attendance) -> Result<Outcome, Error> {
    let credentials = start.credentials();
    if credentials.elevated || credentials.uid != credentials.euid || credentials.gid != credentials.egid {
        return Err(Error::new(Step::RunSetuid, Object::Place(Place::Engine), Errno::PERM).because(Why::Privileged));
    }
    let engine = Object::Place(Place::Engine);
    // From here on no signal ends or interrupts O but those that it leaves to the kernel; they wait to be read.
    let mask = signal::set_mask(attend::BLOCKED).at(Step::PrepareSignals, engine)?;
    let closed_stdio = stdio::fill_closed()?;
    stdio::close_inherited(config)?;
    attendance.journal = Journal::open(config)?;
    // With SIGCHLD ignored, children would vanish unseen (wait(2)).
    let child_signal = signal::set_disposition(signal::CHLD, Disposition::Default).at(Step::PrepareSignals, engine)?;
    tie::to_parent(config)?;
    let lifeline = fd::pipe().at(Step::MakePipe, engine)?;
    let (channel, reports) = Channel::open(config)?;
    attendance.channel = channel;
    attendance.relay = Relay::of_caller(config)?;
    attendance.foreground = Foreground::of_caller(config);
    let handover = Handover {
        config,
        root: config.rootfs.map(find_root).transpose()?,
        environment: start.environment(),
        credentials,
        closed_stdio,
        mask,
        child_signal,
        model: attendance.relay.as_ref().map(Relay::model),
        terminal: None,
        lifeline: lifeline.read,
        reports,
    };
    if config.process.as_init {
        as_init::run(handover, attendance)
    } else {
        contain(handover, lifeline.write, attendance)
    }
}

/// Clones I and accompanies it to its end.
fn contain(handover: Handover, lifeline: Fd, attendance: &mut Attendance) -> Result<Outcome, Error> {
    let container = Object::Place(Place::Container);
    match process::clone(namespaces(handover.config)).at(Step::MakeNamespaces, container)? {
        Fork::Child => {
            lifeline.close();
            setup::run(handover)
        }
        Fork::Parent(init) => {
            let (config, credentials) = (handover.config, handover.credentials);
            handover.lifeline.close();
            handover.reports.close();
            accompany(init, &lifeline, config, &credentials, attendance)
        }
    }
}

/// Finds the root filesystem as the caller: what the caller may not search is not searched on its behalf either. I takes
/// hold of it in its own mount namespace, and of nothing that is not this directory.
fn find_root(path: &CStr) -> Result<FileId, Error> {
    let root = file::open_directory(Dir::Here, path).at(Step::OpenRoot, Object::Rootfs)?;
    let searched = file::open_directory(Dir::At(&root), c".").at(Step::OpenRoot, Object::Rootfs)?;
    let id = file::id(&searched).at(Step::OpenRoot, Object::Rootfs);
    // Nobody's directory is kept busy.
    searched.close();
    root.close();
    id
}

/// The namespaces that I is cloned into; all in one call, so that all belong to the new user namespace.
fn namespaces(config: &Config) -> Namespaces {
    let share = &config.namespaces;
    Namespaces::USER
        .and(Namespaces::PID)
        .and(Namespaces::MOUNT)
        .and_if(!share.share_uts, Namespaces::UTS)
        .and_if(!share.share_ipc, Namespaces::IPC)
        .and_if(!share.share_cgroup, Namespaces::CGROUP)
}

/// From the clone to the end. On entry I waits for its id maps; on return I is gone, and the container with it.
fn accompany(
    init: PidFd,
    lifeline: &Fd,
    config: &Config,
    credentials: &process::Credentials,
    attendance: &mut Attendance,
) -> Result<Outcome, Error> {
    if let Err(error) = introduce(&init, lifeline, config, credentials) {
        end_init(&init);
        // I may have told why nobody was there to be introduced: it had failed already.
        return attendance.channel.first_failure().map_or(Err(error), Err);
    }
    let charge = Charge::Init(init);
    let outcome = attendance.attend(&charge);
    if let (Err(_), Charge::Init(init)) = (&outcome, &charge) {
        end_init(init);
    }
    outcome
}

/// Writes the id maps and lets I go on.
fn introduce(init: &PidFd, lifeline: &Fd, config: &Config, credentials: &process::Credentials) -> Result<(), Error> {
    id_maps::write(init, config, credentials)?;
    let engine = Object::Place(Place::Engine);
    file::write_all(lifeline.number(), b"!").at(Step::StartInit, Object::Place(Place::Init))?;
    // Not before: as long as the maps are being written, /proc/PID must belong to the caller.
    process::hide().at(Step::HideInit, engine)?;
    stdio::let_go(config);
    process::release_stack();
    Ok(())
}

/// Kills what has been cloned and waits until it is gone.
fn end_init(init: &PidFd) {
    // ESRCH: it has ended by itself.
    let _ = signal::send(init, signal::KILL);
    // The kernel lets SIGKILL through whatever else it does; waiting cannot take longer than it needs to clean up.
    let _ = children::wait(init);
}
