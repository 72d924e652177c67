//! `--memory`, `--cpus`, `--pids-limit`: a cgroup of the container's own (cgroups(7), version 2), below the caller's or
//! below the one that was named. It is made before the clone, which enters it, and removed when the container is gone.

use super::say;
use crate::config::{Config, Effort, Limit};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::sys::fd::{Dir, Fd};
use crate::sys::{file, poll, process};
use core::ffi::CStr;
use heapless::{CString, Vec};

/// Where the hierarchy is mounted: alone, or beside version 1.
const MOUNT_POINTS: [&CStr; 2] = [c"/sys/fs/cgroup", c"/sys/fs/cgroup/unified"];

/// How long the kernel may take to see that everything in the cgroup has ended, in tries.
const REMOVALS: usize = 100;

/// The container's cgroup. Removed when dropped.
pub(super) struct Leaf {
    parent: Fd,
    directory: Fd,
    name: CString<32>,
    /// Where O went so that controllers could be enabled: no cgroup may have both processes and those (cgroups(7)).
    outside: Option<CString<32>>,
}

/// What a container has used.
#[allow(dead_code, reason = "the status record reads it, and is being written at the same time")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// The most memory at any time, in bytes; before Linux 5.19 nobody counts it.
    pub(super) memory_peak: Option<u64>,
    /// How many processes the kernel killed for want of memory.
    pub(super) oom_kills: u64,
}

/// A limit that was asked for, what to say of it, and how it is set.
type Wish = (Place, Option<Limit>, fn(&mut Leaf, u64) -> Result<(), Errno>);

/// Makes the cgroup with all that was asked for; `None` where nothing was, or where it could be no more than a try.
/// Not inlined, so that its buffers are gone when it returns.
#[inline(never)]
pub(super) fn make(config: &Config) -> Result<Option<Leaf>, Error> {
    let limits = &config.limits;
    let wishes: [Wish; 3] = [
        (Place::Memory, limits.memory, Leaf::limit_memory),
        (Place::Processors, limits.cpus, Leaf::limit_processors),
        (Place::Processes, limits.pids, Leaf::limit_processes),
    ];
    if limits.cgroup.is_none() && wishes.iter().all(|wish| wish.1.is_none()) {
        return Ok(None);
    }
    let mut leaf = Leaf::make(config);
    if let (Err(error), Some(cgroup)) = (&leaf, limits.cgroup) {
        settle(*error, cgroup.effort, config)?;
    }
    for (place, limit, set) in wishes {
        let Some(limit) = limit else { continue };
        let result = match &mut leaf {
            Ok(leaf) => set(leaf, limit.value).at(Step::Limit, Object::Place(place)),
            Err(error) => Err(*error),
        };
        if let Err(error) = result {
            settle(error, limit.effort, config)?;
        }
    }
    Ok(leaf.ok())
}

/// A failure, or what is said where a try was all that was asked for.
pub(super) fn settle(error: Error, effort: Effort, config: &Config) -> Result<(), Error> {
    match effort {
        Effort::Required => Err(error),
        Effort::Best => {
            say::going_on_without(&error, config);
            Ok(())
        }
    }
}

impl Leaf {
    fn make(config: &Config) -> Result<Self, Error> {
        let parent = match config.limits.cgroup {
            Some(cgroup) => file::path(cgroup.path).and_then(|path| file::open_directory(Dir::Here, &path)),
            None => own_cgroup(),
        };
        let parent = parent.at(Step::Open, Object::Cgroup)?;
        if !file::is_cgroup(&parent).at(Step::Open, Object::Cgroup)? {
            return Err(Error::new(Step::UseCgroup, Object::Cgroup, Errno::INVAL).because(Why::NotCgroup));
        }
        let made = |errno| Error::new(Step::MakeCgroup, Object::Cgroup, errno);
        let name = name(b"").map_err(made)?;
        let directory = make_directory(&parent, &name).map_err(made)?;
        Ok(Self { parent, directory, name, outside: None })
    }

    /// For the clone.
    pub(super) const fn directory(&self) -> &Fd {
        &self.directory
    }

    fn limit_memory(&mut self, bytes: u64) -> Result<(), Errno> {
        self.set(b"+memory", c"memory.max", &decimal(bytes))?;
        // What does not fit must not go to swap instead. A kernel without swap has no such file.
        match put(&self.directory, c"memory.swap.max", b"0") {
            Err(Errno::NOENT) => Ok(()),
            result => result,
        }
    }

    fn limit_processors(&mut self, thousandths: u64) -> Result<(), Errno> {
        let (quota, period) = quota(thousandths);
        let mut text = Vec::<u8, 48>::new();
        for part in [decimal(quota).as_slice(), b" ", &decimal(period)] {
            text.extend_from_slice(part).map_err(|_| Errno::TOO_BIG)?;
        }
        self.set(b"+cpu", c"cpu.max", &text)
    }

    fn limit_processes(&mut self, count: u64) -> Result<(), Errno> {
        self.set(b"+pids", c"pids.max", &decimal(count))
    }

    /// Writes a limit, after enabling its controller where that has not been done.
    fn set(&mut self, controller: &[u8], file: &CStr, value: &[u8]) -> Result<(), Errno> {
        match put(&self.directory, file, value) {
            Err(Errno::NOENT) => {}
            result => return result,
        }
        match put(&self.parent, c"cgroup.subtree_control", controller) {
            Err(Errno::BUSY) => {
                self.step_aside()?;
                put(&self.parent, c"cgroup.subtree_control", controller)?;
            }
            result => result?,
        }
        put(&self.directory, file, value)
    }

