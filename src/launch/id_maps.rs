//! Which ids I's user namespace maps.
//!
//! O writes the maps, from outside and through the host's own procfs: only there does the caller still have what the
//! kernel asks of who maps more than itself. Where it has not, newuidmap and newgidmap have.

use super::{map_helper, subordinate};
use crate::config::{Config, IdRange, Userns};
use crate::error::{Errno, Error};
use crate::id_map::{self, Kind, Ranges};
use crate::sys::fd::Fd;
use crate::sys::process::PidFd;
use crate::sys::start::Credentials;

/// Writes the maps of I's user namespace, if it has one. Not inlined, so that its buffers are gone when it returns.
#[inline(never)]
pub(super) fn write(init: &PidFd, config: &Config, credentials: &Credentials) -> Result<(), Error> {
    if !config.has_user_namespace() {
        return Ok(());
    }
    let process = id_map::process_directory(None, Some(init.pid()))?;
    for kind in [Kind::Users, Kind::Groups] {
        write_one(init, &process, kind, config, credentials)?;
    }
    process.close();
    Ok(())
}

/// Writes one of the two.
fn write_one(init: &PidFd, process: &Fd, kind: Kind, config: &Config, credentials: &Credentials) -> Result<(), Error> {
    let (own, said) = match kind {
        Kind::Users => (credentials.euid, &config.identity.uid_map),
        Kind::Groups => (credentials.egid, &config.identity.gid_map),
    };
    let root = credentials.euid == 0;
    match config.identity.userns {
        _ if !said.is_empty() && root => id_map::write(process, kind, said),
        _ if !said.is_empty() => write_as_user(init, process, kind, said, own),
        Userns::KeepId => write_alone(process, kind, own, own),
        _ if root && write_identity(process, kind)? => Ok(()),
        Userns::Auto => map_helper::write(init, kind, &subordinate::ranges(kind, own, credentials.uid)?),
        _ => write_alone(process, kind, 0, own),
    }
}

/// Everyone may map themselves, and nobody but themselves.
fn write_as_user(init: &PidFd, process: &Fd, kind: Kind, said: &Ranges, own: u32) -> Result<(), Error> {
    match said.as_slice() {
        [IdRange { inside, outside, count: 1 }] if *outside == own => write_alone(process, kind, *inside, own),
        ranges => map_helper::write(init, kind, ranges),
    }
}

/// Maps the caller itself and nobody else.
fn write_alone(process: &Fd, kind: Kind, inside: u32, outside: u32) -> Result<(), Error> {
    if kind == Kind::Groups {
        id_map::deny_setgroups(process)?;
    }
    id_map::write(process, kind, &[IdRange { inside, outside, count: 1 }])
}

/// As root, maps every id of the caller's own namespace onto itself. False where root is not all that it seems: without
/// CAP_SETUID or CAP_SETFCAP it may map itself alone, as everyone may.
fn write_identity(process: &Fd, kind: Kind) -> Result<bool, Error> {
    match id_map::write(process, kind, &id_map::identity(None, kind)?) {
        Err(Error { errno: Errno::PERM, .. }) => Ok(false),
        result => result.map(|()| true),
    }
}
