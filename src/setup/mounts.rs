//! `--volume`, `--tmpfs` and `--mask`, in the order of the command line.

use super::masks::Masks;
use super::target;
use crate::config::{Config, MOUNTS_MAX, Mount, Tmpfs, Volume};
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::sys::Result;
use crate::sys::digits::{self, Base};
use crate::sys::fd::{Dir, Fd};
use crate::sys::mount::{self, Attributes, Depth};
use crate::sys::once::Once;
use crate::sys::text::{self, PathBuffer};
use heapless::Vec;

/// What was taken from the host for each of `config.files.mounts`: nothing but for volumes.
pub(super) type Sources = [Option<Fd>];

/// Too large for the stack, and not touched by a run that has none.
static SOURCES: Once<Vec<Option<Fd>, MOUNTS_MAX>> = Once::new(Vec::new());

/// Takes the volumes from the host, detached. On entry every path is the host's, and I has the rights of the caller.
pub(super) fn open(config: &Config) -> core::result::Result<&'static mut Sources, Error> {
    if config.files.mounts.is_empty() {
        return Ok(&mut []);
    }
    let sources = SOURCES.take().ok_or(Errno::BUSY).at(Step::SetUp, Object::Place(Place::Container))?;
    for (index, mount) in (0..).zip(&config.files.mounts) {
        let source = match mount {
            Mount::Volume(volume) => open_volume(volume).at(Step::Bind, Object::MountSource(index))?,
            Mount::Tmpfs(_) | Mount::Mask(_) => None,
        };
        // Cannot be: the two lists have the same capacity.
        sources.push(source).map_err(|_| Errno::NOSPC).at(Step::Bind, Object::MountSource(index))?;
    }
    Ok(sources)
}

/// `None` where it is missing and may be.
fn open_volume(volume: &Volume) -> Result<Option<Fd>> {
    let depth = if volume.not_recursive { Depth::One } else { Depth::Recursive };
    let source = match mount::clone_tree(Dir::HERE, text::path(volume.source, &mut PathBuffer::new())?, depth) {
        Err(Errno::NOENT) if volume.optional => return Ok(None),
        result => result?,
    };
    let attributes = Attributes::default()
        .and_if(volume.read_only, Attributes::READ_ONLY)
        .and_if(volume.no_exec, Attributes::NO_EXEC)
        .and_if(!volume.suid, Attributes::NO_SUID)
        .and_if(!volume.dev, Attributes::NO_DEV);
    mount::make_private(&source, depth, attributes, Attributes::default())?;
    Ok(Some(source))
}

/// Attaches everything. On entry every path is the container's, and /proc, /sys and /dev are there.
pub(super) fn hang(config: &Config, sources: &mut Sources, masks: &mut Masks) -> core::result::Result<(), Error> {
    for (index, (mount, source)) in (0..).zip(config.files.mounts.iter().zip(sources)) {
        let result = match (mount, source.take()) {
            (Mount::Volume(volume), Some(source)) => target::hang(source, volume.target),
            // It is missing, and may be.
            (Mount::Volume(_), None) => Ok(()),
            (Mount::Tmpfs(tmpfs), _) => open_tmpfs(tmpfs).and_then(|mount| target::hang(mount, tmpfs.target)),
            (Mount::Mask(path), _) => masks.put_over(path),
        };
        result.at(Step::Mount, Object::MountTarget(index))?;
    }
    Ok(())
}

fn open_tmpfs(tmpfs: &Tmpfs) -> Result<Fd> {
    let (mut size, mut mode) = ([0; 40], [0; 40]);
    let attributes = Attributes::NO_SUID
        .and(Attributes::NO_DEV)
        .and_if(tmpfs.no_exec, Attributes::NO_EXEC)
        .and_if(tmpfs.read_only, Attributes::READ_ONLY);
    let settings = [
        (c"mode", digits::write(b"", u64::from(tmpfs.mode.unwrap_or(0o1777)), Base::Octal, &mut mode)),
        (c"size", digits::write(b"", tmpfs.size.unwrap_or_default(), Base::Decimal, &mut size)),
    ];
    let [mode, _] = &settings;
    // The kernel's own size is half of memory; 0 would be none at all.
    mount::make_one_of_many(
        c"tmpfs",
        if tmpfs.size.is_some() { &settings } else { core::slice::from_ref(mode) },
        attributes,
    )
}
