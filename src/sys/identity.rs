//! Who a process is and what it may do: ids, capabilities, no_new_privs, host name.

use super::{Result, done, done3};
use linux_raw_sys::prctl;
use syscalls::Sysno;

/// Sets no_new_privs: no execve(2) gives more than the caller has. It cannot be taken back.
///
/// # Errors
/// EINVAL before Linux 3.5.
pub fn set_no_new_privileges() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(prctl, prctl::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }
}

/// Sets the host name of the caller's UTS namespace.
///
/// # Errors
/// EINVAL for more than 64 bytes.
pub fn set_hostname(name: &[u8]) -> Result<()> {
    // SAFETY: `name` is valid for reads of its length.
    unsafe { done!(sethostname, name.as_ptr(), name.len()) }
}

/// The calls that take ids of 32 bits.
#[cfg(not(target_arch = "arm"))]
use Sysno::{setgroups as SETGROUPS, setresgid as SETRESGID, setresuid as SETRESUID};
#[cfg(target_arch = "arm")]
use Sysno::{setgroups32 as SETGROUPS, setresgid32 as SETRESGID, setresuid32 as SETRESUID};

/// Sets the caller's supplementary groups.
///
/// # Errors
/// EPERM where that is denied, EINVAL for a group that is not mapped.
pub fn set_groups(groups: &[u32]) -> Result<()> {
    // SAFETY: `groups` is valid for reads of its length.
    unsafe { done3(SETGROUPS, groups.len(), groups.as_ptr() as usize, 0) }
}

/// Sets the caller's real, effective and saved group.
///
/// # Errors
/// EPERM; EINVAL for a group that is not mapped.
pub fn set_group(gid: u32) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done3(SETRESGID, gid as usize, gid as usize, gid as usize) }
}

/// Sets the caller's real, effective and saved user. Its capabilities go where it was root and is not any more, and
/// with any change its parent-death signal.
///
/// # Errors
/// EPERM; EINVAL for a user that is not mapped; EAGAIN where the user may not have another process.
pub fn set_user(uid: u32) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done3(SETRESUID, uid as usize, uid as usize, uid as usize) }
}
