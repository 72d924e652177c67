//! Trees that nobody has to trust: paths that are resolved without a way out, and what lies in directories.

use super::fd::{Dir, Fd};
use super::{Result, call, file};
use core::ffi::CStr;
use linux_raw_sys::general as kernel;

/// Takes hold of what `path` names, as it is resolved by somebody whose root is the caller's root or `dir`: neither `..`
/// nor a symbolic link leads out, and the links of /proc lead nowhere.
///
/// # Errors
/// See openat2(2); ENOSYS before Linux 5.6.
pub fn open_inside(dir: Dir<'_>, path: &CStr) -> Result<Fd> {
    open_how(dir, path, kernel::O_PATH, kernel::RESOLVE_IN_ROOT | kernel::RESOLVE_NO_MAGICLINKS)
}

fn open_how(dir: Dir<'_>, path: &CStr, flags: u32, resolve: u32) -> Result<Fd> {
    let how = kernel::open_how { flags: u64::from(flags | kernel::O_CLOEXEC), mode: 0, resolve: u64::from(resolve) };
    let size = size_of::<kernel::open_how>();
    // SAFETY: `path` is NUL-terminated, and `how` is valid for reads of its size.
    unsafe { call!(openat2, dir.number(), path.as_ptr(), &raw const how, size) }.map(Fd::from_kernel)
}

/// Whether the two are the same file, seen through the same mount.
///
/// # Errors
/// See statx(2).
pub fn same(one: &Fd, other: &Fd) -> Result<bool> {
    let what = kernel::STATX_INO | kernel::STATX_MNT_ID;
    let (one, other) = (file::look(Dir::At(one), c"", what)?, file::look(Dir::At(other), c"", what)?);
    Ok((one.stx_ino, one.stx_mnt_id) == (other.stx_ino, other.stx_mnt_id))
}
