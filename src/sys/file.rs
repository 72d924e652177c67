//! Files: open, read, write, make, look at.

use super::fd::{Dir, Fd};
use super::{Result, call, done, open};
use crate::error::Errno;
use core::ffi::CStr;
use linux_raw_sys::general as kernel;

/// Opens a file that is there already. `flags` beside O_CLOEXEC.
fn open_with(dir: Dir<'_>, path: &CStr, flags: u32) -> Result<Fd> {
    // SAFETY: `path` is NUL-terminated.
    unsafe { open!(openat, dir.number(), path.as_ptr(), flags | kernel::O_CLOEXEC, 0) }
}

/// Opens for reading; never waits for a fifo's writer, never takes a terminal.
///
/// # Errors
/// See open(2).
pub fn open_read(dir: Dir<'_>, path: &CStr) -> Result<Fd> {
    open_with(dir, path, kernel::O_RDONLY | kernel::O_NOCTTY | kernel::O_NONBLOCK)
}

/// Opens for reading a file that the user has named, whatever it is and for as long as that takes.
///
/// # Errors
/// See open(2).
pub fn open_read_waiting(path: &CStr) -> Result<Fd> {
    open_with(Dir::HERE, path, kernel::O_RDONLY | kernel::O_NOCTTY)
}

/// Opens for writing what exists.
///
/// # Errors
/// See open(2).
fn open_write(dir: Dir<'_>, path: &CStr) -> Result<Fd> {
    open_with(dir, path, kernel::O_WRONLY | kernel::O_NOCTTY)
}

/// Opens for writing an empty file, which is made where it is missing.
///
/// # Errors
/// See open(2).
pub fn create(path: &CStr) -> Result<Fd> {
    let flags = kernel::O_WRONLY | kernel::O_CREAT | kernel::O_TRUNC | kernel::O_NOCTTY | kernel::O_CLOEXEC;
    // SAFETY: `path` is NUL-terminated.
    unsafe { open!(openat, kernel::AT_FDCWD, path.as_ptr(), flags, 0o666) }
}

/// Opens for reading and writing what exists, a device for example.
///
/// # Errors
/// See open(2).
pub fn open_read_write(dir: Dir<'_>, path: &CStr) -> Result<Fd> {
    open_with(dir, path, kernel::O_RDWR | kernel::O_NOCTTY)
}

/// Opens a terminal for reading and writing, so that neither blocks and that it does not become the caller's own.
///
/// # Errors
/// See open(2).
pub fn open_anew(path: &CStr) -> Result<Fd> {
    open_with(Dir::HERE, path, kernel::O_RDWR | kernel::O_NOCTTY | kernel::O_NONBLOCK)
}

/// Takes hold of a directory without opening it for reading.
///
/// # Errors
/// See open(2), O_PATH.
pub fn open_directory(dir: Dir<'_>, path: &CStr) -> Result<Fd> {
    open_with(dir, path, kernel::O_PATH | kernel::O_DIRECTORY)
}

/// Takes hold of a file, whatever it is, without opening it.
///
/// # Errors
/// See open(2), O_PATH.
pub fn hold(dir: Dir<'_>, path: &CStr) -> Result<Fd> {
    open_with(dir, path, kernel::O_PATH)
}

/// Reads up to `buffer.len()` bytes; 0 at the end of file.
///
/// # Errors
/// See read(2).
#[inline(always)]
pub fn read(fd: &Fd, buffer: &mut [u8]) -> Result<usize> {
    // SAFETY: `buffer` is valid for writes of its length.
    unsafe { call!(read, fd.number(), buffer.as_mut_ptr(), buffer.len()) }
}

/// Reads until the buffer is full or the file ends.
///
/// # Errors
/// See read(2).
#[inline(always)]
pub fn read_full(fd: &Fd, buffer: &mut [u8]) -> Result<usize> {
    fill(fd, buffer).map(|filled| filled as usize)
}

/// [`read_full`] for buffers below 4 GiB, as there are no others here: so that a pair of registers says what came of it.
#[inline(never)]
fn fill(fd: &Fd, buffer: &mut [u8]) -> Result<u32> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read(fd, rest)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled as u32)
}

/// Writes some of `bytes`.
///
/// # Errors
/// See write(2).
#[inline(always)]
pub fn write_some(number: i32, bytes: &[u8]) -> Result<usize> {
    // SAFETY: `bytes` is valid for reads of its length.
    unsafe { call!(write, number, bytes.as_ptr(), bytes.len()) }
}

