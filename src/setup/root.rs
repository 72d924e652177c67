//! The root: taken hold of once, then stepped into.

use crate::error::{At, Errno, Error, Object, Step};
use crate::handover::Handover;
use crate::sys::fd::{Dir, Fd};
use crate::sys::file;
use crate::sys::mount::{self, Attributes, Depth};

/// A copy of the root filesystem with all that is mounted below it, cut off from the host: what is mounted here does
/// not show there, nor the other way round. Device nodes in it mean nothing, whoever made them.
///
/// The path is resolved here and never again; it must lead to what O found there.
pub(super) fn open(handover: &Handover) -> Result<Fd, Error> {
    let config = handover.config;
    let path = config.rootfs.ok_or(Errno::NOENT).at(Step::OpenRoot, Object::Rootfs)?;
    let root = mount::clone_tree(Dir::Here, path, Depth::Recursive).at(Step::OpenRoot, Object::Rootfs)?;
    if Some(file::id(&root).at(Step::OpenRoot, Object::Rootfs)?) != handover.root {
        return Err(Error::new(Step::OpenRoot, Object::Rootfs, Errno::STALE));
    }
    mount::make_private(&root, Depth::Recursive, Attributes::NO_DEV, Attributes::default())
        .at(Step::ProtectRoot, Object::Rootfs)?;
    Ok(root)
}

/// Steps into the root and leaves the host behind. On return no host path exists any more.
///
/// No directory is needed for the old root, neither here nor there: it is put on top of the new one and taken away.
pub(super) fn enter(root: &Fd) -> Result<(), Error> {
    mount::attach(root, Dir::Here, c"/").at(Step::EnterRoot, Object::Rootfs)?;
    file::change_directory_to(root).at(Step::EnterRoot, Object::Rootfs)?;
    mount::pivot_here().at(Step::EnterRoot, Object::Rootfs)?;
    mount::detach_here().at(Step::LeaveHost, Object::Rootfs)
}
