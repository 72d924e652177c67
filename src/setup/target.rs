//! Where something is mounted inside: a place in the root that is there already, or is made for it.

use crate::error::Errno;
use crate::sys::Result;
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, Kind};
use crate::sys::mount;
use crate::sys::text::{self, PathBuffer};
use crate::sys::tree;

/// Attaches `mount` to `path`, which is made where it is missing and the root is writable. On entry the root is the
/// container's: whatever links `path` goes through, it ends inside.
pub(super) fn hang(mount: Fd, path: &[u8]) -> Result<()> {
    let directory = is_directory(&mount)?;
    let target = find_or_make(path, directory)?;
    check(&target, directory)?;
    mount::attach(&mount, Dir::at(&target), c"")?;
    target.close();
    mount.close();
    Ok(())
}

/// Whether it is one, and no file of whatever kind.
pub(super) fn is_directory(fd: &Fd) -> Result<bool> {
    Ok(file::kind(Dir::at(fd), c"")? == Kind::Directory)
}

/// What is at a path now.
pub(super) fn find(path: &[u8]) -> Result<Fd> {
    tree::open_inside(Dir::HERE, text::path(path, &mut PathBuffer::new())?)
}

/// A file goes onto a file and a directory onto a directory; the root and what shows the kernel stay what they are.
pub(super) fn check(target: &Fd, directory: bool) -> Result<()> {
    let root = tree::open_inside(Dir::HERE, c"/")?;
    if file::id(target)? == file::id(&root)? || file::is_procfs(target)? {
        return Err(Errno::BUSY);
    }
    root.close();
    match (is_directory(target)?, directory) {
        (true, false) => Err(Errno::ISDIR),
        (false, true) => Err(Errno::NOTDIR),
        _ => Ok(()),
    }
}

/// What is at a path now, or else a new directory or an empty file, and directories on the way to it. Nothing is made
/// through a link that leads to nothing.
pub(super) fn find_or_make(path: &[u8], directory: bool) -> Result<Fd> {
    match find(path) {
        Err(Errno::NOENT) => {}
        result => return result,
    }
    let mut parent = tree::open_inside(Dir::HERE, c"/")?;
    for (last, byte) in path.iter().enumerate() {
        let rest = path.get(last + 1..).unwrap_or_default();
        if *byte == b'/' || !matches!(rest, [] | [b'/', ..]) {
            continue;
        }
        // A name ends here; so does the way to it.
        let mut room = PathBuffer::new();
        let way = text::path(path.get(..=last).unwrap_or_default(), &mut room)?;
        let found = match tree::open_inside(Dir::HERE, way) {
            Err(Errno::NOENT) => {
                let start = way.to_bytes().iter().rposition(|&byte| byte == b'/').unwrap_or_default();
                let name = way.to_bytes_with_nul().get(start + 1..).unwrap_or_default();
                let name = text::terminated(name).unwrap_or_default();
                if directory || rest.iter().any(|&byte| byte != b'/') {
                    file::make_directory(Dir::at(&parent), name, 0o755)?;
                } else {
                    file::make_file(Dir::at(&parent), name, 0o644)?;
                }
                tree::open_inside(Dir::HERE, way)?
            }
            found => found?,
        };
        parent.close();
        parent = found;
    }
    Ok(parent)
}
