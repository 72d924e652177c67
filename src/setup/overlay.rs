//! `-x` and `--upper`: writes go to an overlay, and the root filesystem stays as it is.
//!
//! Where nothing is mounted below the root, one overlay does it. Where something is, the kernel lets nobody in a user
//! namespace look below those mounts, and so refuses an overlay of the directories that hold them. Then the root is put
//! together: for every such directory an overlay of a skeleton, which has its entries and nothing in them, and on that
//! an overlay for every entry that can have one; files that lie beside mount points, and filesystems that take no
//! overlay, are there read-only. All uppers are one tree with the shape of the root, so a list of changes and a later
//! run need not know how it was put together:
//!
//! ```text
//! DIR/upper    what was written, as overlayfs keeps it (user.overlay.* attributes)
//! DIR/work/N   overlayfs's own, one for each overlay
//! ```
//!
//! With `-x`, DIR is a directory in a tmpfs that only I ever holds.
//!
//! An overlay costs the kernel far more than a bind mount, when it ends above all. So there are [`OVERLAYS_MAX`] at
//! most, no directory with mounts below it takes all that is left, and what is beyond is read-only.

use super::root::Root;
use crate::config::{Config, Files, Proc, Writes};
use crate::error::{At, Errno, Error, Object, Step};
use crate::sys::Result;
use crate::sys::digits;
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, Kind};
use crate::sys::mount::{self, Attributes, Depth};
use crate::sys::tree;
use core::ffi::CStr;

/// How many overlays a root is put together of.
const OVERLAYS_MAX: u32 = 256;

/// Takes the directory of `--upper` from the host, cut off from it. On entry every path is the host's, and I has the
/// rights of the caller.
pub(super) fn take_directory(config: &Config) -> core::result::Result<Option<Fd>, Error> {
    let Writes::Upper(path) = config.files.writes else { return Ok(None) };
    take(path).map(Some).at(Step::Open, Object::Upper)
}

fn take(path: &CStr) -> Result<Fd> {
    let directory = mount::clone_tree(Dir::HERE, path, Depth::Recursive)?;
    mount::make_private(&directory, Depth::Recursive, Attributes::NO_DEV, Attributes::default())?;
    Ok(directory)
}

/// Covers `rootfs`, a recursive copy. On entry every path is the host's, and I is somebody inside: who nobody is there
/// cannot make a file.
///
/// Before Linux 6.15 overlayfs takes only what is attached. So everything hangs in a tmpfs on top of the host's root,
/// which goes where that goes; it is the working directory on return.
pub(super) fn cover(config: &Config, rootfs: Fd, kept: Option<Fd>) -> Result<Root> {
    let scratch = mount::make(c"tmpfs", &[(c"mode", c"700")], Attributes::NO_DEV)?;
    mount::attach(&scratch, Dir::HERE, c"/")?;
    file::change_directory_to(&scratch)?;
    for name in &[c"kept", c"below", c"root", c"skeletons", c"probe"] {
        file::make_directory(Dir::HERE, name, 0o755)?;
    }
    mount::attach(&rootfs, Dir::HERE, c"below")?;
    if let Some(kept) = kept {
        mount::attach(&kept, Dir::HERE, c"kept")?;
    }
    // Through the mount, where one is.
    let kept = tree::hold_entry(&scratch, c"kept")?;
    let upper = tree::make_like(&kept, c"upper", &rootfs)?;
    let mut layers = Layers {
        works: tree::make_like(&kept, c"work", &scratch)?,
        skeletons: tree::hold_entry(&scratch, c"skeletons")?,
        count: 0,
        files: &config.files,
        locked: config.has_user_namespace(),
    };
    let composed = layers.has_mounts(&rootfs)?;
    let mount = if composed {
        layers.visit(&rootfs, &upper, &scratch, c"root", OVERLAYS_MAX)?
    } else {
        layers.overlay(&rootfs, &upper, &scratch, c"root")?
    };
    Ok(Root { mount, composed, layers: Some((upper, rootfs)) })
}

/// What the overlays of a run share.
struct Layers<'a> {
    /// Where each has a directory for itself.
    works: Fd,
    /// Where skeletons are made.
    skeletons: Fd,
    count: u32,
    /// What mounts of our own there will be.
    files: &'a Files,
    /// Whether what is mounted below the root is locked there.
    locked: bool,
}

