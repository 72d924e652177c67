//! O, on the host: from the command line to the end of the run.
//!
//! O makes what the container needs of the host, clones I, and from then on only forwards, waits and tells. It holds
//! nothing of the container and nothing of the caller that could keep either busy.

mod as_init;
mod attend;
mod environment;
mod filter;
mod foreground;
mod hints;
mod id_maps;
mod journal;
mod map_helper;
mod network;
mod relay;
pub mod say;
mod signals;
mod stdio;
mod subordinate;
mod tie;

use crate::config::{Config, Net};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::handover::Handover;
use crate::setup;
use crate::sys::fd::{self, Dir, Fd, Pipe};
use crate::sys::file::{self, FileId};
use crate::sys::process::{self, Fork, Namespaces, PidFd};
use crate::sys::signal::{self, Disposition};
use crate::sys::socket;
use crate::sys::start::{Credentials, Start};
use attend::{Attendance, Charge, Outcome, Reports};
use core::ffi::CStr;
use journal::Journal;
use relay::Relay;

/// O's whole life. Runs in O until the clone, then in both: the child goes its own way in [`setup::run`].
pub fn run(config: &'static Config, start: Start) -> ! {
    let mut attendance = Attendance::of(config);
    let outcome = launch(config, start, &mut attendance).unwrap_or_else(Outcome::Failed);
    attendance.conclude(&outcome)
}

fn launch(config: &'static Config, start: Start, attendance: &mut Attendance) -> Result<Outcome, Error> {
    let credentials = start.credentials();
    if credentials.elevated || credentials.uid != credentials.euid || credentials.gid != credentials.egid {
        return Err(Error::new(Step::RunSetuid, Object::Place(Place::Engine), Errno::PERM).because(Why::Privileged));
    }
    if !config.has_user_namespace() && credentials.euid != 0 {
        let error = Error::new(Step::MakeNamespaces, Object::Place(Place::Container), Errno::PERM);
        return Err(error.because(Why::NeedsRoot));
    }
    // While ^C still ends engine: a file may be a pipe that nothing comes out of.
    let env_files = environment::read_files(config)?;
    let engine = Object::Place(Place::Engine);
    // From here on no signal ends or interrupts O but those that it leaves to the kernel; they wait to be read.
    let mask = signal::set_mask(attend::BLOCKED).at(Step::PrepareSignals, engine)?;
    let filter = filter::of(config);
    let closed_stdio = stdio::fill_closed()?;
    stdio::keep_preserved(config)?;
    attendance.journal = Journal::open(config)?;
    stdio::close_inherited(config, &attendance.journal)?;
    let root = config.rootfs.map(find_root).transpose()?;
    tie::to_parent(config)?;
    // With SIGCHLD ignored, children would vanish unseen (wait(2)).
    let child_signal = signal::set_disposition(signal::CHLD, Disposition::Default).at(Step::PrepareSignals, engine)?;
    let lifeline = fd::pipe().at(Step::MakePipe, engine)?;
    let (own_reports, reports) = open_reports(config).at(Step::MakePipe, engine)?;
    attendance.reports = own_reports;
    attendance.relay = Relay::of_caller(config)?;
    network::join(config)?;
    let fork = process::clone(namespaces(config)).at(Step::MakeNamespaces, Object::Place(Place::Container))?;
    match fork {
        Fork::Child => {
            lifeline.write.close();
            reports.read.close();
            let environment = start.environment();
            setup::run(&Handover {
                config,
                root,
                environment,
                env_files,
                credentials,
                closed_stdio,
                filter,
                mask,
                child_signal,
                lifeline: lifeline.read,
                reports: reports.write,
            })
        }
        Fork::Parent(init) => accompany(&init, lifeline, reports, config, &credentials),
    }
}

/// Finds the root filesystem as the caller: what the caller may not search is not searched on its behalf either. I takes
/// hold of it in its own mount namespace, and of nothing that is not this directory.
fn find_root(config: &Config) -> Result<FileId, Error> {
    identify(config.rootfs).at(Step::OpenRoot, Object::Rootfs)
}

fn identify(path: Option<&CStr>) -> Result<FileId, Errno> {
    let root = file::open_directory(Dir::Here, path.ok_or(Errno::NOENT)?)?;
    let searched = file::open_directory(Dir::At(&root), c".")?;
    let id = file::id(&searched);
    // Nobody's directory is kept busy.
    searched.close();
    root.close();
    id
}

/// The namespaces that I is cloned into; all in one call, so that all belong to the new user namespace.
fn namespaces(config: &Config) -> Namespaces {
    let share = &config.namespaces;
    Namespaces::PID
        .and(Namespaces::MOUNT)
        .and_if(config.has_user_namespace(), Namespaces::USER)
        .and_if(matches!(config.network(), Net::None), Namespaces::NET)
        .and_if(!share.share_uts, Namespaces::UTS)
        .and_if(!share.share_ipc, Namespaces::IPC)
        .and_if(!share.share_cgroup, Namespaces::CGROUP)
}

/// From the clone to the end. On entry I waits for its id maps; on return I is gone, and the container with it.
fn accompany(
    init: &PidFd,
    lifeline: Pipe,
    reports: Pipe,
    config: &Config,
    credentials: &Credentials,
) -> Result<Outcome, Error> {
    lifeline.read.close();
    reports.write.close();
    if let Err(error) = introduce(init, &lifeline.write, config, credentials) {
        end_init(init);
        // I may have told why nobody was there to be introduced: it had failed already. But what stands at /proc and is
        // no procfs explains whatever else goes wrong.
        let explained = error.why == Why::NotProcfs;
        return Err(attend::first_failure(&reports.read).filter(|_| !explained).unwrap_or(error));
    }
    let outcome = attend::attend(init, &reports.read);
    if outcome.is_err() {
        end_init(init);
    }
    outcome
}

/// Writes the id maps and lets I go on.
fn introduce(init: &PidFd, lifeline: &fd::Fd, config: &Config, credentials: &Credentials) -> Result<(), Error> {
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
    let _ = process::wait(init);
}
