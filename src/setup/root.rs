//! The root: taken hold of once, then stepped into.

use super::overlay;
use crate::config::{Config, Writes};
use crate::error::{At, Errno, Error, Object, Step};
use crate::handover::Handover;
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, FileId};
use crate::sys::mount::{self, Attributes, Depth};
use crate::sys::tree;
use core::ffi::CStr;

/// What will be the root.
pub(super) struct Root {
    /// Not entered yet.
    pub(super) mount: Fd,
    /// Whether parts of it are read-only, and must be locked to stay so.
    pub(super) composed: bool,
    /// Where writes go and what they leave as it is, where that is not the same.
    pub(super) layers: Option<(Fd, Fd)>,
}

/// What the root is made of, taken from the host and cut off from it.
pub(super) struct Parts {
    rootfs: Fd,
    /// The directory of `--upper`.
    kept: Option<Fd>,
}

impl Parts {
    /// Whether nothing can be mounted at this path, since nothing is there. To take a mount from the host for nothing is
    /// dear: the kernel waits for every CPU when it is let go. This only spares that; what is mounted is resolved after the
    /// step into the root. Where there will be an overlay, that one may have what is not here.
    pub(super) fn lacks(&self, config: &Config, path: &CStr) -> bool {
        if !matches!(config.files.writes, Writes::Through) {
            return false;
        }
        match tree::open_inside(Dir::at(&self.rootfs), path) {
            Ok(found) => {
                found.close();
                false
            }
            Err(errno) => errno == Errno::NOENT,
        }
    }
}

/// A copy of the root filesystem with all that is mounted below it, cut off from the host: what is mounted here does
/// not show there, nor the other way round. Device nodes in it mean nothing, whoever made them.
///
/// The path is resolved here and never again; it must lead to what O found there.
pub(super) fn open(handover: &Handover) -> Result<Parts, Error> {
    let config = handover.config;
    let path = config.rootfs.ok_or(Errno::NOENT).at(Step::OpenRoot, Object::Rootfs)?;
    let rootfs = take(path, handover.root).at(Step::OpenRoot, Object::Rootfs)?;
    mount::make_private(&rootfs, Depth::Recursive, Attributes::NO_DEV, Attributes::default())
        .at(Step::ProtectRoot, Object::Rootfs)?;
    Ok(Parts { rootfs, kept: overlay::take_directory(config)? })
}

/// The root of them: with `-x` and `--upper`, an overlay. On entry I is somebody inside.
pub(super) fn make(parts: Parts, config: &Config) -> Result<Root, Error> {
    if matches!(config.files.writes, Writes::Through) {
        return Ok(Root { mount: parts.rootfs, composed: false, layers: None });
    }
    overlay::cover(config, parts.rootfs, parts.kept).at(Step::Overlay, Object::Upper)
}

fn take(path: &CStr, expected: FileId) -> Result<Fd, Errno> {
    let root = mount::clone_tree(Dir::HERE, path, Depth::Recursive)?;
    if file::id(&root)? == expected { Ok(root) } else { Err(Errno::STALE) }
}

/// Steps into the root and leaves the host behind. On return no host path exists any more.
///
/// No directory is needed for the old root, neither here nor there: it is put on top of the new one and taken away.
pub(super) fn enter(root: &Root) -> Result<(), Error> {
    mount::attach(&root.mount, Dir::HERE, c"/")
        .and_then(|()| file::change_directory_to(&root.mount))
        .and_then(|()| mount::pivot_here())
        .at(Step::EnterRoot, Object::Rootfs)?;
    if root.layers.is_some() {
        // On top of the old root is what the overlay was made in.
        mount::detach_here().at(Step::LeaveHost, Object::Rootfs)?;
    }
    mount::detach_here().at(Step::LeaveHost, Object::Rootfs)
}

/// No writes to what is mounted below the root now; to the root itself not yet, since mount points are still to be made.
pub(super) fn protect(root: &Root) -> Result<(), Error> {
    let (none, read_only) = (Attributes::default(), Attributes::READ_ONLY);
    mount::set_attributes(&root.mount, Depth::Recursive, read_only, none).at(Step::ProtectRoot, Object::Rootfs)?;
    // EPERM: the host has it read-only, and nobody here can change that.
    let _ = mount::set_attributes(&root.mount, Depth::One, none, read_only);
    Ok(())
}

/// No writes to the root any more. What has been mounted on it is not touched.
pub(super) fn seal(root: &Root) -> Result<(), Error> {
    mount::set_attributes(&root.mount, Depth::One, Attributes::READ_ONLY, Attributes::default())
        .at(Step::ProtectRoot, Object::Rootfs)
}
