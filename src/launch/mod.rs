//! O, on the host: from the command line to the end of the run.
//!
//! O makes what the container needs of the host, clones I, and from then on only forwards, waits and tells. It holds
//! nothing of the container and nothing of the caller that could keep either busy.

mod as_init;
mod attend;
mod cgroup;
mod environment;
mod filter;
mod foreground;
mod hints;
mod id_maps;
mod journal;
mod landlock;
mod map_helper;
mod network;
mod outcome;
mod relay;
pub mod say;
mod signals;
mod stdio;
mod subordinate;
mod tie;
mod unicode;

use crate::config::{Config, Net};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::handover::Handover;
use crate::setup;
use crate::sys::clock;
use crate::sys::fd::{self, Dir, Fd};
use crate::sys::file::{self, FileId};
use crate::sys::process::{self, Namespaces, PidFd};
use crate::sys::signal::{self, Disposition};
use crate::sys::socket;
use crate::sys::spawn::{self, Memory};
use crate::sys::start::{Credentials, Start};
use cgroup::{Cgroup, Usage};
use core::ffi::CStr;
use journal::Journal;
use outcome::Outcome;

/// O's whole life. I begins in [`setup::run`], on a stack of its own.
pub fn run(config: &'static Config, start: Start) -> ! {
    // Nobody else asks.
    let began = config.process.status_fd.map_or(0, |_| clock::now());
    let (mut outcome, mut used) = (None, None);
    let result = launch(config, start, &mut outcome, &mut used);
    let outcome = result.and_then(|()| outcome.ok_or_else(attend::bad_record)).unwrap_or_else(Outcome::Failed);
    outcome.end(config, began, used.as_ref())
}

/// `outcome` is how the command ended; where anything else did, that is an error. `used` is what a container with limits
/// has used.
fn launch(
    config: &'static Config,
    start: Start,
    outcome: &mut Option<Outcome>,
    used: &mut Option<Usage>,
) -> Result<(), Error> {
    let credentials = start.credentials();
    if credentials.elevated || credentials.uid != credentials.euid || credentials.gid != credentials.egid {
        return Err(Error::because(Step::RunSetuid, Object::Place(Place::Engine), Why::Privileged));
    }
    if !config.has_user_namespace() && credentials.euid != 0 {
        return Err(Error::because(Step::MakeNamespaces, Object::Place(Place::Container), Why::NeedsRoot));
    }
    // While ^C still ends engine: a file may be a pipe that nobody has at its other end.
    let env_files = environment::read_files(config)?;
    let engine = Object::Place(Place::Engine);
    let closed_stdio = stdio::fill_closed()?;
    stdio::close_inherited(config)?;
    tie::to_parent(config)?;
    let journal = Journal::open(config)?;
    // From here on no signal ends or interrupts O but those that it leaves to the kernel; they wait to be read.
    let mut mask = attend::BLOCKED;
    signal::swap_mask(&mut mask).at(Step::PrepareSignals, engine)?;
    let filter = filter::make(config);
    let root = find_root(config)?;
    let landlock = landlock::rights(config)?;
    // With SIGCHLD ignored, children would vanish unseen (wait(2)).
    let mut child_signal = Disposition::Default;
    signal::swap_disposition(signal::CHLD, &mut child_signal).at(Step::PrepareSignals, engine)?;
    let lifeline = fd::pipe().at(Step::MakePipe, engine)?;
    let reports = socket::pair().at(Step::MakePipe, engine)?;
    if config.process.is_followed() {
        socket::name_writers(&reports.read).at(Step::MakePipe, engine)?;
    }
    network::join(config)?;
    // From here on nothing may return that does not end it.
    let cgroup = cgroup::make(config)?;
    let inside = [lifeline.read.number(), reports.write.number()];
    let handover = Handover {
        config,
        root,
        environment: start.environment(),
        env_files,
        credentials,
        closed_stdio,
        filter,
        landlock,
        limited: cgroup.is_some(),
        mask,
        child_signal,
        outside: [lifeline.write.number(), reports.read.number()],
        lifeline: lifeline.read,
        reports: reports.write,
    };
    if config.process.as_init {
        return as_init::run(&handover, journal, outcome);
    }
    let init = spawn::beside(namespaces(config, cgroup.is_some()), memory(config), setup::run, handover)
        .at(Step::MakeNamespaces, Object::Place(Place::Container));
    for number in inside {
        fd::close(number);
    }
    let ends = Ends { lifeline: &lifeline.write, reports: &reports.read };
    let result = init.and_then(|init| accompany(&init, ends, config, &credentials, cgroup.as_ref(), journal, outcome));
    if let Some(cgroup) = cgroup {
        *used = Some(cgroup.end());
    }
    foreground::restore();
    result
}

