//! `--memory`, `--cpus`, `--pids-limit`: a cgroup of the container's own (cgroups(7), version 2), below the caller's or
//! below the one that is named.
//!
//! ```text
//!   the caller's or the named one
//!   ├─ engine-PID             the limits; nobody is in it
//!   │  └─ run                 I and all that comes of it
//!   └─ engine-outside-PID     O, where it had to make room
//! ```
//!
//! The limits lie one level above what the container can see: its cgroup namespace begins at `run`, since whoever mounts
//! the hierarchy inside may be the owner of its files. No further level can be made, so that two removals take all away.
//!
//! Those are the task of a process that outlives O, whatever becomes of O.

use super::say;
use crate::config::{Config, Limit};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::fields;
use crate::sys::digits::{self, Base, decimal};
use crate::sys::fd::{self, Dir, Fd, Pipe};
use crate::sys::file;
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Ending, Fork, Namespaces, Pid, PidFd};
use crate::sys::terminal;
use crate::sys::text::PathBuffer;
use core::ffi::CStr;

/// Where the hierarchy is mounted: alone, or beside version 1.
const MOUNT_POINTS: [&[u8]; 2] = [b"/sys/fs/cgroup", b"/sys/fs/cgroup/unified"];

/// A controller: what it limits, its limit, and how it is enabled.
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
    keeper: PidFd,
    /// Whose end is the sign for the keeper.
    lifeline: Fd,
}

/// What a container has used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Usage {
    /// The most memory at any time, in bytes; 0 before Linux 5.19, where nobody counts it.
    pub(super) memory_peak: u64,
    /// How many processes the kernel killed for want of memory.
    pub(super) oom_kills: u64,
}

/// Makes the cgroup with all that was asked for; `None` where nothing was, or where it could be no more than a try.
/// Not inlined, so that its buffers are gone when it returns.
#[inline(never)]
pub(super) fn make(config: &Config) -> Result<Option<Cgroup>, Error> {
    if !config.limits.want_cgroup() {
        return Ok(None);
    }
    let cgroup = match Cgroup::make(config) {
        Ok(cgroup) => cgroup,
        Err(error) => {
            return say::unless_best_effort(error, config.limits.are_best_effort(), config).map(|()| None);
        }
    };
    match cgroup.limit(config) {
        Ok(()) => Ok(Some(cgroup)),
        Err(error) => {
            cgroup.end();
            Err(error)
        }
    }
}

impl Cgroup {
    fn make(config: &Config) -> Result<Self, Error> {
        let failed = |errno| Error::new(Step::MakeCgroup, Object::Cgroup, errno);
        let parent = match config.limits.cgroup {
            Some(path) => open(&[path]),
            None => own_cgroup(),
        };
        let parent = parent.map_err(failed)?;
        if !file::is_cgroup(&parent).map_err(failed)? {
            return Err(Error::because(Step::MakeCgroup, Object::Cgroup, Why::NotACgroup));
        }
        let (keeper, lifeline) = start_keeper(&parent).map_err(failed)?;
        // Where this fails the keeper takes away what there is, as soon as the lifeline ends.
        match make_directory(&parent, process::own_pid()) {
            Ok(directory) => Ok(Self { parent, directory, keeper, lifeline }),
            Err(errno) => {
                end_keeper(&parent, keeper, lifeline);
                Err(failed(errno))
            }
        }
    }

    /// Sets every limit that was asked for.
    fn limit(&self, config: &Config) -> Result<(), Error> {
        let Config { limits, .. } = config;
        for (limit, controller) in [limits.memory, limits.cpus, limits.pids].iter().zip(&CONTROLLERS) {
            if limit.value != 0 {
                let result = self.set(*limit, controller.1, controller.2);
                // What does not fit into memory must not go to swap instead. A kernel without swap has no such file.
                let result = match result {
                    Ok(()) if controller.0 == Place::Memory => match put(&self.directory, c"memory.swap.max", b"0") {
                        Err(Errno::NOENT) => Ok(()),
                        result => result,
                    },
                    result => result,
                };
                if let Err(error) = result.at(Step::SetLimit, Object::Place(controller.0)) {
                    say::unless_best_effort(error, limit.best_effort, config)?;
                }
            }
        }
        Ok(())
    }

