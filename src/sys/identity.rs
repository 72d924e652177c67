//! Who a process is and what it may do: ids, capabilities, no_new_privs, host name.

use super::{Result, call};
use linux_raw_sys::prctl;

/// Sets no_new_privs: no execve(2) gives more than the caller has. It cannot be taken back.
///
/// # Errors
/// EINVAL before Linux 3.5.
pub fn set_no_new_privileges() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { call!(prctl, prctl::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }.map(drop)
}

/// Sets the host name of the caller's UTS namespace.
///
/// # Errors
/// EINVAL for more than 64 bytes.
pub fn set_hostname(name: &[u8]) -> Result<()> {
    // SAFETY: `name` is valid for reads of its length.
    unsafe { call!(sethostname, name.as_ptr(), name.len()) }.map(drop)
}
