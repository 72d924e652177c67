//! What must hold on the host for a hint to be right.

use crate::error::Condition;
use crate::sys::fd::Dir;
use crate::sys::file;
use core::ffi::CStr;

/// Looks at the host.
pub(super) fn holds(condition: Condition) -> bool {
    match condition {
        Condition::Always => true,
        Condition::AppArmor => begins_with(c"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", b"1"),
        Condition::UsernsCloneIsOff => begins_with(c"/proc/sys/kernel/unprivileged_userns_clone", b"0"),
        Condition::InChroot => in_chroot(),
        Condition::Filtered => filtered(),
    }
}

/// The root of a process is the root of a mount, unless somebody has changed it by chroot(2).
fn in_chroot() -> bool {
    file::is_mount_root(Dir::HERE, c"/") == Ok(false)
}

/// `Seccomp: 2` in /proc/self/status.
fn filtered() -> bool {
    let mut text = [0; 4096];
    let Ok(length) = file::open_read(Dir::HERE, c"/proc/self/status").and_then(|fd| file::read_full(&fd, &mut text))
    else {
        return false;
    };
    text.get(..length).unwrap_or_default().windows(12).any(|window| window == b"\nSeccomp:\t2\n".as_slice())
}

fn begins_with(path: &CStr, value: &[u8]) -> bool {
    let mut text = [0; 1];
    file::open_read(Dir::HERE, path).and_then(|fd| file::read_full(&fd, &mut text)).is_ok() && text == value
}
