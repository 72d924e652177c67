//! The mount API: mounts as descriptors (open_tree(2), fsopen(2), fsmount(2), mount_setattr(2), move_mount(2)), and
//! the step from one root to another (pivot_root(2), umount2(2)).

use super::fd::{Dir, Fd};
use super::{Result, call, done, open};
use crate::sys::digits::{self, Room};
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
    unsafe { open!(open_tree, dir.number(), path.as_ptr(), flags) }
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
    change_at(Dir::HERE, c"/", Depth::Recursive, none, none, kernel::MS_PRIVATE)
}

fn change(mount: &Fd, depth: Depth, set: Attributes, clear: Attributes, propagation: u32) -> Result<()> {
    change_at(Dir::at(mount), c"", depth, set, clear, propagation)
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
    unsafe { done!(mount_setattr, dir.number(), path.as_ptr(), flags, &raw const attributes, size) }
}

/// An option of a filesystem, `key=value`, as mount(8) would have it after `-o`; with an empty value, `key` alone.
pub type Setting<'a> = (&'a CStr, &'a CStr);

/// As [`make`], for filesystems of which there may be many: what is only needed to make one is closed.
///
/// # Errors
/// As [`make`].
pub fn make_one_of_many(kind: &CStr, settings: &[Setting<'_>], attributes: Attributes) -> Result<Fd> {
    let (filesystem, mount) = describe(kind, settings, attributes)?;
    filesystem.close();
    Ok(mount)
}

/// Makes a filesystem of this type and mounts it, attached to nothing yet.
///
/// # Errors
/// See fsopen(2), fsconfig(2), fsmount(2): ENODEV where the kernel does not have the type, EINVAL for an option that it
/// does not have, EPERM where the user namespace may not have it; ENOSYS before Linux 5.2.
pub fn make(kind: &CStr, settings: &[Setting<'_>], attributes: Attributes) -> Result<Fd> {
    describe(kind, settings, attributes).map(|(_, mount)| mount)
}

/// The filesystem as it is described, and its mount.
fn describe(kind: &CStr, settings: &[Setting<'_>], attributes: Attributes) -> Result<(Fd, Fd)> {
    // SAFETY: `kind` is NUL-terminated.
    let filesystem = unsafe { open!(fsopen, kind.as_ptr(), kernel::FSOPEN_CLOEXEC) }?;
    for (key, value) in settings {
        let (command, value) = if value.is_empty() {
            (kernel::fsconfig_command::FSCONFIG_SET_FLAG, ptr::null())
        } else {
            (kernel::fsconfig_command::FSCONFIG_SET_STRING, value.as_ptr())
        };
        // SAFETY: `key` and `value` are NUL-terminated; a flag has none.
        unsafe { call!(fsconfig, filesystem.number(), command, key.as_ptr(), value, 0) }?;
    }
    // SAFETY: this command takes neither key nor value.
    unsafe { done!(fsconfig, filesystem.number(), kernel::fsconfig_command::FSCONFIG_CMD_CREATE, 0, 0, 0) }?;
    // SAFETY: no memory is involved.
    let mount = unsafe { open!(fsmount, filesystem.number(), kernel::FSMOUNT_CLOEXEC, attributes.0) }?;
    Ok((filesystem, mount))
}

/// How a file that is held is named in a setting: by way of the procfs at /proc, since the kernel takes a descriptor
/// only from Linux 6.13 on.
pub fn by_descriptor<'a>(file: &Fd, room: &'a mut Room) -> &'a CStr {
    digits::decimal(b"/proc/self/fd/", file.number().unsigned_abs(), room)
}

/// Attaches a detached mount at `path`, or moves one that is attached. A symbolic link at the end of `path` is not
/// followed.
///
/// # Errors
/// See move_mount(2); ENOSYS before Linux 5.2.
pub fn attach(mount: &Fd, dir: Dir<'_>, path: &CStr) -> Result<()> {
    let flags = kernel::MOVE_MOUNT_F_EMPTY_PATH | kernel::MOVE_MOUNT_T_EMPTY_PATH;
    // SAFETY: both paths are NUL-terminated.
    unsafe { done!(move_mount, mount.number(), c"".as_ptr(), dir.number(), path.as_ptr(), flags) }
}

/// Makes the working directory, which must be a mount, the root, and puts the old root on top of it: no directory is
/// needed for it (pivot_root(2), NOTES).
///
/// # Errors
/// See pivot_root(2): EINVAL where the present root is an initramfs.
pub fn pivot_here() -> Result<()> {
    // SAFETY: both paths are NUL-terminated constants.
    unsafe { done!(pivot_root, c".".as_ptr(), c".".as_ptr()) }
}

/// Takes away the mount on top of the working directory and all below it, now or as soon as nobody uses it.
///
/// # Errors
/// See umount(2).
pub fn detach_here() -> Result<()> {
    // SAFETY: the path is a NUL-terminated constant.
    unsafe { done!(umount2, c".".as_ptr(), kernel::MNT_DETACH) }
}

/// Takes away the mount at `path`, which nobody uses.
///
/// # Errors
/// EBUSY where something is mounted below it; see umount(2).
pub fn detach_unused(path: &CStr) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    unsafe { done!(umount2, path.as_ptr(), 0) }
}