impl Layers<'_> {
    /// Whether something is mounted below a directory.
    fn has_mounts(&self, directory: &Fd) -> Result<bool> {
        // Where it is locked, nobody here may look under it, and nothing with it there can be copied alone.
        let depth = if self.locked { Depth::One } else { Depth::Recursive };
        let probed = mount::clone_tree(Dir::at(directory), c"", depth).and_then(|copy| {
            let attached = if self.locked { Ok(()) } else { mount::attach(&copy, Dir::HERE, c"probe") };
            copy.close();
            attached?;
            if self.locked { Ok(()) } else { mount::detach_unused(c"probe") }
        });
        match probed {
            Err(Errno::INVAL | Errno::BUSY) => Ok(true),
            result => result.map(|()| false),
        }
    }

    /// Whether a mount of our own will cover this directory in the root.
    fn will_be_covered(&self, name: &CStr) -> bool {
        match name.to_bytes() {
            b"proc" => self.files.proc != Proc::None,
            b"sys" => !self.files.no_sys,
            b"dev" => !self.files.no_dev,
            _ => false,
        }
    }

    /// Puts a directory with mounts below it together, at `name` in `into`, while there are no more than `limit` overlays.
    fn visit(&mut self, below: &Fd, upper: &Fd, into: &Fd, name: &CStr, limit: u32) -> Result<Fd> {
        let skeleton = self.numbered(&self.skeletons, below)?;
        fill(&skeleton, below)?;
        let top = self.count == 0;
        let made = self.overlay(&skeleton, upper, into, name)?;
        skeleton.close();
        tree::entries(below, &mut |name| {
            if top && self.will_be_covered(name) {
                return Ok(());
            }
            let entry = tree::hold_entry(below, name)?;
            let hung = self.hang(&made, upper, name, &entry, limit);
            entry.close();
            match hung {
                // An earlier run has deleted it, or put something else in its place.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(()),
                result => result,
            }
        })?;
        Ok(made)
    }

    fn hang(&mut self, made: &Fd, upper: &Fd, name: &CStr, below: &Fd, limit: u32) -> Result<()> {
        let kind = file::kind(Dir::at(below), c"")?;
        if kind == Kind::Link {
            return Ok(());
        }
        if kind == Kind::Directory && self.count < limit {
            let upper = tree::make_like(upper, name, below)?;
            let hung = if self.has_mounts(below)? {
                // It leaves a quarter of what there may be to what comes after it.
                self.visit(below, &upper, made, name, limit - (limit - self.count) / 4)
            } else {
                self.overlay(below, &upper, made, name)
            };
            upper.close();
            match hung {
                Ok(overlay) => {
                    overlay.close();
                    return Ok(());
                }
                // Something has run out, which says nothing of the filesystem.
                Err(Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::NOSPC | Errno::DQUOT | Errno::IO) => {
                    return hung.map(Fd::close);
                }
                // Whatever else a filesystem says that takes no overlay: it is read-only.
                Err(_) => {}
            }
        }
        let copy = copy_read_only(below)?;
        let attached = mount::attach(&copy, Dir::at(made), name);
        copy.close();
        attached
    }

    /// A directory with the number of the next overlay.
    fn numbered(&self, directory: &Fd, like: &Fd) -> Result<Fd> {
        tree::make_like(directory, digits::decimal(b"", self.count, &mut [0; 40]), like)
    }

    /// An overlay on a directory, attached at `name` in `into`.
    fn overlay(&mut self, below: &Fd, upper: &Fd, into: &Fd, name: &CStr) -> Result<Fd> {
        let work = self.numbered(&self.works, &self.works)?;
        self.count += 1;
        let (mut lower_room, mut upper_room, mut work_room) = ([0; 40], [0; 40], [0; 40]);
        let settings = [
            (c"userxattr", c""),
            (c"lowerdir", mount::by_descriptor(below, &mut lower_room)),
            (c"upperdir", mount::by_descriptor(upper, &mut upper_room)),
            (c"workdir", mount::by_descriptor(&work, &mut work_room)),
        ];
        let overlay = mount::make_one_of_many(c"overlay", &settings, Attributes::NO_DEV);
        work.close();
        let overlay = overlay?;
        // Nothing is left open but where attaching fails, and that ends most things.
        mount::attach(&overlay, Dir::at(into), name).map(|()| overlay)
    }
}

/// Makes the skeleton of a directory: its entries, with nothing in them.
fn fill(skeleton: &Fd, below: &Fd) -> Result<()> {
    tree::entries(below, &mut |name| {
        let entry = tree::hold_entry(below, name)?;
        match file::kind(Dir::at(&entry), c"")? {
            Kind::Directory => tree::make_like(skeleton, name, &entry)?.close(),
            Kind::Link => file::make_link(Dir::at(skeleton), name, tree::read_link(&entry, &mut [0; 4096])?)?,
            _ => file::make_file(Dir::at(skeleton), name, 0o444)?,
        }
        entry.close();
        Ok(())
    })
}

/// What takes no overlay is there all the same, but nothing reaches it.
fn copy_read_only(below: &Fd) -> Result<Fd> {
    let copy = mount::clone_tree(Dir::at(below), c"", Depth::Recursive)?;
    mount::make_private(&copy, Depth::Recursive, Attributes::READ_ONLY.and(Attributes::NO_DEV), Attributes::default())?;
    Ok(copy)
}
