//! Landlock (landlock(7)): what a process may do with files, and whom it may talk to, whoever it is.

use super::fd::Fd;
use super::{Result, call};
use linux_raw_sys::landlock as kernel;

/// The version of the interface that the kernel has.
///
/// # Errors
/// ENOSYS where the kernel was built without Landlock, EOPNOTSUPP where it was started without.
pub fn version() -> Result<u32> {
    // SAFETY: no memory is involved.
    unsafe { call!(landlock_create_ruleset, 0, 0, kernel::LANDLOCK_CREATE_RULESET_VERSION) }
        .map(|version| version as u32)
}

/// Rules to be.
#[derive(Debug)]
pub struct Ruleset(Fd);

impl Ruleset {
    /// Forbids every access of `files` that no rule allows, and everything of `scopes`.
    ///
    /// # Errors
    /// EINVAL for what the kernel's version does not have.
    pub fn forbidding(files: u64, scopes: u64) -> Result<Self> {
        let attributes =
            kernel::landlock_ruleset_attr { handled_access_fs: files, handled_access_net: 0, scoped: scopes };
        let size = size_of::<kernel::landlock_ruleset_attr>();
        // SAFETY: `attributes` is valid for reads of its size; a kernel that knows less of it wants zeros in the rest.
        unsafe { call!(landlock_create_ruleset, &raw const attributes, size, 0) }.map(|fd| Self(Fd::from_kernel(fd)))
    }

    /// Allows these accesses to a file, or to a directory and all below it.
    ///
    /// # Errors
    /// EINVAL for accesses that the rules do not forbid, or that make no sense for what is no directory.
    pub fn allow(&self, access: u64, file: &Fd) -> Result<()> {
        let rule = kernel::landlock_path_beneath_attr { allowed_access: access, parent_fd: file.number() };
        let kind = kernel::landlock_rule_type::LANDLOCK_RULE_PATH_BENEATH;
        // SAFETY: `rule` is the kernel's structure for rules of this kind.
        unsafe { call!(landlock_add_rule, self.0.number(), kind, &raw const rule, 0) }.map(drop)
    }

    /// Puts the caller and all that comes of it under these rules, for ever.
    ///
    /// # Errors
    /// EPERM without no_new_privs and CAP_SYS_ADMIN; E2BIG for more than 16 layers of rules.
    pub fn apply(self) -> Result<()> {
        // SAFETY: no memory is involved.
        let result = unsafe { call!(landlock_restrict_self, self.0.number(), 0) };
        self.0.close();
        result.map(drop)
    }
}
