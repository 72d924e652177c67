//! What shows the kernel and the network: /proc, /sys and /etc/resolv.conf.

use crate::config::{Config, Net, Proc};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::handover::Handover;
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, Kind};
use crate::sys::mount::{self, Attributes, Depth};
use core::ffi::CStr;

/// What neither /proc nor /sys is good for.
const BARE: Attributes = Attributes::NO_SUID.and(Attributes::NO_DEV).and(Attributes::NO_EXEC);
const READ_ONLY: Attributes = BARE.and(Attributes::READ_ONLY);

/// A fresh procfs, the host's, or none. A fresh one while the host's is still visible, since the kernel gives nobody a
/// procfs who could not see one. Where none is shown, I may want one all the same: id maps are written there.
pub(super) fn open_proc(handover: &Handover) -> Result<Option<Fd>, Error> {
    let config = handover.config;
    match config.files.proc {
        Proc::None if handover.credentials.euid != 0 && !config.may_lock_mounts() => Ok(None),
        Proc::Bind => bind(c"/proc", Depth::Recursive, BARE, Place::Proc),
        Proc::Auto | Proc::New | Proc::None => {
            new_proc(config).map(Some).at(Step::MountProc, Object::Place(Place::Proc))
        }
    }
}

fn new_proc(config: &Config) -> Result<Fd, Errno> {
    mount::make(c"proc", if config.hides_processes() { &[(c"hidepid", c"2")] } else { &[] }, BARE)
}

/// The host's /sys with all that is mounted below it, read-only: with the host's network it is the host's to show.
/// With a network of the container's own, a fresh one.
pub(super) fn open_sys(config: &Config) -> Result<Option<Fd>, Error> {
    if config.files.no_sys {
        return Ok(None);
    }
    if config.shares_host_network() {
        return bind(c"/sys", Depth::Recursive, READ_ONLY, Place::Sys);
    }
    match mount::make(c"sysfs", &[], READ_ONLY) {
        // It shows a network namespace, and this one belongs to somebody else.
        Err(Errno::PERM) if matches!(config.network(), Net::Join(_)) => Ok(None),
        result => result.map(Some).at(Step::Mount, Object::Place(Place::Sys)),
    }
}

/// The host's name servers, where the network is the host's.
pub(super) fn open_resolv_conf(config: &Config) -> Result<Option<Fd>, Error> {
    if !config.shares_host_network() {
        return Ok(None);
    }
    bind(c"/etc/resolv.conf", Depth::One, READ_ONLY, Place::ResolvConf)
}

/// Takes something of the host's, cut off from it; `None` where the host does not have it.
fn bind(path: &CStr, depth: Depth, attributes: Attributes, place: Place) -> Result<Option<Fd>, Error> {
    let object = Object::Place(place);
    let copy = match mount::clone_tree(Dir::HERE, path, depth) {
        Err(Errno::NOENT) => return Ok(None),
        result => result.at(Step::Bind, object)?,
    };
    mount::make_private(&copy, depth, attributes, Attributes::default()).at(Step::Bind, object)?;
    Ok(Some(copy))
}

/// Over the container's own, if it has one that is a regular file.
pub(super) fn hang_resolv_conf(file: &Fd) -> Result<(), Error> {
    let path = c"/etc/resolv.conf";
    match file::kind(Dir::HERE, path) {
        Ok(Kind::Regular) => mount::attach(file, Dir::HERE, path).at(Step::Mount, Object::Place(Place::ResolvConf)),
        _ => Ok(()),
    }
}

/// Attaches a mount to a directory directly below the root, which must be one: not a link to one.
pub(super) fn hang_directory(mount: &Fd, path: &CStr, place: Place) -> Result<(), Error> {
    let Err(errno) = mount::attach(mount, Dir::HERE, path) else { return Ok(()) };
    let (step, object) = (Step::Mount, Object::Place(place));
    Err(match file::kind(Dir::HERE, path) {
        Ok(Kind::Directory) => Error::new(step, object, errno),
        Ok(_) => Error::because(step, object, Why::NotOrdinaryDirectory),
        Err(_) => Error::new(step, object, Errno::NOENT),
    })
}