/// Writes all of `bytes`.
///
/// # Errors
/// See write(2); EIO where the kernel takes nothing and says nothing.
pub fn write_all(number: i32, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match write_some(number, bytes)? {
            0 => return Err(Errno::IO),
            count => bytes = bytes.get(count..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// Writes a text to a file that exists: the kernel's files take it in one write or not at all.
///
/// # Errors
/// See open(2) and write(2).
#[inline(never)]
pub fn put(dir: Dir<'_>, path: &CStr, text: &[u8]) -> Result<()> {
    let file = open_write(dir, path)?;
    let written = write_all(file.number(), text);
    file.close();
    written
}

/// Makes a directory.
///
/// # Errors
/// See mkdir(2).
pub fn make_directory(dir: Dir<'_>, path: &CStr, mode: u32) -> Result<()> {
    // SAFETY: `path` is NUL-terminated.
    unsafe { done!(mkdirat, dir.number(), path.as_ptr(), mode) }
}

/// Removes an empty directory.
///
/// # Errors
/// See rmdir(2).
pub fn remove_directory(dir: Dir<'_>, path: &CStr) -> Result<()> {
    // SAFETY: `path` is NUL-terminated.
    unsafe { done!(unlinkat, dir.number(), path.as_ptr(), kernel::AT_REMOVEDIR) }
}

/// Makes an empty regular file: a place to mount a file on.
///
/// # Errors
/// See mknod(2).
pub fn make_file(dir: Dir<'_>, path: &CStr, mode: u32) -> Result<()> {
    // SAFETY: `path` is NUL-terminated.
    unsafe { done!(mknodat, dir.number(), path.as_ptr(), kernel::S_IFREG | mode, 0) }
}

/// Makes a symbolic link at `path` that says `target`.
///
/// # Errors
/// See symlink(2).
pub fn make_link(dir: Dir<'_>, path: &CStr, target: &CStr) -> Result<()> {
    // SAFETY: both are NUL-terminated.
    unsafe { done!(symlinkat, target.as_ptr(), dir.number(), path.as_ptr()) }
}

/// Changes the mode of a file, whatever the umask.
///
/// # Errors
/// See chmod(2).
pub fn set_mode(dir: Dir<'_>, path: &CStr, mode: u32) -> Result<()> {
    // SAFETY: `path` is NUL-terminated.
    unsafe { done!(fchmodat, dir.number(), path.as_ptr(), mode) }
}

/// What kind of file it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    Regular,
    /// A symbolic link.
    Link,
    /// A character device with this number ([`Kind::character`]).
    Character(u32),
    /// Anything else.
    Other,
}

impl Kind {
    /// A character device, by the numbers of its driver and of which one of the driver's it is: 12 and 20 bits, as the
    /// kernel has them.
    #[must_use]
    pub const fn character(major: u32, minor: u32) -> Self {
        Self::Character(major << 20 | minor)
    }
}

/// Looks at a file; `path` empty: at `dir` itself. A symbolic link at the end is looked at, not followed.
///
/// # Errors
/// See statx(2).
pub fn kind(dir: Dir<'_>, path: &CStr) -> Result<Kind> {
    let status = look(dir, path, kernel::STATX_TYPE)?;
    Ok(match u32::from(status.stx_mode) & kernel::S_IFMT {
        kernel::S_IFDIR => Kind::Directory,
        kernel::S_IFREG => Kind::Regular,
        kernel::S_IFLNK => Kind::Link,
        kernel::S_IFCHR => Kind::character(status.stx_rdev_major, status.stx_rdev_minor),
        _ => Kind::Other,
    })
}

/// The owner of a file, as the caller's user namespace has it: the overflow user where it has none. A symbolic link at
/// the end is looked at, not followed.
///
/// # Errors
/// See statx(2).
pub fn owner(dir: Dir<'_>, path: &CStr) -> Result<u32> {
    look(dir, path, kernel::STATX_UID).map(|status| status.stx_uid)
}

/// Whether a file is set-user-id.
///
/// # Errors
/// See statx(2).
pub fn is_set_user_id(dir: Dir<'_>, path: &CStr) -> Result<bool> {
    look(dir, path, kernel::STATX_MODE).map(|status| u32::from(status.stx_mode) & kernel::S_ISUID != 0)
}

/// What statx(2) knows of a file. A symbolic link at the end is looked at, not followed.
pub(super) fn look(dir: Dir<'_>, path: &CStr, what: u32) -> Result<kernel::statx> {
    let flags = kernel::AT_EMPTY_PATH | kernel::AT_SYMLINK_NOFOLLOW | kernel::AT_NO_AUTOMOUNT;
    // SAFETY: the kernel's structure is plain numbers, for which zero is a value.
    let mut status: kernel::statx = unsafe { core::mem::zeroed() };
    // SAFETY: `path` is NUL-terminated and `status` is valid for a write of its size.
    unsafe { done!(statx, dir.number(), path.as_ptr(), flags, what, &raw mut status) }?;
    Ok(status)
}

/// Which file it is, as long as it exists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileId {
    device: (u32, u32),
    inode: u64,
}

impl FileId {
    /// Its number on its filesystem.
    #[must_use]
    pub const fn inode(&self) -> u64 {
        self.inode
    }
}

/// Which file an open one is.
///
/// # Errors
/// See statx(2).
pub fn id(fd: &Fd) -> Result<FileId> {
    let status = look(Dir::at(fd), c"", kernel::STATX_INO)?;
    Ok(FileId { device: (status.stx_dev_major, status.stx_dev_minor), inode: status.stx_ino })
}

/// Whether a path leads to the root of a mount.
///
/// # Errors
/// See statx(2); ENOSYS before Linux 5.8, which does not tell.
pub fn is_mount_root(dir: Dir<'_>, path: &CStr) -> Result<bool> {
    let status = look(dir, path, 0)?;
    let known = u64::from(kernel::STATX_ATTR_MOUNT_ROOT);
    if status.stx_attributes_mask & known == 0 { Err(Errno::NOSYS) } else { Ok(status.stx_attributes & known != 0) }
}

/// Whether the file is on a procfs.
///
/// # Errors
/// See statfs(2).
pub fn is_procfs(fd: &Fd) -> Result<bool> {
    filesystem(fd).map(|status| status.f_type as u32 == kernel::PROC_SUPER_MAGIC)
}

/// Whether the file is on a hierarchy of cgroups of version 2.
///
/// # Errors
/// See statfs(2).
pub fn is_cgroup(fd: &Fd) -> Result<bool> {
    filesystem(fd).map(|status| status.f_type as u32 == kernel::CGROUP2_SUPER_MAGIC)
}

/// Whether the file is one of those in which the kernel shows itself: a procfs or a sysfs.
///
/// # Errors
/// See statfs(2).
pub fn shows_the_kernel(fd: &Fd) -> Result<bool> {
    filesystem(fd).map(|status| matches!(status.f_type as u32, kernel::PROC_SUPER_MAGIC | kernel::SYSFS_MAGIC))
}

/// Whether nothing can be executed on the filesystem of the file.
///
/// # Errors
/// See statfs(2).
pub fn is_no_exec(fd: &Fd) -> Result<bool> {
    // ST_NOEXEC, statfs(2).
    filesystem(fd).map(|status| status.f_flags as u32 & 8 != 0)
}

#[cfg(target_pointer_width = "64")]
type Statfs = kernel::statfs;
#[cfg(target_pointer_width = "32")]
type Statfs = kernel::statfs64;

fn filesystem(fd: &Fd) -> Result<Statfs> {
    // SAFETY: the kernel's structure is plain numbers, for which zero is a value.
    let mut status: Statfs = unsafe { core::mem::zeroed() };
    #[cfg(target_pointer_width = "64")]
    // SAFETY: `status` is valid for a write of its size.
    unsafe { done!(fstatfs, fd.number(), &raw mut status) }?;
    #[cfg(target_pointer_width = "32")]
    // SAFETY: `status` is valid for a write of its size, which is given.
    unsafe { done!(fstatfs64, fd.number(), size_of::<Statfs>(), &raw mut status) }?;
    Ok(status)
}

/// Changes the working directory to an open one.
///
/// # Errors
/// See chdir(2).
pub fn change_directory_to(fd: &Fd) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(fchdir, fd.number()) }
}

/// Changes the working directory.
///
/// # Errors
/// See chdir(2).
pub fn change_directory(path: &CStr) -> Result<()> {
    // SAFETY: `path` is NUL-terminated.
    unsafe { done!(chdir, path.as_ptr()) }
}

/// The path of the working directory, as the kernel sees it: begins with `(` where it is not below the root.
///
/// # Errors
/// See getcwd(2).
pub fn working_directory(buffer: &mut [u8]) -> Result<&[u8]> {
    // SAFETY: `buffer` is valid for writes of its length.
    let length = unsafe { call!(getcwd, buffer.as_mut_ptr(), buffer.len()) }?;
    // The kernel counts the NUL.
    Ok(buffer.get(..length.saturating_sub(1)).unwrap_or_default())
}
