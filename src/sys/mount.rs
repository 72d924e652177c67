//! The mount API: mounts as descriptors (open_tree(2), fsopen(2), fsmount(2), mount_setattr(2), move_mount(2)), and
//! the step from one root to another (pivot_root(2), umount2(2)).

use super::fd::{Dir, Fd};
use super::{Result, call};
use core::ffi::CStr;
use core::ptr;
use linux_raw_sys::general as kernel;

/// Mount options, as mount_setattr(2) has them. `|` joins them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Attributes(u32);

impl Attributes {
    /// No writes.
    pub const READ_ONLY: Self = Self(kernel::MOUNT_ATTR_RDONLY);
    /// Set-user-id bits and file capabilities mean nothing.
    pub const NO_SUID: Self = Self(kernel::MOUNT_ATTR_NOSUID);
    /// Device nodes mean nothing.
    pub const NO_DEV: Self = Self(kernel::MOUNT_ATTR_NODEV);
    /// Nothing can be executed.
    pub const NO_EXEC: Self = Self(kernel::MOUNT_ATTR_NOEXEC);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// `other` too, where `wanted`.
    #[must_use]
    pub const fn and_if(self, wanted: bool, other: Self) -> Self {
        if wanted { self.and(other) } else { self }
    }
}

/// How much of the mounts below a path is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// The one mount.
    One,
    /// And all mounts below it.
    Recursive,
}

impl Depth {
    const fn flag(self) -> u32 {
        match self {
            Self::One => 0,
            Self::Recursive => kernel::AT_RECURSIVE,
        }
    }
}

/// A detached copy of the mount at `path`: a bind mount that is not bound anywhere yet. Follows symbolic links.
///
/// # Errors
/// See open_tree(2); ENOSYS before Linux 5.2.
pub fn clone_tree(dir: Dir<'_>, path: &CStr, depth: Depth) -> Result<Fd> {
    let flags = kernel::OPEN_TREE_CLONE | kernel::OPEN_TREE_CLOEXEC | kernel::AT_EMPTY_PATH | depth.flag();
    // SAFETY: `path` is NUL-terminated.
    unsafe { call!(open_tree, dir.number(), path.as_ptr(), flags) }.map(Fd::from_kernel)
}

/// Cuts a mount off from its peers: what is mounted or unmounted elsewhere no longer shows here. Sets and clears
/// options in the same call.
///
/// # Errors
/// See mount_setattr(2); ENOSYS before Linux 5.12.
pub fn make_private(mount: &Fd, depth: Depth, set: Attributes, clear: Attributes) -> Result<()> {
    change(mount, depth, set, clear, kernel::MS_PRIVATE)
}

/// Sets and clears options of a mount.
///
/// # Errors
/// See mount_setattr(2); ENOSYS before Linux 5.12.
pub fn set_attributes(mount: &Fd, depth: Depth, set: Attributes, clear: Attributes) -> Result<()> {
    change(mount, depth, set, clear, 0)
}

/// Cuts every mount of the caller's mount namespace off from its peers, the root's mount first.
///
/// # Errors
/// EINVAL where the root is not a mount; ENOSYS before Linux 5.12.
pub fn make_all_private() -> Result<()> {
    let none = Attributes::default();
    change_at(Dir::Here, c"/", Depth::Recursive, none, none, kernel::MS_PRIVATE)
}

fn change(mount: &Fd, depth: Depth, set: Attributes, clear: Attributes, propagation: u32) -> Result<()> {
    change_at(Dir::At(mount), c"", depth, set, clear, propagation)
}

fn change_at(
    dir: Dir<'_>,
    path: &CStr,
    depth: Depth,
    set: Attributes,
    clear: Attributes,
    propagation: u32,
) -> Result<()> {
    let attributes = kernel::mount_attr {
        attr_set: u64::from(set.0),
        attr_clr: u64::from(clear.0),
        propagation: u64::from(propagation),
        userns_fd: 0,
    };
    let flags = kernel::AT_EMPTY_PATH | depth.flag();
    let size = size_of::<kernel::mount_attr>();
    // SAFETY: `path` is NUL-terminated, and `attributes` is valid for reads of its size.
    unsafe { call!(mount_setattr, dir.number(), path.as_ptr(), flags, &raw const attributes, size) }.map(drop)
}

/// A filesystem that is being described.
#[derive(Debug)]
pub struct Filesystem(Fd);

/// Begins a new filesystem of this type.
///
/// # Errors
/// See fsopen(2): ENODEV where the kernel does not have the type; ENOSYS before Linux 5.2.
pub fn open_filesystem(kind: &CStr) -> Result<Filesystem> {
    // SAFETY: `kind` is NUL-terminated.
    unsafe { call!(fsopen, kind.as_ptr(), kernel::FSOPEN_CLOEXEC) }.map(|fd| Filesystem(Fd::from_kernel(fd)))
}

impl Filesystem {
    /// `key=value`, as mount(8) would have it after `-o`.
    ///
    /// # Errors
    /// EINVAL for what the filesystem does not understand.
    pub fn set(self, key: &CStr, value: &CStr) -> Result<Self> {
        self.configure(kernel::fsconfig_command::FSCONFIG_SET_STRING, key.as_ptr().cast(), value.as_ptr().cast())?;
        Ok(self)
    }

    /// Makes the filesystem and mounts it, attached to nothing yet.
    ///
    /// # Errors
    /// EPERM where the user namespace may not have it.
    pub fn mount(self, attributes: Attributes) -> Result<Fd> {
        self.configure(kernel::fsconfig_command::FSCONFIG_CMD_CREATE, ptr::null(), ptr::null())?;
        // SAFETY: no memory is involved.
        unsafe { call!(fsmount, self.0.number(), kernel::FSMOUNT_CLOEXEC, attributes.0) }.map(Fd::from_kernel)
    }

    fn configure(&self, command: kernel::fsconfig_command, key: *const u8, value: *const u8) -> Result<()> {
        // SAFETY: `key` and `value` are NUL-terminated, or null where the command takes none.
        unsafe { call!(fsconfig, self.0.number(), command, key, value, 0) }.map(drop)
    }
}

/// Attaches a detached mount at `path`, or moves one that is attached. A symbolic link at the end of `path` is not
/// followed.
///
/// # Errors
/// See move_mount(2); ENOSYS before Linux 5.2.
pub fn attach(mount: &Fd, dir: Dir<'_>, path: &CStr) -> Result<()> {
    let flags = kernel::MOVE_MOUNT_F_EMPTY_PATH | kernel::MOVE_MOUNT_T_EMPTY_PATH;
    // SAFETY: both paths are NUL-terminated.
    unsafe { call!(move_mount, mount.number(), c"".as_ptr(), dir.number(), path.as_ptr(), flags) }.map(drop)
}

/// Makes the working directory, which must be a mount, the root, and puts the old root on top of it: no directory is
/// needed for it (pivot_root(2), NOTES).
///
/// # Errors
/// See pivot_root(2): EINVAL where the present root is an initramfs.
pub fn pivot_here() -> Result<()> {
    // SAFETY: both paths are NUL-terminated constants.
    unsafe { call!(pivot_root, c".".as_ptr(), c".".as_ptr()) }.map(drop)
}

/// Takes away the mount on top of the working directory and all below it, now or as soon as nobody uses it.
///
/// # Errors
/// See umount(2).
pub fn detach_here() -> Result<()> {
    // SAFETY: the path is a NUL-terminated constant.
    unsafe { call!(umount2, c".".as_ptr(), kernel::MNT_DETACH) }.map(drop)
}
