//! Landlock (landlock(7)): whom a process may talk to, whoever it is.

use super::{Result, call};
use crate::sys::fd::Fd;
use linux_raw_sys::landlock as kernel;

/// Forbids the caller and all that comes of it everything of `scopes`, for ever.
///
/// # Errors
/// ENOSYS where the kernel was built without Landlock, EOPNOTSUPP where it was started without, E2BIG where its version
/// has no scopes. EPERM without no_new_privs and CAP_SYS_ADMIN.
pub fn forbid(scopes: u64) -> Result<()> {
    let attributes = kernel::landlock_ruleset_attr { handled_access_fs: 0, handled_access_net: 0, scoped: scopes };
    let size = size_of::<kernel::landlock_ruleset_attr>();
    // SAFETY: `attributes` is valid for reads of its size; a kernel that knows less of it wants zeros in the rest.
    let rules = Fd::from_kernel(unsafe { call!(landlock_create_ruleset, &raw const attributes, size, 0) }?);
    // SAFETY: no memory is involved.
    let result = unsafe { call!(landlock_restrict_self, rules.number(), 0) };
    rules.close();
    result.map(drop)
}
