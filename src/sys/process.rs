//! Processes: clones, execve, waiting, the end.

use super::fd::Fd;
use super::once::Once;
use super::signal::Signal;
use super::{Result, arch, call, done};
use crate::config::Words;
use crate::error::Errno;
use core::ffi::{CStr, c_char};
use heapless::Vec;
use linux_raw_sys::{general as kernel, prctl};

/// A process number in the caller's PID namespace.
pub type Pid = i32;

/// Which of the two a process is after it has been cloned.
pub enum Fork {
    /// The new one.
    Child,
    /// The old one.
    Parent(PidFd),
}

/// A child, held by number and by descriptor.
#[derive(Debug)]
pub struct PidFd {
    pid: Pid,
    fd: Fd,
}

impl PidFd {
    pub(super) const fn new(pid: Pid, fd: Fd) -> Self {
        Self { pid, fd }
    }

    /// Its number.
    #[must_use]
    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// Its descriptor.
    pub const fn fd(&self) -> &Fd {
        &self.fd
    }

    /// Lets go of it.
    pub fn close(self) {
        self.fd.close();
    }
}

/// Which namespaces a new process gets of its own. `|` joins them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Namespaces(pub(super) u32);

impl Namespaces {
    /// user_namespaces(7).
    pub const USER: Self = Self(kernel::CLONE_NEWUSER);
    /// pid_namespaces(7).
    pub const PID: Self = Self(kernel::CLONE_NEWPID);
    /// mount_namespaces(7).
    pub const MOUNT: Self = Self(kernel::CLONE_NEWNS);
    /// uts_namespaces(7).
    pub const UTS: Self = Self(kernel::CLONE_NEWUTS);
    /// ipc_namespaces(7).
    pub const IPC: Self = Self(kernel::CLONE_NEWIPC);
    /// cgroup_namespaces(7).
    pub const CGROUP: Self = Self(kernel::CLONE_NEWCGROUP);
    /// network_namespaces(7).
    pub const NET: Self = Self(kernel::CLONE_NEWNET);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// `other` too, where `wanted`.
    #[must_use]
    pub const fn and_if(self, wanted: bool, other: Self) -> Self {
        if wanted { self.and(other) } else { self }
    }

    /// Whether all of `other` are among these.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Clones this process into new namespaces. The new one has its own copy of memory and descriptors.
///
/// # Errors
/// See clone(2): EPERM, ENOSPC, EUSERS, EINVAL, EAGAIN.
pub fn clone(namespaces: Namespaces) -> Result<Fork> {
    let mut descriptor = -1_i32;
    let flags = namespaces.0 | kernel::CLONE_PIDFD | kernel::SIGCHLD;
    // SAFETY: without CLONE_VM and with no new stack this is fork(2); `descriptor` is where the kernel puts the pidfd,
    // as the third argument on every CPU. EINTR is not among the errors, but ERESTARTNOINTR is restarted by the kernel.
    match unsafe { call!(clone, flags, 0, &raw mut descriptor, 0, 0) }? {
        0 => Ok(Fork::Child),
        pid => Ok(Fork::Parent(PidFd { pid: pid as Pid, fd: Fd::from_kernel(descriptor as u32) })),
    }
}

/// Moves the caller itself to new namespaces.
///
/// # Errors
/// See unshare(2).
pub fn enter_new(namespaces: Namespaces) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(unshare, namespaces.0) }
}

/// Makes a time namespace for the children that the caller will have (time_namespaces(7)).
///
/// # Errors
/// EINVAL before Linux 5.6, or where the kernel was built without; EPERM, ENOSPC; see unshare(2).
pub fn new_time_namespace() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(unshare, kernel::CLONE_NEWTIME) }
}

/// Moves the caller itself to a time namespace.
///
/// # Errors
/// See setns(2).
pub fn join_time_namespace(namespace: &Fd) -> Result<()> {
    // SAFETY: no memory of the program's is involved: the clocks of the vDSO are not used here.
    unsafe { done!(setns, namespace.number(), kernel::CLONE_NEWTIME) }
}

/// Moves the caller to a network namespace.
///
/// # Errors
/// EINVAL where it is none, EPERM without CAP_SYS_ADMIN over it; see setns(2).
pub fn join_network_namespace(namespace: &Fd) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(setns, namespace.number(), kernel::CLONE_NEWNET) }
}

