//! Limits of the own process (getrlimit(2)).

use super::{Result, call};
use linux_raw_sys::general as kernel;

/// Sets a limit of the caller's; `u64::MAX` is none.
///
/// # Errors
/// EPERM for a hard limit above the present one without CAP_SYS_RESOURCE; EINVAL for a limit the kernel does not have.
pub fn set(resource: u32, soft: u64, hard: u64) -> Result<()> {
    let limit = kernel::rlimit64 { rlim_cur: soft, rlim_max: hard };
    // SAFETY: `limit` is the kernel's structure, and the old limit is not asked for.
    unsafe { call!(prlimit64, 0, resource, &raw const limit, 0) }.map(drop)
}
