//! Landlock (landlock(7)): what a process may do with files, and whom it may talk to, whoever it is.

use super::fd::Fd;
use super::{Result, call, done, open};
use linux_raw_sys::landlock as kernel;

/// The version of the interface that the kernel has.
///
/// # Errors
/// ENOSYS where the kernel was built without Landlock, EOPNOTSUPP where it was started without.
pub fn version() -> Result<usize> {
    // SAFETY: no memory is involved.
    unsafe { call!(landlock_create_ruleset, 0, 0, kernel::LANDLOCK_CREATE_RULESET_VERSION) }
}

/// Rules to be: every access of `files` is forbidden that no rule allows, and everything of `scopes`.
///
/// # Errors
/// ENOSYS and EOPNOTSUPP as [`version`]; E2BIG where the kernel's version has no scopes, EINVAL where it does not have an
/// access.
pub fn forbid(files: u64, scopes: u64) -> Result<Fd> {
    let attributes = kernel::landlock_ruleset_attr { handled_access_fs: files, handled_access_net: 0, scoped: scopes };
    let size = size_of::<kernel::landlock_ruleset_attr>();
    // SAFETY: `attributes` is valid for reads of its size; a kernel that knows less of it wants zeros in the rest.
    unsafe { open!(landlock_create_ruleset, &raw const attributes, size, 0) }
}

/// Allows these accesses to a file, or to a directory and all below it.
///
/// # Errors
/// EINVAL for accesses that the rules do not forbid, or that make no sense for what is no directory.
pub fn allow(rules: &Fd, access: u64, file: &Fd) -> Result<()> {
    let rule = kernel::landlock_path_beneath_attr { allowed_access: access, parent_fd: file.number() };
    let kind = kernel::landlock_rule_type::LANDLOCK_RULE_PATH_BENEATH;
    // SAFETY: `rule` is the kernel's structure for rules of this kind.
    unsafe { done!(landlock_add_rule, rules.number(), kind, &raw const rule, 0) }
}

/// Puts the caller and all that comes of it under these rules, for ever.
///
/// # Errors
/// EPERM without no_new_privs and CAP_SYS_ADMIN; E2BIG for more than 16 layers of rules.
pub fn restrict(rules: Fd) -> Result<()> {
    // SAFETY: no memory is involved.
    let result = unsafe { done!(landlock_restrict_self, rules.number(), 0) };
    rules.close();
    result
}
