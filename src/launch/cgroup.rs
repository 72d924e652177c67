//! `--memory`, `--cpus`, `--pids-limit`: a cgroup of the container's own (cgroups(7), version 2), below the caller's or
//! below the one that is named.
//!
//! ```text
//!   the caller's or the named one
//!   ├─ engine-NUMBER           the limits; nobody is in it
//!   │  └─ run                  I and all that comes of it
//!   └─ engine-outside-NUMBER   O and the keeper, where they had to make room
//! ```
//!
//! The limits lie one level above what the container can see: its cgroup namespace begins at `run`, since whoever mounts
//! the hierarchy inside may be the owner of its files. No further level can be made, so that two removals take all away.
//!
//! They are the task of the keeper, a process that outlives O, whatever becomes of O. The number is that of the pipe
//! between the two: no other run of this machine's has the same, whichever PID namespace it is in.

use super::say;
use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::fields;
use crate::sys::digits::{self, Base, Room, decimal};
use crate::sys::fd::{self, Dir, Fd, Pipe};
use crate::sys::file;
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Fork, Namespaces, Pid, PidFd};
use crate::sys::terminal;
use crate::sys::text::PathBuffer;
use core::ffi::CStr;

/// In the order of `config.limits.shared`: what is limited, the limit's file, and how its controller is enabled.
const CONTROLLERS: [(Place, &CStr, &[u8]); 3] = [
    (Place::Memory, c"memory.max", b"+memory"),
    (Place::Processors, c"cpu.max", b"+cpu"),
    (Place::Processes, c"pids.max", b"+pids"),
];

/// The container's cgroup.
pub(super) struct Cgroup {
    parent: Fd,
    /// The one with the limits.
    directory: Fd,
    keeper: Keeper,
}

/// O's end of the keeper.
struct Keeper {
    process: PidFd,
    /// Whose end is the sign for it.
    lifeline: Fd,
    number: u64,
}

/// Makes the cgroup with all that was asked for; `None` where nothing was, or where it could be no more than a try.
/// Not inlined, so that its buffers are gone when it returns.
#[inline(never)]
pub(super) fn make(config: &Config) -> Result<Option<Cgroup>, Error> {
    if !config.limits.want_cgroup() {
        return Ok(None);
    }
    let cgroup = match parent(config).and_then(Cgroup::below).at(Step::MakeCgroup, Object::Cgroup) {
        Ok(cgroup) => cgroup,
        Err(error) => {
            return say::unless_best_effort(error, config.limits.are_best_effort(), config).map(|()| None);
        }
    };
    for (limit, (place, file, controller)) in config.limits.shared.iter().zip(&CONTROLLERS) {
        if limit.value == 0 {
            continue;
        }
        let mut result = cgroup.set(limit.value, file, controller);
        if result.is_ok() && *place == Place::Memory {
            result = cgroup.forbid_swap();
        }
        let failure = result.at(Step::SetLimit, Object::Place(*place)).err();
        if let Some(Err(error)) = failure.map(|error| say::unless_best_effort(error, limit.best_effort, config)) {
            let _nothing_ran = cgroup.end();
            return Err(error);
        }
    }
    Ok(Some(cgroup))
}

/// What it is made below.
fn parent(config: &Config) -> Result<Fd, Errno> {
    let parent = match config.limits.cgroup {
        Some(path) => open(b"", path),
        None => own_cgroup(),
    }?;
    if file::is_cgroup(&parent)? { Ok(parent) } else { Err(Errno::OPNOTSUPP) }
}

impl Cgroup {
    fn below(parent: Fd) -> Result<Self, Errno> {
        let keeper = Keeper::start(&parent)?;
        match make_directory(&parent, inside(keeper.number, &mut [0; 40])).and_then(|directory| {
            make_directory(&directory, RUN)?.close();
            file::put(Dir::at(&directory), c"cgroup.max.depth", b"1")?;
            Ok(directory)
        }) {
            Ok(directory) => Ok(Self { parent, directory, keeper }),
            Err(errno) => {
                keeper.end(&parent);
                Err(errno)
            }
        }
    }

