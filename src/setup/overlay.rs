//! `-x` and `--upper`: writes go to an overlay, and the root filesystem stays as it is.
//!
//! Where nothing is mounted below the root, one overlay does it. Where something is, the kernel lets nobody in a user
//! namespace look below those mounts, and so refuses an overlay of the directories that hold them. Then the root is put
//! together: a skeleton of those directories, overlaid as a whole, and on it an overlay for every directory that can
//! have one; files that lie beside mount points, and filesystems that take no overlay, are there read-only. All uppers
//! are one tree with the shape of the root, so a list of changes and a later run need not know how it was put together:
//!
//! ```text
//! DIR/upper    what was written, as overlayfs keeps it (user.overlay.* attributes)
//! DIR/work/N   overlayfs's own, one for each overlay
//! ```
//!
//! With `-x`, DIR is a directory in a tmpfs that only I ever holds.

use super::root::Root;
use crate::config::{Config, Proc, Writes};
use crate::error::{At, Errno, Error, Object, Step};
use crate::sys::Result;
use crate::sys::digits;
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, Kind};
use crate::sys::mount::{self, Attributes, Depth};
use crate::sys::tree;
use core::ffi::CStr;

/// Covers `rootfs`, a recursive copy. On entry every path is the host's, and I has the rights of the caller.
pub(super) fn open(config: &Config, rootfs: Fd) -> core::result::Result<Root, Error> {
    let kept = match config.files.writes {
        Writes::Upper(path) => Some(take_directory(path).at(Step::Open, Object::Upper)?),
        Writes::Through | Writes::Ephemeral => None,
    };
    cover(config, rootfs, kept).at(Step::Overlay, Object::Upper)
}

/// The directory of `--upper`, cut off from the host.
fn take_directory(path: &CStr) -> Result<Fd> {
    let directory = mount::clone_tree(Dir::Here, path, Depth::Recursive)?;
    mount::make_private(&directory, Depth::Recursive, Attributes::NO_DEV, Attributes::default())?;
    Ok(directory)
}

/// Before Linux 6.15 overlayfs takes only what is attached. So everything hangs in a tmpfs on top of the host's root,
/// which goes where that goes.
fn cover(config: &Config, rootfs: Fd, kept: Option<Fd>) -> Result<Root> {
    let scratch = mount::make(c"tmpfs", &[(c"mode", c"700")], Attributes::NO_DEV)?;
    mount::attach(&scratch, Dir::Here, c"/")?;
    let here = Dir::At(&scratch);
    for name in &[c"kept", c"below", c"root", c"skeleton"] {
        file::make_directory(here, name, 0o755)?;
    }
    mount::attach(&rootfs, here, c"below")?;
    if let Some(kept) = kept {
        mount::attach(&kept, here, c"kept")?;
    }
    // Through the mount, where one is.
    let kept = tree::hold_entry(&scratch, c"kept")?;
    let upper = tree::make_like(&kept, c"upper", &rootfs)?;
    let files = &config.files;
    let ours = [(c"proc", files.proc == Proc::None), (c"sys", files.no_sys), (c"dev", files.no_dev)];
    let mut layers = Layers {
        works: tree::make_like(&kept, c"work", &scratch)?,
        count: 0,
        ours: ours.map(|(name, absent)| if absent { c"" } else { name }),
        depth: 0,
    };
    let composed = has_mounts(&rootfs)?;
    let skeleton = tree::hold_entry(&scratch, c"skeleton")?;
    if composed {
        layers.visit(Place { below: &rootfs, made: &skeleton, upper: None })?;
    }
    let mount = layers.overlay(if composed { &skeleton } else { &rootfs }, &upper)?;
    mount::attach(&mount, here, c"root")?;
    if composed {
        layers.visit(Place { below: &rootfs, made: &mount, upper: Some(&upper) })?;
    }
    Ok(Root { mount, composed, layers: Some((upper, rootfs)) })
}

