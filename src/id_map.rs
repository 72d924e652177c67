//! Id maps: which user and group ids of a user namespace are which of its parent (user_namespaces(7)).
//!
//! O writes I's, from the host; as root, I writes C's, from the container. Both through a procfs that is known to be one.

use crate::config::{IdRange, MAP_LINES_MAX};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::fields::{self, Lines};
use crate::sys::digits::{self, decimal};
use crate::sys::fd::{Dir, Fd};
use crate::sys::file;
use crate::sys::process::Pid;
use core::ffi::CStr;
use heapless::Vec;

/// Users or groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// User ids.
    Users,
    /// Group ids.
    Groups,
}

impl Kind {
    /// The file below /proc/PID.
    const fn file(self) -> &'static CStr {
        match self {
            Self::Users => c"uid_map",
            Self::Groups => c"gid_map",
        }
    }

    /// The caller's own file, from the root of a procfs and from the root.
    const fn own_file(self, procfs: Option<&Fd>) -> (Dir<'_>, &'static CStr) {
        match (procfs, self) {
            (Some(procfs), Self::Users) => (Dir::at(procfs), c"self/uid_map"),
            (Some(procfs), Self::Groups) => (Dir::at(procfs), c"self/gid_map"),
            (None, Self::Users) => (Dir::HERE, c"/proc/self/uid_map"),
            (None, Self::Groups) => (Dir::HERE, c"/proc/self/gid_map"),
        }
    }

    const fn object(self) -> Object {
        match self {
            Self::Users => Object::Place(Place::UidMap),
            Self::Groups => Object::Place(Place::GidMap),
        }
    }
}

/// The kernel takes no more than a page at once.
const TEXT_BYTES: usize = 4096;

/// The lines of a map.
pub type Ranges = Vec<IdRange, MAP_LINES_MAX>;

/// Every id of the caller's own namespace, each mapped onto itself; as told by the procfs at /proc, or by this one.
///
/// # Errors
/// See open(2) and read(2); E2BIG for more lines than Linux has.
fn identity(proc: Option<&Fd>, kind: Kind) -> Result<Ranges, Error> {
    let mut ranges = Ranges::new();
    let collect = &mut |lines: &mut Lines| {
        let mut numbers = [0_u32; 3];
        for value in &mut numbers {
            let mut word = None;
            // The kernel pads the columns with blanks.
            while word.is_none() && lines.has_more() {
                word = digits::read(lines.field(b' '));
            }
            *value = word.unwrap_or_default();
        }
        let [inside, _, count] = numbers;
        if ranges.push(IdRange { inside, outside: inside, count }).is_err() {
            lines.fail(Errno::TOO_BIG);
        }
        false
    };
    let (dir, path) = kind.own_file(proc);
    file::open_read(dir, path).and_then(|file| fields::read_open(file, collect)).at(Step::Read, kind.object())?;
    Ok(ranges)
}

/// The number of the caller's only child, as this procfs has it: it may be that of another PID namespace.
///
/// # Errors
/// ENOENT where the kernel was built without CONFIG_PROC_CHILDREN.
pub fn only_child(proc: &Fd) -> Result<Pid, Error> {
    let mut child = None;
    file::open_read(Dir::at(proc), c"thread-self/children")
        .and_then(|children| {
            fields::read_open(children, &mut |lines| {
                child = digits::read(lines.field(b' '));
                true
            })
        })
        .and_then(|_| child.ok_or(Errno::SRCH))
        .at(Step::Read, Object::Place(Place::Proc))
        .map(|pid| pid as Pid)
}

/// The directory of a process in the procfs at /proc, or in this one; checked to be one, since whoever can put another
/// filesystem there could make engine believe in maps that were never written.
///
/// # Errors
/// See open(2) and statfs(2).
pub fn process_directory(procfs: Option<&Fd>, pid: Pid) -> Result<Fd, Error> {
    let proc = Object::Place(Place::Proc);
    let process = open_process(procfs, pid).and_then(|process| Ok((file::is_procfs(&process)?, process)));
    match process.at(Step::Open, proc)? {
        (true, process) => Ok(process),
        (false, _) => Err(Error::because(Step::Open, proc, Why::NotProcfs)),
    }
}

fn open_process(procfs: Option<&Fd>, pid: Pid) -> Result<Fd, Errno> {
    let mut room = [0; 40];
    match procfs {
        Some(procfs) => file::open_directory(Dir::at(procfs), decimal(b"", pid.unsigned_abs(), &mut room)),
        None => file::open_directory(Dir::HERE, decimal(b"/proc/", pid.unsigned_abs(), &mut room)),
    }
}

/// Writes a map; `process` is what [`process_directory`] gave. The kernel takes a map once, in one write or not at all.
///
/// # Errors
/// EPERM where the caller may not map these ids, E2BIG where the text of the map is longer than a page.
pub fn write(process: &Fd, kind: Kind, ranges: &[IdRange]) -> Result<(), Error> {
    write_text(process, kind, ranges).at(Step::MapIds, kind.object())
}

fn write_text(process: &Fd, kind: Kind, ranges: &[IdRange]) -> Result<(), Errno> {
    let mut text = Vec::<u8, TEXT_BYTES>::new();
    for range in ranges {
        for (value, end) in [(range.inside, b' '), (range.outside, b' '), (range.count, b'\n')] {
            text.extend_from_slice(decimal(b"", value, &mut [0; 40]).to_bytes()).map_err(|_| Errno::TOO_BIG)?;
            text.push(end).map_err(|_| Errno::TOO_BIG)?;
        }
    }
    file::put(Dir::at(process), kind.file(), &text)
}

/// Maps every id of the caller's own namespace onto itself; as told by the procfs at /proc, or by this one.
///
/// # Errors
/// As [`write`].
pub fn write_identity(process: &Fd, kind: Kind, proc: Option<&Fd>) -> Result<(), Error> {
    // All ids that there are, as most namespaces of root's have them. Where one is missing the kernel takes none.
    match file::put(Dir::at(process), kind.file(), b"0 0 4294967295\n") {
        Err(Errno::PERM) => write_own(process, kind, proc),
        result => result.at(Step::MapIds, kind.object()),
    }
}

/// The same, line by line. Not inlined, nor is anything else that needs pages of the stack and mostly does not run: the
/// compiler touches each page of a function's frame where it begins, and the kernel has to fetch each.
#[inline(never)]
fn write_own(process: &Fd, kind: Kind, proc: Option<&Fd>) -> Result<(), Error> {
    write(process, kind, &identity(proc, kind)?)
}

/// Denies setgroups(2) to the namespace of a process: who may not set groups may not drop them either, and a group can
/// be a reason to be refused something. The kernel wants it before an unprivileged gid map.
///
/// # Errors
/// See write(2).
pub fn deny_setgroups(process: &Fd) -> Result<(), Error> {
    file::put(Dir::at(process), c"setgroups", b"deny").at(Step::MapIds, Object::Place(Place::Setgroups))
}
