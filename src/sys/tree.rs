//! Trees that nobody has to trust: paths that are resolved without a way out, and what lies in directories.

use super::fd::{Dir, Fd};
use super::file;
use super::text::terminated;
use super::{Result, call, open};
use crate::error::Errno;
use core::ffi::CStr;
use linux_raw_sys::general as kernel;

/// Takes hold of what `path` names, as it is resolved by somebody whose root is the caller's root or `dir`: neither `..`
/// nor a symbolic link leads out, and the links of /proc lead nowhere.
///
/// # Errors
/// See openat2(2); ENOSYS before Linux 5.6; EAGAIN where somebody does nothing but rename and mount.
pub fn open_inside(dir: Dir<'_>, path: &CStr) -> Result<Fd> {
    // Whenever anything on the host is renamed or mounted meanwhile, the kernel is not sure of a `..` and says EAGAIN.
    const TRIES: usize = 10_000;
    let mut result = Err(Errno::AGAIN);
    for _ in 0..TRIES {
        result = open_how(dir, path, kernel::O_PATH, kernel::RESOLVE_IN_ROOT | kernel::RESOLVE_NO_MAGICLINKS);
        if !matches!(result, Err(Errno::AGAIN)) {
            break;
        }
    }
    result
}

fn open_how(dir: Dir<'_>, path: &CStr, flags: u32, resolve: u32) -> Result<Fd> {
    let how = kernel::open_how { flags: u64::from(flags | kernel::O_CLOEXEC), mode: 0, resolve: u64::from(resolve) };
    let size = size_of::<kernel::open_how>();
    // SAFETY: `path` is NUL-terminated, and `how` is valid for reads of its size.
    unsafe { open!(openat2, dir.number(), path.as_ptr(), &raw const how, size) }
}

/// Takes hold of an entry of a directory, whatever it is: a symbolic link itself, a mount point as what is mounted there.
///
/// # Errors
/// See open(2), O_PATH.
pub fn hold_entry(dir: &Fd, name: &CStr) -> Result<Fd> {
    // A name without a slash, and no link is followed: there is no way out. The kernel never gives `..` to `entries`.
    open_how(Dir::at(dir), name, kernel::O_PATH | kernel::O_NOFOLLOW, 0)
}

/// Visits what is in a directory, in no order, until a visit fails.
///
/// # Errors
/// Those of a visit; see open(2) and getdents(2).
pub fn entries(dir: &Fd, visit: &mut dyn FnMut(&CStr) -> Result<()>) -> Result<()> {
    let list = open_how(Dir::at(dir), c".", kernel::O_RDONLY | kernel::O_DIRECTORY, 0)?;
    let mut buffer = [0_u64; 128];
    loop {
        let size = size_of_val(&buffer);
        // SAFETY: `buffer` is valid for writes of its size.
        let length = unsafe { call!(getdents64, list.number(), buffer.as_mut_ptr(), size) }?;
        if length == 0 {
            list.close();
            return Ok(());
        }
        // SAFETY: all of `buffer` is initialised, and bytes have no alignment.
        let bytes = unsafe { core::slice::from_raw_parts(buffer.as_ptr().cast::<u8>(), length.min(size)) };
        let mut rest = bytes;
        // linux_dirent64: two numbers of 8 bytes, the length of the entry in two, the type in one, the name.
        while let Some((&[_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, low, high, _], name)) =
            rest.split_first_chunk()
        {
            let name = terminated(name).ok_or(Errno::IO)?;
            if name != c"." && name != c".." {
                visit(name)?;
            }
            rest = rest.get(usize::from(u16::from_ne_bytes([low, high])).max(19)..).unwrap_or_default();
        }
    }
}

/// Whether a directory can be read and has nothing in it.
#[must_use]
pub fn is_empty(dir: &Fd) -> bool {
    entries(dir, &mut |_| Err(Errno::NOTEMPTY)).is_ok()
}

/// What a symbolic link says, which is held by [`hold_entry`].
///
/// # Errors
/// See readlink(2); ENAMETOOLONG where it does not fit.
pub fn read_link<'a>(link: &Fd, text: &'a mut [u8; 4096]) -> Result<&'a CStr> {
    // SAFETY: the path is NUL-terminated, and `text` is valid for writes of its length.
    let length = unsafe { call!(readlinkat, link.number(), c"".as_ptr(), text.as_mut_ptr(), text.len()) }?;
    *text.get_mut(length).ok_or(Errno::NAMETOOLONG)? = 0;
    terminated(text).ok_or(Errno::NAMETOOLONG)
}

/// Who may do what with a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rights {
    /// The permission bits.
    pub mode: u32,
    /// The owner, as the caller's user namespace has it.
    pub user: u32,
    /// The group.
    pub group: u32,
}

/// Who may do what with the file that is held.
///
/// # Errors
/// See statx(2).
pub fn rights(fd: &Fd) -> Result<Rights> {
    let status = file::look(Dir::at(fd), c"", kernel::STATX_MODE | kernel::STATX_UID | kernel::STATX_GID)?;
    Ok(Rights { mode: u32::from(status.stx_mode) & 0o7777, user: status.stx_uid, group: status.stx_gid })
}

/// Makes a directory that is like another one, or takes the one that is there.
///
/// # Errors
/// See mkdir(2).
pub fn make_like(dir: &Fd, name: &CStr, like: &Fd) -> Result<Fd> {
    match file::make_directory(Dir::at(dir), name, 0o700) {
        Err(Errno::EXIST) => return hold_entry(dir, name),
        result => result?,
    }
    let rights = rights(like)?;
    // Who has no id here cannot own anything that is made here: then it is the caller's.
    // SAFETY: `name` is NUL-terminated.
    let _ =
        unsafe { call!(fchownat, dir.number(), name.as_ptr(), rights.user, rights.group, kernel::AT_SYMLINK_NOFOLLOW) };
    file::set_mode(Dir::at(dir), name, rights.mode)?;
    hold_entry(dir, name)
}

/// Whether an overlay's upper directory hides what is below it: `user.overlay.opaque` is `y`.
///
/// # Errors
/// See getxattr(2).
pub fn is_opaque(dir: &Fd) -> Result<bool> {
    let list = open_how(Dir::at(dir), c".", kernel::O_RDONLY | kernel::O_DIRECTORY, 0)?;
    let mut value = 0_u8;
    let name = c"user.overlay.opaque".as_ptr();
    // SAFETY: `name` is NUL-terminated, and `value` is valid for a write of one byte.
    let result = unsafe { call!(fgetxattr, list.number(), name, &raw mut value, 1) };
    list.close();
    match result {
        Ok(_) => Ok(value == b'y'),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(false),
        Err(errno) => Err(errno),
    }
}