    /// Writes a limit, after enabling its controller where that has not been done.
    fn set(&self, limit: Limit, file: &CStr, controller: &[u8]) -> Result<(), Errno> {
        let mut room = [0; 40];
        let value = digits::write(b"", limit.value, Base::Decimal, &mut room).to_bytes();
        match put(&self.directory, file, value) {
            Err(Errno::NOENT) => {}
            result => return result,
        }
        match put(&self.parent, SUBTREE_CONTROL, controller) {
            // No cgroup may have both processes and controllers for those below it. O can make room for itself alone.
            Err(Errno::BUSY) => {
                self.step_aside()?;
                put(&self.parent, SUBTREE_CONTROL, controller)?;
            }
            result => result?,
        }
        put(&self.directory, file, value)
    }

    /// Moves O and the keeper out of the parent, so that it may have controllers.
    fn step_aside(&self) -> Result<(), Errno> {
        let mut room = [0; 40];
        let name = outside(process::own_pid(), &mut room);
        file::make_directory(Dir::At(&self.parent), name, 0o755)?;
        let outside = file::open_directory(Dir::At(&self.parent), name)?;
        let result = put(&outside, PROCESSES, b"0").and_then(|()| enter(&outside, PROCESSES, self.keeper.pid()));
        outside.close();
        result
    }

    /// Moves I in. On entry I waits, and has done nothing yet that counts.
    pub(super) fn take(&self, init: Pid) -> Result<(), Error> {
        enter(&self.directory, c"run/cgroup.procs", init).at(Step::MakeCgroup, Object::Cgroup)
    }

    /// Takes it away. On entry I is gone.
    pub(super) fn end(self) {
        self.directory.close();
        end_keeper(&self.parent, self.keeper, self.lifeline);
    }

    /// What the container has used. To be asked when it has ended.
    #[allow(dead_code, reason = "for the status record, which is not in the tree yet")]
    pub(super) fn usage(&self) -> Usage {
        usage(&self.directory)
    }
}

fn usage(directory: &Fd) -> Usage {
    Usage {
        memory_peak: number_behind(directory, c"memory.peak", b""),
        oom_kills: number_behind(directory, c"memory.events", b"\noom_kill "),
    }
}

