//! I, once: builds the container and steps into it.
//!
//! The world is built as descriptors and then entered. What comes from the host is opened before the step through
//! pivot_root(2); what is named by a path of the root filesystem is resolved after it, when no host path exists any
//! more. So nothing in a root filesystem can lead to the host, whatever it is and whoever changes it meanwhile.

mod dev;
mod masks;
mod root;
mod terminal;

use crate::config::DEFAULT_HOSTNAME;
use crate::error::{At, Errno, Error, OWN_FAILURE, Object, Place, Step, Why};
use crate::handover::Handover;
use crate::init;
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, Kind};
use crate::sys::identity;
use crate::sys::mount::{self, Attributes, Depth};
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Namespaces};
use core::ffi::CStr;

/// I's whole life. On entry the namespaces are new and everything else is the host's.
pub fn run(mut handover: Handover) -> ! {
    match set_up(&mut handover) {
        Ok(inner) => init::run(&handover, inner),
        Err(error) => handover.fail(error),
    }
    process::exit(OWN_FAILURE)
}

/// Builds the world and steps into it. Returns the namespaces that C gets below I's.
fn set_up(handover: &mut Handover) -> Result<Namespaces, Error> {
    let config = handover.config;
    process::die_with_parent().at(Step::TieToParent, Object::Place(Place::Init))?;
    // What does not depend on who is who is done while O writes the id maps.
    let host = HostPieces::open()?;
    await_outside(handover)?;
    let pieces = Pieces::open(handover)?;
    root::enter(&pieces.root)?;
    hang(&host, &pieces).map_err(explain_empty_root)?;
    if let Some(model) = &handover.model {
        handover.terminal = Some(terminal::open(handover, model)?);
    }
    if !config.namespaces.share_uts {
        let name = config.surroundings.hostname.unwrap_or(DEFAULT_HOSTNAME);
        identity::set_hostname(name.to_bytes()).at(Step::SetHostname, Object::Hostname)?;
    }
    let inner = if handover.credentials.euid == 0 && masks::host_root_is_inside(&host.proc)? {
        masks::hang(&host.proc, host.sys.as_ref(), &host.devices)?;
        // What is mounted here is locked there.
        Namespaces::USER.and(Namespaces::MOUNT).and_if(!config.namespaces.share_uts, Namespaces::UTS)
    } else {
        Namespaces::default()
    };
    process::hide().at(Step::HideInit, Object::Place(Place::Init))?;
    Ok(inner)
}

/// Waits until O has written the id maps, and makes sure that nothing of the container outlives O.
///
/// Two means that do not depend on each other do that: the parent-death signal, and the lifeline, whose other end only O
/// holds. Where O ended before the signal was set, the lifeline shows it here.
fn await_outside(handover: &Handover) -> Result<(), Error> {
    let mut lifeline = [Waiting::to_read(&handover.lifeline)];
    poll::wait(&mut lifeline, None).at(Step::TieToParent, Object::Place(Place::Init))?;
    if lifeline.iter().any(Waiting::hung_up) {
        // There is nobody left to tell.
        process::exit(OWN_FAILURE);
    }
    Ok(())
}

/// What comes from the host, whoever I is there; attached to nothing yet.
struct HostPieces {
    proc: Fd,
    sys: Option<Fd>,
    devices: dev::Devices,
}

impl HostPieces {
    /// On entry every path is the host's.
    fn open() -> Result<Self, Error> {
        Ok(Self { proc: open_proc()?, sys: open_sys()?, devices: dev::Devices::open()? })
    }
}

/// What wants the id maps: because it belongs to somebody inside, or because I may only then go where the caller may.
struct Pieces {
    root: Fd,
    dev: dev::Filesystems,
    resolv_conf: Option<Fd>,
}

impl Pieces {
    /// On entry every path is the host's.
    fn open(handover: &Handover) -> Result<Self, Error> {
        Ok(Self { root: root::open(handover)?, dev: dev::Filesystems::open()?, resolv_conf: open_resolv_conf()? })
    }
}