/// Executes a program; returns only where that fails.
pub fn execute(path: &CStr, arguments: &[Option<&c_char>], environment: Words) -> Errno {
    // SAFETY: `path` is NUL-terminated; `arguments` and `environment` are NULL-terminated vectors of texts that live as
    // long as the process.
    match unsafe { call!(execve, path.as_ptr(), arguments.as_ptr(), environment.0.as_ptr()) } {
        Err(errno) => errno,
        // Cannot be: a successful execve does not return.
        Ok(_) => Errno::INVAL,
    }
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It exited with this status.
    Exited(u8),
    /// A signal killed it.
    Killed(Signal),
}

impl Ending {
    /// Reads a wait status (wait(2)).
    #[must_use]
    pub const fn from_wait_status(status: i32) -> Self {
        match status & 0x7f {
            0 => Self::Exited((status >> 8) as u8),
            signal => Self::Killed(signal),
        }
    }
}

/// A child that has been waited for.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Which.
    pub pid: Pid,
    /// Its wait status.
    pub status: i32,
}

impl Ended {
    /// What stopped it, where it has not ended at all.
    #[must_use]
    pub const fn stopped_by(&self) -> Option<Signal> {
        if self.status & 0xff == 0x7f { Some(self.status >> 8) } else { None }
    }
}

/// Takes one child that has ended: this one, or any where `pid` is `None`; then one that was stopped is told of too.
/// Returns `None` where there is none.
///
/// # Errors
/// ECHILD where there is no such child.
pub fn reap(pid: Option<Pid>) -> Result<Option<Ended>> {
    let mut status = 0_i32;
    // __WALL: whatever signal the child ends with.
    let options = kernel::WNOHANG | kernel::__WALL | if pid.is_none() { kernel::WUNTRACED } else { 0 };
    // SAFETY: `status` is valid for a write; rusage is not asked for.
    match unsafe { call!(wait4, pid.unwrap_or(-1), &raw mut status, options, 0) }? {
        0 => Ok(None),
        pid => Ok(Some(Ended { pid: pid as Pid, status })),
    }
}

/// Waits until a child has ended, takes it, and says its wait status: 0 where it exited with status 0.
///
/// # Errors
/// ECHILD where it has been taken already.
pub fn wait(child: &PidFd) -> Result<i32> {
    let mut status = 0_i32;
    // SAFETY: `status` is valid for a write; rusage is not asked for.
    unsafe { call!(wait4, child.pid, &raw mut status, kernel::__WALL, 0) }.map(|_| status)
}

/// Waits until any child has ended, and takes it.
///
/// # Errors
/// ECHILD where there is none.
pub fn wait_any() -> Result<()> {
    // SAFETY: neither the status nor rusage is asked for.
    unsafe { done!(wait4, -1_i32, 0, kernel::__WALL, 0) }
}

/// The number of the calling process.
#[must_use]
pub fn own_pid() -> Pid {
    // SAFETY: no memory is involved; it cannot fail.
    unsafe { call!(getpid) }.unwrap_or_default() as Pid
}

/// The number of the caller's parent; 0 where that is outside the caller's PID namespace.
#[must_use]
pub fn parent() -> Pid {
    // SAFETY: no memory is involved; it cannot fail.
    unsafe { call!(getppid) }.unwrap_or_default() as Pid
}

/// What processes have used.
#[derive(Clone, Copy, Default, Debug)]
pub struct Usage {
    /// Time in the program, in microseconds.
    pub user: u64,
    /// Time in the kernel, in microseconds.
    pub system: u64,
    /// The most memory that one of them held, in KiB.
    pub memory: u64,
}

/// What the children have used that the caller has waited for, with all whom they have waited for (getrusage(2)).
#[must_use]
pub fn children_usage() -> Usage {
    // SAFETY: the structure is plain numbers, for which zero is a value.
    let mut usage: kernel::rusage = unsafe { core::mem::zeroed() };
    // SAFETY: `usage` is valid for a write. It cannot fail.
    let _ = unsafe { call!(getrusage, kernel::RUSAGE_CHILDREN, &raw mut usage) };
    let micros = |time: kernel::__kernel_old_timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    Usage { user: micros(usage.ru_utime), system: micros(usage.ru_stime), memory: usage.ru_maxrss as u64 }
}

/// Has the orphans below the caller come to it, as to PID 1 (PR_SET_CHILD_SUBREAPER).
///
/// # Errors
/// None that is known.
pub fn adopt_orphans() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(prctl, prctl::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }
}

