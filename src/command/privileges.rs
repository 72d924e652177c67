//! What the command may not do: capabilities, no_new_privs, the system call filter.
//!
//! ```text
//!   bound ──▶ (C becomes the user of -u) ──▶ reduce ──▶ … ──▶ filter ──▶ execve
//! ```
//!
//! execve(2) computes the command's capabilities anew (capabilities(7)): root gets what the bounding set has, anyone else
//! nothing. So the bounding set is what counts; the other sets only must not hold anything that would come on top.

use crate::config::Config;
use crate::config::capability;
use crate::error::{At, Error, Object, Place, Step};
use crate::handover::Handover;
use crate::sys::identity;
use crate::sys::seccomp::{self, Speculation};

/// Whether C's capabilities must change at all. A new user namespace begins with all of them permitted and none
/// inheritable or ambient: where nothing is asked for, that is what is wanted.
fn must_change(config: &Config) -> bool {
    !config.has_user_namespace() || config.capabilities() != capability::ALL || config.privileges.allow_new_privs
}

/// Takes from the bounding set what the command must not have. Before C becomes another user, which takes from it what
/// this needs (CAP_SETPCAP).
pub(super) fn bound(config: &Config) -> Result<(), Error> {
    if must_change(config) {
        let at = |result: crate::sys::Result<()>| result.at(Step::DropPrivileges, Object::Place(Place::Command));
        at(identity::bound_capabilities(config.capabilities()))?;
        // Another user than root loses everything on becoming it, and the filter needs CAP_SYS_ADMIN where it does not
        // have no_new_privs. execve(2) clears this.
        if config.privileges.allow_new_privs {
            at(identity::keep_capabilities())?;
        }
    }
    Ok(())
}

/// Takes from the other sets what the command must not have, and gives up new privileges. C is the user by now who the
/// command will be.
pub(super) fn reduce(config: &Config) -> Result<(), Error> {
    let command = Object::Place(Place::Command);
    let mut kept = config.capabilities();
    if config.privileges.allow_new_privs {
        // For the filter; it ends with execve(2), as it is in no set that execve looks at.
        kept |= capability::SYS_ADMIN;
    } else {
        identity::set_no_new_privileges().at(Step::SetNoNewPrivileges, command)?;
    }
    if must_change(config) {
        identity::reduce_capabilities(kept).at(Step::DropPrivileges, command)?;
    }
    Ok(())
}

/// Installs the filter. What comes after this it may deny.
pub(super) fn filter(handover: &Handover) -> Result<(), Error> {
    if handover.filter.is_empty() {
        return Ok(());
    }
    // Code that is not trusted stays under what the kernel does against speculation in filtered processes.
    let speculation =
        if handover.config.privileges.strict { Speculation::AsTheKernelHasIt } else { Speculation::Allowed };
    seccomp::install(handover.filter, speculation).at(Step::InstallFilter, Object::Place(Place::Command))
}