    /// Writes a limit, after enabling its controller where that has not been done.
    fn set(&self, value: u64, file: &CStr, controller: &[u8]) -> Result<(), Errno> {
        let write = || {
            file::put(Dir::at(&self.directory), file, digits::write(b"", value, Base::Decimal, &mut [0; 40]).to_bytes())
        };
        match write() {
            Err(Errno::NOENT) => {}
            result => return result,
        }
        let enable = || file::put(Dir::at(&self.parent), SUBTREE_CONTROL, controller);
        match enable() {
            // No cgroup may have both processes and controllers for those below it. O can make room for itself alone.
            Err(Errno::BUSY) => {
                self.step_aside()?;
                enable()?;
            }
            result => result?,
        }
        write()
    }

    /// What does not fit into memory must not go to swap instead. A kernel without swap has no such file.
    fn forbid_swap(&self) -> Result<(), Errno> {
        match file::put(Dir::at(&self.directory), c"memory.swap.max", b"0") {
            Err(Errno::NOENT) => Ok(()),
            result => result,
        }
    }

    /// Moves O and the keeper out of the parent, so that it may have controllers.
    fn step_aside(&self) -> Result<(), Errno> {
        let outside = make_directory(&self.parent, outside(self.keeper.number, &mut [0; 40]))?;
        let result = file::put(Dir::at(&outside), PROCESSES, b"0")
            .and_then(|()| enter(&outside, PROCESSES, self.keeper.process.pid()));
        outside.close();
        result
    }

    /// Moves I in. On entry I waits, and has done nothing yet that counts.
    pub(super) fn take(&self, init: Pid) -> Result<(), Error> {
        enter(&self.directory, c"run/cgroup.procs", init).at(Step::MakeCgroup, Object::Cgroup)
    }

    /// Takes it away, and says what the container has used. On entry I is gone.
    pub(super) fn end(self) -> Usage {
        let used = Usage {
            memory_peak: number_behind(&self.directory, c"memory.peak", b""),
            oom_kills: number_behind(&self.directory, c"memory.events", b"\noom_kill "),
        };
        self.directory.close();
        self.keeper.end(&self.parent);
        used
    }
}

/// What a container has used.
#[derive(Clone, Copy)]
pub(super) struct Usage {
    /// The most memory at any time, in bytes; 0 before Linux 5.19, where nobody counts it.
    pub(super) memory_peak: u64,
    /// How many processes the kernel killed for want of memory.
    pub(super) oom_kills: u64,
}

/// The number behind a word in a file of the kernel's; 0 where there is none.
#[inline(never)]
fn number_behind(directory: &Fd, name: &CStr, word: &[u8]) -> u64 {
    let mut text = [0; 256];
    // What cannot be read stays zero.
    let _ = file::open_read(Dir::at(directory), name).and_then(|file| file::read(&file, &mut text));
    let mut rest = text.as_slice();
    while !rest.starts_with(word) {
        rest = rest.get(1..).unwrap_or_default();
        if rest.is_empty() {
            return 0;
        }
    }
    let mut number = 0_u64;
    for byte in rest.iter().skip(word.len()) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    number
}

impl Keeper {
    /// Starts the process that takes away what is made for this one, once that has said so or has ended.
    fn start(parent: &Fd) -> Result<Self, Errno> {
        let Pipe { read, write } = fd::pipe()?;
        let number = file::id(&read)?.inode();
        let engine = process::own_pid();
        match process::clone(Namespaces::default())? {
            Fork::Child => {
                // A failure leaves open what is open, which keeps the caller's readers waiting for as long as the run.
                let _ = fd::close_all_but(&[parent.number(), read.number()], &[]).and_then(|()| fd::close_range(0, 2));
                // Nobody means this process who means the caller's job.
                let _ = terminal::new_session();
                process::release_stack();
                // The end, or a failure: there is nothing to be read.
                let _ = file::read(&read, &mut [0]);
                remove_all(parent, number, engine);
                process::exit(0)
            }
            Fork::Parent(process) => {
                read.close();
                Ok(Self { process, lifeline: write, number })
            }
        }
    }

