//! A second wall, of Landlock's, around whom the container may talk to.

use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::sys::landlock;

/// Abstract unix sockets and signals (landlock(7), version 6 of the interface).
const SCOPES: u64 = 0b11;

/// Cuts the container off from abstract unix sockets of the host and from processes outside of it, where the kernel can
/// (Linux 6.12). In I, so that init and the command are on the same side: a signal to PID 1 arrives.
pub fn scope(config: &Config) -> Result<(), Error> {
    if !config.is_scoped() {
        return Ok(());
    }
    match landlock::forbid(SCOPES) {
        // A kernel without Landlock, or with one that does not know scopes: they are no promise, but one wall more.
        Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::TOO_BIG) => Ok(()),
        result => result.at(Step::Scope, Object::Place(Place::Container)),
    }
}
