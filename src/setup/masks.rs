//! What root of the host must not reach, though it is root inside: docker's masked and read-only paths.
//!
//! Only where the host's root is mapped inside: to the kernel it is the same user, and what files in /proc ask is who,
//! not where (`/proc/sys/kernel/core_pattern`). The masks hold because C gets a user and a mount namespace below these
//! ([`inner_namespaces`]): what is mounted here can be neither unmounted nor remounted there (mount_namespaces(7)).

use super::dev;
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, Kind};
use crate::sys::mount::{self, Attributes, Depth};
use core::ffi::CStr;

/// Below /proc: reads as empty.
const MASKED_PROC: [&CStr; 10] = [
    c"acpi",
    c"asound",
    c"interrupts",
    c"kcore",
    c"keys",
    c"latency_stats",
    c"sched_debug",
    c"scsi",
    c"timer_list",
    c"timer_stats",
];

/// Below /proc: cannot be written.
const READ_ONLY_PROC: [&CStr; 5] = [c"bus", c"fs", c"irq", c"sys", c"sysrq-trigger"];

/// Below /sys: reads as empty.
const MASKED_SYS: [&CStr; 2] = [c"devices/virtual/powercap", c"firmware"];

const LOCKED: Attributes =
    Attributes::READ_ONLY.and(Attributes::NO_SUID).and(Attributes::NO_DEV).and(Attributes::NO_EXEC);

/// Whether the host's root is somebody inside: then it owns the files of a new procfs, and not the overflow user.
pub(super) fn host_root_is_inside(proc: &Fd) -> Result<bool, Error> {
    Ok(file::owner(Dir::At(proc), c"sys").at(Step::Read, Object::Place(Place::Proc))? == 0)
}

/// Masks what there is of the lists. Both mounts are attached by now, and so are the devices.
pub(super) fn hang(proc: &Fd, sys: Option<&Fd>, devices: &dev::Devices) -> Result<(), Error> {
    let at = |result: Result<(), Errno>| result.at(Step::Mount, Object::Place(Place::Masks));
    let nothing = mount::open_filesystem(c"tmpfs")
        .and_then(|filesystem| filesystem.set(c"nr_inodes", c"1")?.mount(LOCKED))
        .at(Step::Mount, Object::Place(Place::Masks))?;
    let mut covers = Covers { null: devices.null(), nothing: &nothing, hung: false };
    for path in MASKED_PROC {
        at(covers.mask(Dir::At(proc), path))?;
    }
    if let Some(sys) = sys {
        for path in MASKED_SYS {
            at(covers.mask(Dir::At(sys), path))?;
        }
    }
    for path in READ_ONLY_PROC {
        at(make_read_only(Dir::At(proc), path))?;
    }
    Ok(())
}

/// What masks.
struct Covers<'a> {
    /// For files.
    null: &'a Fd,
    /// For directories.
    nothing: &'a Fd,
    /// Whether `nothing` is attached somewhere: before Linux 6.15, what is not cannot be copied.
    hung: bool,
}

impl Covers<'_> {
    /// Puts nothing over a file or a directory, if it is there.
    fn mask(&mut self, dir: Dir<'_>, path: &CStr) -> Result<(), Errno> {
        let cover = match file::kind(dir, path) {
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(errno),
            Ok(Kind::Directory) if !self.hung => {
                self.hung = true;
                return mount::attach(self.nothing, dir, path);
            }
            Ok(Kind::Directory) => self.nothing,
            Ok(_) => self.null,
        };
        mount::attach(&mount::clone_tree(Dir::At(cover), c"", Depth::One)?, dir, path)
    }
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