    /// Lets it do its work, and does it where somebody has ended the keeper.
    fn end(self, parent: &Fd) {
        self.lifeline.close();
        if process::wait(&self.process) != Ok(0) {
            remove_all(parent, self.number, process::own_pid());
        }
    }
}

const PROCESSES: &CStr = c"cgroup.procs";
const SUBTREE_CONTROL: &CStr = c"cgroup.subtree_control";
const RUN: &CStr = c"run";

fn inside(number: u64, room: &mut Room) -> &CStr {
    digits::write(b"engine-", number, Base::Decimal, room)
}

fn outside(number: u64, room: &mut Room) -> &CStr {
    digits::write(b"engine-outside-", number, Base::Decimal, room)
}

/// Takes away what there is of one run.
#[inline(never)]
fn remove_all(parent: &Fd, number: u64, engine: Pid) {
    remove(parent, inside(number, &mut [0; 40]), &|directory| {
        // Nothing lives in it where O has seen I end. Where O was killed, this is as good as what ends I (Linux 5.14).
        let _ = file::put(Dir::at(directory), c"cgroup.kill", b"1");
    });
    remove(parent, outside(number, &mut [0; 40]), &|_| {
        // The parent was without controllers, and is to be so again before anybody can go back to it.
        for controller in [b"-memory".as_slice(), b"-cpu", b"-pids"] {
            let _ = file::put(Dir::at(parent), SUBTREE_CONTROL, controller);
        }
        // ESRCH: O has been killed.
        let _ = enter(parent, PROCESSES, engine);
        let _ = file::put(Dir::at(parent), PROCESSES, b"0");
    });
}

/// Removes a cgroup, if it is there, once it is empty, which `empty` sees to. What cannot be removed stays as an empty
/// directory, and nothing can be done about it here.
fn remove(parent: &Fd, name: &CStr, empty: &dyn Fn(&Fd)) {
    let Ok(directory) = file::open_directory(Dir::at(parent), name) else { return };
    empty(&directory);
    while let Ok(events) = file::open_read(Dir::at(&directory), c"cgroup.events") {
        let mut text = [0; 64];
        // `populated 1` is the first line, and to have read it is what makes the next change an event.
        let waits = file::read(&events, &mut text).is_ok()
            && text.starts_with(b"populated 1")
            && poll::wait(&mut [Waiting::for_change(&events)]).is_ok();
        events.close();
        if !waits {
            break;
        }
    }
    let _ = file::remove_directory(Dir::at(&directory), RUN);
    directory.close();
    let _ = file::remove_directory(Dir::at(parent), name);
}

fn make_directory(parent: &Fd, name: &CStr) -> Result<Fd, Errno> {
    file::make_directory(Dir::at(parent), name, 0o755)?;
    file::open_directory(Dir::at(parent), name)
}

/// The caller's own cgroup, where the hierarchy is mounted beside version 1 or alone.
fn own_cgroup() -> Result<Fd, Errno> {
    let mut own = Err(Errno::NOENT);
    fields::read(c"/proc/self/cgroup", &mut |lines| {
        // That of version 2 has the number 0 and no controllers.
        let found = lines.number() == Some(0) && lines.field(b':').is_empty();
        if found {
            let path = lines.field(b'\n');
            own = open(b"/sys/fs/cgroup/unified", path).or_else(|_| open(b"/sys/fs/cgroup", path));
        }
        found
    })?;
    own
}

#[inline(never)]
fn open(above: &[u8], path: &[u8]) -> Result<Fd, Errno> {
    let mut whole = PathBuffer::new();
    whole.push(above)?;
    whole.push(path)?;
    file::open_directory(Dir::HERE, &whole)
}

#[inline(never)]
fn enter(directory: &Fd, file: &CStr, process: Pid) -> Result<(), Errno> {
    file::put(Dir::at(directory), file, decimal(b"", process.unsigned_abs(), &mut [0; 40]).to_bytes())
}
