//! Where something is mounted inside: a place in the root that is there already, or is made for it.

use crate::error::Errno;
use crate::sys::Result;
use crate::sys::fd::{Dir, Fd, OwnedFd};
use crate::sys::file::{self, Kind};
use crate::sys::mount;
use crate::sys::tree;

/// Attaches `mount` to `path`, which is made where it is missing and the root is writable. On entry the root is the
/// container's: whatever links `path` goes through, it ends inside.
pub(super) fn hang(mount: &Fd, path: &[u8]) -> Result<()> {
    let directory = is_directory(mount)?;
    let target = find_or_make(path, directory)?;
    check(&target, directory)?;
    mount::attach(mount, Dir::At(&target), c"")
}

/// Whether it is one, and no file of whatever kind.
pub(super) fn is_directory(fd: &Fd) -> Result<bool> {
    Ok(file::kind(Dir::At(fd), c"")? == Kind::Directory)
}

/// What is at a path now.
pub(super) fn find(path: &[u8]) -> Result<OwnedFd> {
    tree::open_inside(Dir::Here, &file::path(path)?)
}

/// A file goes onto a file and a directory onto a directory; the root and what shows the kernel stay what they are.
pub(super) fn check(target: &Fd, directory: bool) -> Result<()> {
    let root = find(b"/")?;
    if file::id(target)? == file::id(&root)? || file::is_procfs(target)? {
        return Err(Errno::BUSY);
    }
    match (is_directory(target)?, directory) {
        (true, false) => Err(Errno::ISDIR),
        (false, true) => Err(Errno::NOTDIR),
        _ => Ok(()),
    }
}

/// What is at a path now, or else a new directory or an empty file, and directories on the way to it. Nothing is made
/// through a link that leads to nothing.
pub(super) fn find_or_make(path: &[u8], directory: bool) -> Result<OwnedFd> {
    match find(path) {
        Err(Errno::NOENT) => {}
        result => return result,
    }
    let mut parent = find(b"/")?;
    let mut end = 0;
    for name in path.split(|&byte| byte == b'/') {
        end += name.len() + 1;
        if name.is_empty() {
            continue;
        }
        let way = path.get(..end - 1).unwrap_or_default();
        let mut found = find(way);
        if matches!(found, Err(Errno::NOENT)) {
            let name = file::path(name)?;
            let last = path.get(end..).unwrap_or_default().iter().all(|&byte| byte == b'/');
            if directory || !last {
                file::make_directory(Dir::At(&parent), &name, 0o755)?;
            } else {
                file::make_file(Dir::At(&parent), &name, 0o644)?;
            }
            found = find(way);
        }
        parent = found?;
    }
    Ok(parent)
}