/// Attaches the pieces. On entry every path is the container's.
fn hang(host: &HostPieces, pieces: &Pieces) -> Result<(), Error> {
    hang_directory(&host.proc, c"/proc", Place::Proc)?;
    hang_directory(pieces.dev.root(), c"/dev", Place::Dev)?;
    pieces.dev.hang(&host.devices)?;
    if let Some(sys) = &host.sys {
        match hang_directory(sys, c"/sys", Place::Sys) {
            // Programs do without /sys more often than images do with it.
            Err(Error { errno: Errno::NOENT, .. }) => {}
            result => result?,
        }
    }
    match &pieces.resolv_conf {
        Some(file) => hang_resolv_conf(file),
        None => Ok(()),
    }
}

/// In an empty directory it is not /proc that the user misses most.
fn explain_empty_root(error: Error) -> Error {
    if error.errno == Errno::NOENT && file::is_empty_directory(c"/") == Ok(true) {
        return Error::new(Step::Execute, Object::Command, Errno::NOENT);
    }
    error
}

/// A fresh procfs. While the host's is still visible, since the kernel gives nobody a procfs who could not see one.
fn open_proc() -> Result<Fd, Error> {
    let attributes = Attributes::NO_SUID.and(Attributes::NO_DEV).and(Attributes::NO_EXEC);
    mount::open_filesystem(c"proc")
        .and_then(|filesystem| filesystem.mount(attributes))
        .at(Step::MountProc, Object::Place(Place::Proc))
}

/// The host's /sys with all that is mounted below it, read-only: with the host's network it is the host's to show.
fn open_sys() -> Result<Option<Fd>, Error> {
    let object = Object::Place(Place::Sys);
    let sys = match mount::clone_tree(Dir::Here, c"/sys", Depth::Recursive) {
        Err(Errno::NOENT) => return Ok(None),
        result => result.at(Step::Bind, object)?,
    };
    let attributes = Attributes::READ_ONLY.and(Attributes::NO_SUID).and(Attributes::NO_DEV).and(Attributes::NO_EXEC);
    mount::make_private(&sys, Depth::Recursive, attributes, Attributes::default()).at(Step::ProtectRoot, object)?;
    Ok(Some(sys))
}

/// The host's name servers: the network is the host's.
fn open_resolv_conf() -> Result<Option<Fd>, Error> {
    let object = Object::Place(Place::ResolvConf);
    let file = match mount::clone_tree(Dir::Here, c"/etc/resolv.conf", Depth::One) {
        Err(Errno::NOENT) => return Ok(None),
        result => result.at(Step::Bind, object)?,
    };
    let attributes = Attributes::READ_ONLY.and(Attributes::NO_SUID).and(Attributes::NO_DEV).and(Attributes::NO_EXEC);
    mount::make_private(&file, Depth::One, attributes, Attributes::default()).at(Step::ProtectRoot, object)?;
    Ok(Some(file))
}

/// Over the container's own, if it has one that is a regular file.
fn hang_resolv_conf(file: &Fd) -> Result<(), Error> {
    let path = c"/etc/resolv.conf";
    match file::kind(Dir::Here, path) {
        Ok(Kind::Regular) => mount::attach(file, Dir::Here, path).at(Step::Mount, Object::Place(Place::ResolvConf)),
        _ => Ok(()),
    }
}

/// Attaches a mount to a directory directly below the root, which must be one: not a link to one.
fn hang_directory(mount: &Fd, path: &CStr, place: Place) -> Result<(), Error> {
    let Err(errno) = mount::attach(mount, Dir::Here, path) else { return Ok(()) };
    let error = Error::new(Step::Mount, Object::Place(place), errno);
    Err(match file::kind(Dir::Here, path) {
        Ok(Kind::Directory) => error,
        Ok(_) => Error { errno: Errno::NOTDIR, ..error }.because(Why::NotOrdinaryDirectory),
        Err(_) => Error { errno: Errno::NOENT, ..error },
    })
}