    /// Moves O out of the parent, so that it may have controllers.
    fn step_aside(&mut self) -> Result<(), Errno> {
        let name = name(b"-outside")?;
        let outside = make_directory(&self.parent, &name)?;
        self.outside = Some(name);
        let result = put(&outside, c"cgroup.procs", b"0");
        outside.close();
        result
    }

    /// What the container has used. To be asked when it has ended.
    #[allow(dead_code, reason = "the status record asks, and is being written at the same time")]
    pub(super) fn usage(&self) -> Usage {
        let read = |name| {
            let mut text = [0; 512];
            let length = file::open_read(Dir::At(&self.directory), name).and_then(|fd| file::read_full(&fd, &mut text));
            length.map(|length| (text, length))
        };
        let number = |text: &[u8]| str::from_utf8(text).ok().and_then(|text| text.trim_ascii().parse().ok());
        let peak = read(c"memory.peak").ok();
        let events = read(c"memory.events").ok();
        let events = events.as_ref().and_then(|(text, length)| text.get(..*length)).unwrap_or_default();
        let mut lines = events.split(|byte| *byte == b'\n');
        Usage {
            memory_peak: peak.and_then(|(text, length)| number(text.get(..length)?)),
            oom_kills: lines.find_map(|line| number(line.strip_prefix(b"oom_kill ")?)).unwrap_or_default(),
        }
    }
}

impl Drop for Leaf {
    /// Removes it. What cannot be removed stays as an empty directory, and nothing can be done about it here.
    fn drop(&mut self) {
        // Nothing lives in it: I was the first in it, and is gone. Where that is not so, this ends it (Linux 5.14).
        let _ = put(&self.directory, c"cgroup.kill", b"1");
        for _ in 0..REMOVALS {
            match file::remove_directory(Dir::At(&self.parent), &self.name) {
                // A failure of the wait makes it a shorter one.
                Err(Errno::BUSY) => drop(poll::wait(&mut [], Some(10))),
                _ => break,
            }
        }
        if let Some(outside) = &self.outside {
            // Back to where O was, which takes controllers away first.
            for controller in [b"-memory".as_slice(), b"-cpu", b"-pids"] {
                let _ = put(&self.parent, c"cgroup.subtree_control", controller);
            }
            let _ = put(&self.parent, c"cgroup.procs", b"0");
            let _ = file::remove_directory(Dir::At(&self.parent), outside);
        }
    }
}

/// The caller's own cgroup.
fn own_cgroup() -> Result<Fd, Errno> {
    let mut text = [0; 4096];
    let own = file::open_read(Dir::Here, c"/proc/self/cgroup")?;
    let length = file::read_full(&own, &mut text);
    own.close();
    let mut lines = text.get(..length?).unwrap_or_default().split(|byte| *byte == b'\n');
    let path = lines.find_map(|line| line.strip_prefix(b"0::/")).ok_or(Errno::NOENT)?;
    let path = file::path(if path.is_empty() { b"." } else { path })?;
    for mount_point in MOUNT_POINTS {
        let mount = file::open_directory(Dir::Here, mount_point)?;
        let own = if file::is_cgroup(&mount)? { Some(file::open_directory(Dir::At(&mount), &path)) } else { None };
        mount.close();
        if let Some(own) = own {
            return own;
        }
    }
    Err(Errno::NOENT)
}

/// A name that no other run has at this time, since no other process of this machine's has this number; but for those
/// in other PID namespaces, whose directory is then in the way.
fn name(tail: &[u8]) -> Result<CString<32>, Errno> {
    let mut name = CString::new();
    for part in [b"engine-".as_slice(), &decimal(u64::from(process::own_pid().unsigned_abs())), tail] {
        name.extend_from_bytes(part).map_err(|_| Errno::TOO_BIG)?;
    }
    Ok(name)
}

/// Makes a cgroup. One of that name is what a run left that was killed, if it can be removed: then nothing is in it.
fn make_directory(parent: &Fd, name: &CStr) -> Result<Fd, Errno> {
    let parent = Dir::At(parent);
    match file::make_directory(parent, name, 0o755) {
        Err(Errno::EXIST) => {
            file::remove_directory(parent, name)?;
            file::make_directory(parent, name, 0o755)?;
        }
        result => result?,
    }
    file::open_directory(parent, name)
}

/// cpu.max for so many thousandths of a processor: microseconds of running in a period. The kernel takes no quota below a
/// millisecond and no period above a second.
const fn quota(thousandths: u64) -> (u64, u64) {
    let period = if thousandths < 10 { 1_000_000 } else { 100_000 };
    (thousandths.saturating_mul(period / 1000), period)
}

fn put(directory: &Fd, name: &CStr, text: &[u8]) -> Result<(), Errno> {
    let file = file::open_write(Dir::At(directory), name)?;
    let result = file::write_all(file.number(), text);
    file.close();
    result
}

fn decimal(mut value: u64) -> Vec<u8, 20> {
    let mut digits = Vec::new();
    loop {
        // 2^64 has twenty digits.
        let _ = digits.push(b'0' + (value % 10) as u8);
        value /= 10;
        if value == 0 {
            digits.reverse();
            return digits;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_one_that_the_kernel_takes() {
        assert_eq!(quota(1), (1000, 1_000_000));
        assert_eq!(quota(9), (9000, 1_000_000));
        assert_eq!(quota(10), (1000, 100_000));
        assert_eq!(quota(1500), (150_000, 100_000));
        assert_eq!(quota(u64::MAX).0, u64::MAX);
    }

    #[test]
    fn numbers_are_written_in_full() {
        for value in [0, 9, 10, 1 << 30, u64::MAX] {
            assert_eq!(decimal(value), value.to_string().as_bytes());
        }
    }
}
