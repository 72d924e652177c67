//! The root: taken hold of once, then stepped into.

use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Step};
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, Kind};
use crate::sys::mount::{self, Attributes, Depth};

/// A copy of the root filesystem with all that is mounted below it, cut off from the host: what is mounted here does
/// not show there, nor the other way round. Device nodes in it mean nothing, whoever made them.
///
/// The path is resolved here and never again.
pub(super) fn open(config: &Config) -> Result<Fd, Error> {
    let path = config.rootfs.ok_or(Errno::NOENT).at(Step::OpenRoot, Object::Rootfs)?;
    let root = mount::clone_tree(Dir::Here, path, Depth::Recursive).at(Step::OpenRoot, Object::Rootfs)?;
    if file::kind(Dir::At(&root), c"").at(Step::OpenRoot, Object::Rootfs)? != Kind::Directory {
        return Err(Error::new(Step::OpenRoot, Object::Rootfs, Errno::NOTDIR));
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

/// No writes to the root nor to what is mounted below it. What is mounted later is not touched.
pub(super) fn make_read_only(root: &Fd) -> Result<(), Error> {
    mount::set_attributes(root, Depth::Recursive, Attributes::READ_ONLY, Attributes::default())
        .at(Step::ProtectRoot, Object::Rootfs)
}
