//! Which ids I's user namespace maps.
//!
//! O writes the maps, from outside and through the host's own procfs: only there does the caller still have what the
//! kernel asks of who maps more than itself.

use crate::config::{Config, IdRange};
use crate::error::{Errno, Error};
use crate::id_map::{self, Kind};
use crate::sys::fd::Fd;
use crate::sys::process::{Credentials, PidFd};

/// Writes the maps of I's user namespace. Not inlined, so that its buffers are gone when it returns.
#[inline(never)]
pub(super) fn write(init: &PidFd, _config: &Config, credentials: &Credentials) -> Result<(), Error> {
    let process = id_map::process_directory(init.pid())?;
    if credentials.euid != 0 || !write_identity(&process)? {
        let alone = |outside| [IdRange { inside: 0, outside, count: 1 }];
        id_map::deny_setgroups(&process)?;
        id_map::write(&process, Kind::Users, &alone(credentials.euid))?;
        id_map::write(&process, Kind::Groups, &alone(credentials.egid))?;
    }
    // Nobody's /proc is kept busy.
    process.close();
    Ok(())
}

/// As root, maps every id of the caller's own namespace onto itself. False where root is not all that it seems: without
/// CAP_SETUID or CAP_SETFCAP it may map itself alone, as everyone may.
fn write_identity(process: &Fd) -> Result<bool, Error> {
    match id_map::write(process, Kind::Users, &id_map::identity(Kind::Users)?) {
        Err(Error { errno: Errno::PERM, .. }) => return Ok(false),
        result => result?,
    }
    id_map::write(process, Kind::Groups, &id_map::identity(Kind::Groups)?)?;
    Ok(true)
}
