//! Who a process is and what it may do: ids, capabilities, no_new_privs, host name.

use super::{Result, call, done, done3};
use crate::error::Errno;
use linux_raw_sys::{general as kernel, prctl};
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

/// One 32-bit half of the three sets of a process: `struct __user_cap_data_struct`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapabilityHalf {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// `struct __user_cap_header_struct`, for the calling thread.
#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: i32,
}

/// Takes every capability that is not in `kept` from the caller's bounding set; those too that the kernel has and
/// engine does not know.
///
/// # Errors
/// EPERM without CAP_SETPCAP.
pub fn bound_capabilities(kept: u64) -> Result<()> {
    for capability in (0..u64::BITS).filter(|capability| kept >> capability & 1 == 0) {
        // SAFETY: no memory is involved.
        match unsafe { call!(prctl, prctl::PR_CAPBSET_DROP, capability, 0, 0, 0) } {
            // The kernel has no more.
            Err(Errno::INVAL) => break,
            result => result?,
        };
    }
    Ok(())
}

/// Keeps the permitted capabilities when the caller becomes another user than root, until execve(2).
///
/// # Errors
/// EPERM where the caller has locked that.
pub fn keep_capabilities() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { call!(prctl, prctl::PR_SET_KEEPCAPS, 1, 0, 0, 0) }.map(drop)
}

/// Leaves the caller those of its permitted capabilities that are in `kept`, makes them effective, and empties its
/// inheritable set, and with that the ambient one.
///
/// # Errors
/// None that is known.
pub fn reduce_capabilities(kept: u64) -> Result<()> {
    let header = CapabilityHeader { version: kernel::_LINUX_CAPABILITY_VERSION_3, pid: 0 };
    let mut halves = [CapabilityHalf::default(); 2];
    // SAFETY: both are the kernel's structures; version 3 has two halves.
    unsafe { call!(capget, &raw const header, &raw mut halves) }?;
    for (half, kept) in halves.iter_mut().zip([kept as u32, (kept >> 32) as u32]) {
        let left = half.permitted & kept;
        *half = CapabilityHalf { effective: left, permitted: left, inheritable: 0 };
    }
    // SAFETY: as above.
    unsafe { call!(capset, &raw const header, &raw const halves) }.map(drop)
}