/// Whose memory I has: O's, unless its clocks are others, which needs memory of its own (time_namespaces(7)).
fn memory(config: &Config) -> Memory {
    if config.has_clocks() { Memory::Copied } else { Memory::Shared }
}

/// Finds the root filesystem as the caller: what the caller may not search is not searched on its behalf either. I takes
/// hold of it in its own mount namespace, and of nothing that is not this directory.
fn find_root(config: &Config) -> Result<FileId, Error> {
    identify(config.rootfs.unwrap_or(c"/")).at(Step::OpenRoot, Object::Rootfs)
}

fn identify(path: &CStr) -> Result<FileId, Errno> {
    let root = file::open_directory(Dir::HERE, path)?;
    let searched = file::open_directory(Dir::at(&root), c".")?;
    let id = file::id(&searched);
    // Nobody's directory is kept busy.
    searched.close();
    root.close();
    id
}

/// The namespaces that I is cloned into; all in one call, so that all belong to the new user namespace. But for that of the
/// cgroups where I is yet to enter one: it makes that itself.
fn namespaces(config: &Config, limited: bool) -> Namespaces {
    let share = &config.namespaces;
    Namespaces::PID
        .and(Namespaces::MOUNT)
        .and_if(config.has_user_namespace(), Namespaces::USER)
        .and_if(matches!(config.network(), Net::None), Namespaces::NET)
        .and_if(!share.share_uts, Namespaces::UTS)
        .and_if(!share.share_ipc, Namespaces::IPC)
        .and_if(!share.share_cgroup && !limited, Namespaces::CGROUP)
}

/// O's ends of what leads to I.
#[derive(Clone, Copy)]
struct Ends<'a> {
    lifeline: &'a Fd,
    reports: &'a Fd,
}

/// From the clone to the end. On entry I waits for its id maps; on return I is gone, and the container with it.
fn accompany(
    init: &PidFd,
    ends: Ends<'_>,
    config: &Config,
    credentials: &Credentials,
    cgroup: Option<&Cgroup>,
    journal: Journal,
    outcome: &mut Option<Outcome>,
) -> Result<(), Error> {
    if let Err(error) = introduce(init, ends.lifeline, config, credentials, cgroup) {
        end_init(init);
        // I may have told why nobody was there to be introduced: it had failed already. But a false or foreign /proc
        // explains whatever else goes wrong.
        let explained = matches!(error.why(), Some(Why::NotProcfs | Why::ForeignProc));
        return Err(attend::first_failure(ends.reports).filter(|_| !explained).unwrap_or(error));
    }
    let result = attend::attend(init, ends.reports, config, journal, outcome);
    if result.is_err() {
        end_init(init);
    }
    result
}

/// Puts I where it belongs, writes the id maps and lets I go on.
fn introduce(
    init: &PidFd,
    lifeline: &Fd,
    config: &Config,
    credentials: &Credentials,
    cgroup: Option<&Cgroup>,
) -> Result<(), Error> {
    cgroup.map_or(Ok(()), |cgroup| cgroup.take(init.pid()))?;
    id_maps::write(init, config, credentials)?;
    let engine = Object::Place(Place::Engine);
    file::write_all(lifeline.number(), b"!").at(Step::StartInit, Object::Place(Place::Init))?;
    // Not before: as long as the maps are being written, /proc/PID must belong to the caller. Where the memory is shared,
    // I hides it, when C's maps are written too.
    if memory(config) == Memory::Copied {
        process::hide().at(Step::HideInit, engine)?;
    }
    stdio::let_go(config);
    // I has a working directory of its own by now. A failure leaves the caller's busy, and does nothing else.
    let _ = file::change_directory(c"/");
    process::release_stack();
    Ok(())
}

/// Kills what has been cloned and waits until it is gone.
fn end_init(init: &PidFd) {
    // ESRCH: it has ended by itself.
    let _ = signal::send(init, signal::KILL);
    // The kernel lets SIGKILL through whatever else it does; waiting cannot take longer than it needs to clean up.
    let _ = process::wait(init);
}
