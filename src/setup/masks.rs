//! What reads as empty and cannot be written: docker's masked and read-only paths, and `--mask`.
//!
//! Docker's are for what root of the host must not reach, though it is root inside. Only where the host's root is mapped
//! inside: to the kernel it is the same user, and what files in /proc ask is who, not where
//! (`/proc/sys/kernel/core_pattern`). Masks hold because C gets a user and a mount namespace below I's
//! ([`super::inner_namespaces`]): what is mounted here can be neither unmounted nor remounted there
//! (mount_namespaces(7)).

use super::target;
use crate::config::Config;
use crate::error::Errno;
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, Kind};
use crate::sys::mount::{self, Attributes, Depth};
use crate::sys::text;
use core::ffi::CStr;

/// Below /proc: reads as empty. One text a table, a NUL behind each name.
const MASKED_PROC: &[u8] =
    b"acpi\0asound\0interrupts\0kcore\0keys\0latency_stats\0sched_debug\0scsi\0timer_list\0timer_stats\0";

/// Below /proc: cannot be written.
const READ_ONLY_PROC: &[u8] = b"bus\0fs\0irq\0sys\0sysrq-trigger\0";

/// Below /sys: reads as empty.
const MASKED_SYS: &[u8] = b"devices/virtual/powercap\0firmware\0";

/// The names of a table.
fn names(mut table: &'static [u8]) -> impl Iterator<Item = &'static CStr> {
    core::iter::from_fn(move || {
        let name = text::terminated(table)?;
        table = table.get(name.count_bytes() + 1..)?;
        Some(name)
    })
}

const LOCKED: Attributes =
    Attributes::READ_ONLY.and(Attributes::NO_SUID).and(Attributes::NO_DEV).and(Attributes::NO_EXEC);

/// The user that the kernel shows for one that is not mapped (/proc/sys/kernel/overflowuid).
const OVERFLOW_USER: u32 = 65534;

/// Something with nothing in it, to be put over other things, as often as it takes.
struct Cover {
    mount: Fd,
    /// Before Linux 6.15 only a mount that is attached can be copied: so the first place gets the mount itself.
    attached: bool,
}

impl Cover {
    const fn new(mount: Fd) -> Self {
        Self { mount, attached: false }
    }

    fn put(&mut self, dir: Dir<'_>, path: &CStr) -> Result<(), Errno> {
        if self.attached {
            let copy = mount::clone_tree(Dir::at(&self.mount), c"", Depth::One)?;
            mount::attach(&copy, dir, path)?;
            copy.close();
            return Ok(());
        }
        self.attached = true;
        mount::attach(&self.mount, dir, path)
    }
}

/// The covers, made when they are first needed.
#[derive(Default)]
pub(super) struct Masks {
    directory: Option<Cover>,
    file: Option<Cover>,
}

impl Masks {
    /// With a directory for them that is there already.
    pub(super) fn with(directory: Fd) -> Result<Self, Errno> {
        mount::set_attributes(&directory, Depth::One, LOCKED, Attributes::default())?;
        Ok(Self { directory: Some(Cover::new(directory)), file: None })
    }

    /// The cover for this kind of thing.
    fn cover(&mut self, directory: bool) -> Result<&mut Cover, Errno> {
        let slot = if directory { &mut self.directory } else { &mut self.file };
        if slot.is_none() {
            *slot = Some(Cover::new(if directory { empty_directory()? } else { empty_file()? }));
        }
        slot.as_mut().ok_or(Errno::NOENT)
    }

    /// `--mask`: over a path inside, which must be there. A path that is missing is no path that reads as empty.
    pub(super) fn put_over(&mut self, path: &[u8]) -> Result<(), Errno> {
        let target = target::find(path)?;
        let directory = target::is_directory(&target)?;
        target::check(&target, directory)?;
        self.cover(directory)?.put(Dir::at(&target), c"")?;
        target.close();
        Ok(())
    }

    /// `--proc none` and `--sys none`: a root that has the kernel's own there, as `/` has, does not show it either.
    pub(super) fn put_over_kernel(&mut self, path: &[u8]) -> Result<(), Errno> {
        let target = match target::find(path) {
            Err(Errno::NOENT) => return Ok(()),
            target => target?,
        };
        if file::shows_the_kernel(&target)? {
            self.cover(true)?.put(Dir::at(&target), c"")?;
        }
        target.close();
        Ok(())
    }

    /// Masks what there is of docker's lists. What they are below is attached by now.
    pub(super) fn hang(&mut self, proc: Option<&Fd>, sys: Option<&Fd>, null: Option<&Fd>) -> Result<(), Errno> {
        if let Some(proc) = proc {
            for path in names(MASKED_PROC) {
                self.put(proc, path, null)?;
            }
            for path in names(READ_ONLY_PROC) {
                make_read_only(Dir::at(proc), path)?;
            }
        }
        if let Some(sys) = sys {
            for path in names(MASKED_SYS) {
                self.put(sys, path, null)?;
            }
        }
        Ok(())
    }

    /// Puts nothing over a file or a directory, if it is there.
    fn put(&mut self, dir: &Fd, path: &CStr, null: Option<&Fd>) -> Result<(), Errno> {
        let dir = Dir::at(dir);
        let directory = match file::kind(dir, path) {
            Err(Errno::NOENT) => return Ok(()),
            kind => kind? == Kind::Directory,
        };
        match null {
            Some(null) if !directory => mount::attach(&mount::clone_tree(Dir::at(null), c"", Depth::One)?, dir, path),
            _ => self.cover(directory)?.put(dir, path),
        }
    }
}

fn empty_directory() -> Result<Fd, Errno> {
    mount::make(c"tmpfs", &[(c"nr_inodes", c"1"), (c"mode", c"555")], LOCKED)
}

/// A file in a tmpfs that is mounted nowhere else. To take it, the tmpfs hangs over the root for a moment.
fn empty_file() -> Result<Fd, Errno> {
    let filesystem = mount::make(c"tmpfs", &[], Attributes::default())?;
    let dir = Dir::at(&filesystem);
    mount::attach(&filesystem, Dir::HERE, c".")?;
    let taken = file::make_file(dir, c"empty", 0o444).and_then(|()| mount::clone_tree(dir, c"empty", Depth::One));
    mount::detach_here()?;
    let taken = taken?;
    mount::set_attributes(&taken, Depth::One, LOCKED, Attributes::default())?;
    Ok(taken)
}

/// Puts a file or directory over itself, read-only, if it is there.
fn make_read_only(dir: Dir<'_>, path: &CStr) -> Result<(), Errno> {
    let cover = match mount::clone_tree(dir, path, Depth::Recursive) {
        Err(Errno::NOENT) => return Ok(()),
        result => result?,
    };
    mount::set_attributes(&cover, Depth::Recursive, LOCKED, Attributes::default())?;
    mount::attach(&cover, dir, path)
}

/// Whether the host's root is somebody inside: then it owns the files of the kernel's filesystems, and not the overflow
/// user, unless an explicit map makes it that one.
pub(super) fn host_root_is_inside(mount: &Fd, config: &Config) -> Result<bool, Errno> {
    let owner = file::owner(Dir::at(mount), c"")?;
    let mut said = config.identity.uid_map.iter();
    Ok(owner != OVERFLOW_USER || said.any(|range| (range.inside, range.outside) == (OVERFLOW_USER, 0)))
}