/// The number behind a word in a file of the kernel's; 0 where there is none.
fn number_behind(directory: &Fd, name: &CStr, word: &[u8]) -> u64 {
    let mut text = [0; 256];
    let Ok(file) = file::open_read(Dir::At(directory), name) else { return 0 };
    // What cannot be read stays zero.
    let _ = file::read_full(&file, &mut text);
    file.close();
    let mut rest = text.as_slice();
    while !rest.is_empty() {
        if let Some(number) = rest.strip_prefix(word) {
            let digits = number.iter().map(|byte| byte.wrapping_sub(b'0')).take_while(|digit| *digit <= 9);
            return digits.fold(0, |value, digit| value * 10 + u64::from(digit));
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    0
}

/// Starts the process that takes away what is made for this process, once that has said so or has ended.
fn start_keeper(parent: &Fd) -> Result<(PidFd, Fd), Errno> {
    let Pipe { read, write } = fd::pipe()?;
    let engine = process::own_pid();
    match process::clone(Namespaces::default())? {
        Fork::Child => {
            // A failure leaves open what is open, and keeps the caller's readers waiting for as long as the run.
            let _ = fd::close_range(0, 2).and_then(|()| fd::close_all_but(&[parent, &read]));
            // Nobody means this process who means the caller's job.
            let _ = terminal::new_session();
            process::release_stack();
            // The end, or a failure: there is nothing to be read.
            let _ = file::read(&read, &mut [0]);
            remove_all(parent, engine);
            process::exit(0)
        }
        Fork::Parent(keeper) => {
            read.close();
            Ok((keeper, write))
        }
    }
}

/// Lets the keeper do its work, and does it where somebody has ended the keeper.
fn end_keeper(parent: &Fd, keeper: PidFd, lifeline: Fd) {
    lifeline.close();
    if process::wait(&keeper).map(|ended| Ending::from_wait_status(ended.status)) != Ok(Ending::Exited(0)) {
        remove_all(parent, process::own_pid());
    }
    keeper.close();
}

const PROCESSES: &CStr = c"cgroup.procs";
const SUBTREE_CONTROL: &CStr = c"cgroup.subtree_control";

fn inside(engine: Pid, room: &mut digits::Room) -> &CStr {
    decimal(b"engine-", engine.unsigned_abs(), room)
}

fn outside(engine: Pid, room: &mut digits::Room) -> &CStr {
    decimal(b"engine-outside-", engine.unsigned_abs(), room)
}

/// Takes away what there is of one run. What cannot be removed stays as an empty directory, and nothing can be done about
/// it here.
fn remove_all(parent: &Fd, engine: Pid) {
    let (mut room, mut other_room) = ([0; 40], [0; 40]);
    let (inside, outside) = (inside(engine, &mut room), outside(engine, &mut other_room));
    if let Ok(directory) = file::open_directory(Dir::At(parent), inside) {
        // Nothing lives in it where O has seen I end. Where O was killed, this is as good as what ends I (Linux 5.14).
        let _ = put(&directory, c"cgroup.kill", b"1");
        remove(&directory, c"run");
        directory.close();
    }
    remove(parent, inside);
    if let Ok(directory) = file::open_directory(Dir::At(parent), outside) {
        // The parent was without controllers, and is to be so again before anybody can go back to it.
        for controller in [b"-memory".as_slice(), b"-cpu", b"-pids"] {
            let _ = put(parent, SUBTREE_CONTROL, controller);
        }
        // ESRCH: O has been killed.
        let _ = enter(parent, PROCESSES, engine);
        let _ = put(parent, PROCESSES, b"0");
        directory.close();
        remove(parent, outside);
    }
}

/// Removes a cgroup, as soon as the kernel has seen the last process in it end.
fn remove(parent: &Fd, name: &CStr) {
    while file::remove_directory(Dir::At(parent), name) == Err(Errno::BUSY) {
        let Ok(directory) = file::open_directory(Dir::At(parent), name) else { return };
        let events = file::open_read(Dir::At(&directory), c"cgroup.events");
        directory.close();
        let Ok(events) = events else { return };
        let mut text = [0; 64];
        // `populated 1` is the first line, and reading it is what makes the next change an event.
        let waited = match file::read(&events, &mut text) {
            Ok(_) if text.starts_with(b"populated 1") => poll::wait(&mut [Waiting::for_change(&events)]),
            _ => Ok(()),
        };
        events.close();
        if waited.is_err() {
            return;
        }
    }
}

/// Makes the two levels. What a run has left that was killed with its keeper is in the way, and is taken away.
fn make_directory(parent: &Fd, engine: Pid) -> Result<Fd, Errno> {
    let mut room = [0; 40];
    let name = inside(engine, &mut room);
    if file::make_directory(Dir::At(parent), name, 0o755) == Err(Errno::EXIST) {
        remove_all(parent, engine);
    }
    match file::make_directory(Dir::At(parent), name, 0o755) {
        Ok(()) | Err(Errno::EXIST) => {}
        result => result?,
    }
    let directory = file::open_directory(Dir::At(parent), name)?;
    file::make_directory(Dir::At(&directory), c"run", 0o755)?;
    put(&directory, c"cgroup.max.depth", b"1")?;
    Ok(directory)
}

/// The caller's own cgroup.
fn own_cgroup() -> Result<Fd, Errno> {
    let mut own = Err(Errno::NOENT);
    fields::read(c"/proc/self/cgroup", &mut |lines| {
        // That of version 2 has the number 0 and no controllers.
        let found = lines.number() == Some(0) && lines.field(b':').is_empty();
        if found {
            let path = lines.field(b'\n');
            for mount_point in MOUNT_POINTS {
                own = open(&[mount_point, path]);
                if own.as_ref().is_ok_and(|own| file::is_cgroup(own) == Ok(true)) {
                    break;
                }
            }
        }
        found
    })?;
    own
}

fn open(parts: &[&[u8]]) -> Result<Fd, Errno> {
    let mut path = PathBuffer::new();
    parts.iter().try_for_each(|part| path.push(part))?;
    file::open_directory(Dir::Here, &path)
}

fn enter(directory: &Fd, file: &CStr, process: Pid) -> Result<(), Errno> {
    put(directory, file, decimal(b"", process.unsigned_abs(), &mut [0; 40]).to_bytes())
}

#[inline(never)]
fn put(directory: &Fd, name: &CStr, text: &[u8]) -> Result<(), Errno> {
    let file = file::open_write(Dir::At(directory), name)?;
    let result = file::write_all(file.number(), text);
    file.close();
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_is_read_from_the_kernels_files() {
        let directory = tempfile::tempdir().unwrap();
        let path = std::ffi::CString::new(directory.path().to_str().unwrap()).unwrap();
        let held = file::open_directory(Dir::Here, &path).unwrap();
        assert_eq!(usage(&held), Usage { memory_peak: 0, oom_kills: 0 });
        std::fs::write(directory.path().join("memory.peak"), "18446744073709551615\n").unwrap();
        let events = "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n";
        std::fs::write(directory.path().join("memory.events"), events).unwrap();
        assert_eq!(usage(&held), Usage { memory_peak: u64::MAX, oom_kills: 2 });
    }
}