/// Whether something is mounted below a directory that nobody here may look under.
fn has_mounts(directory: &Fd) -> Result<bool> {
    match mount::clone_tree(Dir::At(directory), c"", Depth::One) {
        Err(Errno::INVAL) => Ok(true),
        result => result.map(|copy| {
            copy.close();
            false
        }),
    }
}

/// What the overlays of a run share.
struct Layers {
    /// Where each has a directory for itself.
    works: Fd,
    count: u32,
    /// Directories in the root that mounts of our own will cover.
    ours: [&'static CStr; 3],
    depth: usize,
}

/// A directory with mounts below it, in its three forms.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// In the root filesystem.
    below: &'a Fd,
    /// In the skeleton, or in its overlay.
    made: &'a Fd,
    /// Among what was written; none as long as the skeleton is being made.
    upper: Option<&'a Fd>,
}

impl Layers {
    /// Makes the skeleton of a directory with mounts below it; or, once that is overlaid, hangs everything on it.
    fn visit(&mut self, place: Place<'_>) -> Result<()> {
        self.depth += 1;
        tree::entries(place.below, &mut |name| {
            let below = tree::hold_entry(place.below, name)?;
            let kind = file::kind(Dir::At(&below), c"")?;
            let ours = self.depth == 1 && self.ours.contains(&name);
            let result = match place.upper {
                None => self.make(place.made, name, &below, kind, ours),
                Some(_) if ours => Ok(()),
                Some(upper) => match self.hang(place.made, upper, name, &below, kind) {
                    // An earlier run has deleted it, or put something else in its place.
                    Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(()),
                    result => result,
                },
            };
            below.close();
            result
        })?;
        self.depth -= 1;
        Ok(())
    }

    fn make(&mut self, skeleton: &Fd, name: &CStr, below: &Fd, kind: Kind, ours: bool) -> Result<()> {
        match kind {
            Kind::Directory => {
                let made = tree::make_like(skeleton, name, below)?;
                if !ours && has_mounts(below)? {
                    self.visit(Place { below, made: &made, upper: None })?;
                }
                made.close();
                Ok(())
            }
            Kind::Link => file::make_link(Dir::At(skeleton), name, &tree::read_link(below)?),
            _ => file::make_file(Dir::At(skeleton), name, 0o444),
        }
    }

    fn hang(&mut self, made: &Fd, upper: &Fd, name: &CStr, below: &Fd, kind: Kind) -> Result<()> {
        let overlay = match kind {
            Kind::Link => return Ok(()),
            Kind::Directory => {
                let upper = tree::make_like(upper, name, below)?;
                if has_mounts(below)? {
                    let made = tree::open_below(made, name)?;
                    self.visit(Place { below, made: &made, upper: Some(&upper) })?;
                    made.close();
                    upper.close();
                    return Ok(());
                }
                let overlay = self.overlay(below, &upper).ok();
                upper.close();
                overlay
            }
            _ => None,
        };
        let cover = overlay.map_or_else(|| copy_read_only(below), Ok)?;
        let attached = mount::attach(&cover, Dir::At(made), name);
        cover.close();
        attached
    }

    /// An overlay on a directory, attached to nothing.
    fn overlay(&mut self, below: &Fd, upper: &Fd) -> Result<Fd> {
        let mut room = [0; 40];
        let work = digits::decimal(b"", self.count, &mut room);
        let work = tree::make_like(&self.works, work, &self.works)?;
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
        overlay
    }
}

/// What takes no overlay is there all the same, but nothing reaches it.
fn copy_read_only(below: &Fd) -> Result<Fd> {
    let copy = mount::clone_tree(Dir::At(below), c"", Depth::Recursive)?;
    mount::make_private(&copy, Depth::Recursive, Attributes::READ_ONLY.and(Attributes::NO_DEV), Attributes::default())?;
    Ok(copy)
}