/// Has the kernel kill the caller when its parent ends (PR_SET_PDEATHSIG). A change of credentials undoes it.
///
/// # Errors
/// None that is known.
pub fn die_with_parent() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(prctl, prctl::PR_SET_PDEATHSIG, kernel::SIGKILL, 0, 0, 0) }
}

/// Closes /proc/PID of the caller to all who have no power over the namespace that its program was started in: no
/// ptrace, no memory, no links to its files, no core (PR_SET_DUMPABLE 0).
///
/// # Errors
/// None that is known.
pub fn hide() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(prctl, prctl::PR_SET_DUMPABLE, 0, 0, 0, 0) }
}

/// Opens /proc/PID of the caller again to those who are the same user (PR_SET_DUMPABLE 1): a change of credentials has
/// closed it.
///
/// # Errors
/// None that is known.
pub fn show() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(prctl, prctl::PR_SET_DUMPABLE, 1, 0, 0, 0) }
}

/// Where the kernel finds the name that `ps` shows: it looks into memory of the process's own, not of its file.
static TITLE: Once<Title> = Once::new(Vec::new());

/// Words of a title, a NUL behind each. Those that come first: what does not fit is the end of a long command line, which
/// the command itself shows.
type Title = Vec<u8, 256>;

/// What `ps` shows from now on of the caller, and of who shares its memory, are these words and no environment
/// (PR_SET_MM_MAP, prctl(2)).
///
/// # Errors
/// EINVAL where the kernel was built without CONFIG_CHECKPOINT_RESTORE; EBUSY the second time.
pub fn show_as(name: &CStr, words: Option<Words>) -> Result<()> {
    let title = TITLE.take().ok_or(Errno::BUSY)?;
    let mut fits = title.extend_from_slice(name.to_bytes_with_nul()).is_ok();
    for word in words.map(|words| words.0).unwrap_or_default().iter().flatten() {
        fits = fits && title.extend_from_slice(Words::text(word).to_bytes_with_nul()).is_ok();
    }
    let start = title.as_ptr() as u64;
    let end = start + title.len() as u64;
    // The other areas are of no use to anyone but readers of /proc/PID/stat; the kernel only wants them in order.
    let map = prctl::prctl_mm_map {
        start_code: start,
        end_code: end,
        start_data: start,
        end_data: start,
        start_brk: start + 1,
        brk: start + 1,
        start_stack: start,
        arg_start: start,
        arg_end: end,
        env_start: end,
        env_end: end,
        auxv: core::ptr::null_mut(),
        auxv_size: 0,
        exe_fd: u32::MAX,
    };
    let size = size_of::<prctl::prctl_mm_map>();
    // SAFETY: `map` is valid for reads of its size, and the kernel changes nothing but its notes on the process.
    unsafe { done!(prctl, prctl::PR_SET_MM, prctl::PR_SET_MM_MAP, &raw const map, size, 0) }
}

/// Gives back the memory of the stack that is no longer in use: set-up goes deeper than the life after it.
#[inline(never)]
pub fn release_stack() {
    const PAGE: usize = 4096;
    const DEPTH: usize = 64 * PAGE;
    let here = 0_u8;
    // The frames of the call to the kernel, and what the ABI lets them use below their end, fit in a kilobyte.
    let end = (&raw const here as usize).saturating_sub(1024) & !(PAGE - 1);
    // ENOMEM where the stack is not as deep as that: what there is of it has been given back all the same.
    // SAFETY: the pages lie below every frame that is in use, and no reference leads into them.
    let _ = unsafe { call!(madvise, end - DEPTH, DEPTH, kernel::MADV_DONTNEED) };
}

/// Ends the process.
pub fn exit(status: u8) -> ! {
    // It returns where a filter around engine denies it.
    // SAFETY: no memory is involved.
    let _ = unsafe { call!(exit_group, status) };
    // A process of engine's has one thread, so this is as good.
    // SAFETY: no memory is involved.
    let _ = unsafe { call!(exit, status) };
    arch::trap()
}

/// Ends the process after a fault of its own: the shell sees 134, as after abort(3), and no core is left.
pub fn abort() -> ! {
    // Hidden processes leave no core; where that fails there may be one, and nothing else is lost.
    let _ = hide();
    super::signal::raise(super::signal::ABRT);
    exit(128 + super::signal::ABRT as u8)
}
