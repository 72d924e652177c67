//! Processes: how this one began, children, execve, the end.

use super::fd::Fd;
use super::once::Once;
use super::signal::Signal;
use super::{Result, arch, call};
use crate::config::Words;
use crate::error::{Errno, Error};
use core::ffi::{CStr, c_char};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use linux_raw_sys::{auxvec, general as kernel, prctl};
use syscalls::Sysno;

/// A process number in the caller's PID namespace.
pub type Pid = i32;

/// What the kernel gave this process to begin with.
#[derive(Clone, Copy)]
pub struct Start {
    arguments: &'static [Option<&'static c_char>],
    environment: &'static [Option<&'static c_char>],
    auxiliary: *const [usize; 2],
}

impl Start {
    /// Reads the stack of a process that has just begun.
    ///
    /// # Safety
    /// `stack` must be the stack pointer of the first instruction. What it points to must not change from then on.
    #[must_use]
    pub unsafe fn from_stack(stack: *const usize) -> Self {
        // SAFETY: the ABI puts argc, argv, NULL, envp, NULL and the auxiliary vector there (getauxval(3), elf(5)); thin
        // references have the layout of the pointers, NULL being `None`, and the texts live as long as the process.
        unsafe {
            let count = *stack;
            let vector = stack.add(1).cast::<Option<&'static c_char>>();
            let environment = vector.add(count + 1);
            let mut length = 0;
            while (*environment.add(length)).is_some() {
                length += 1;
            }
            Self {
                arguments: core::slice::from_raw_parts(vector, count + 1),
                environment: core::slice::from_raw_parts(environment, length + 1),
                auxiliary: environment.add(length + 1).cast(),
            }
        }
    }

    /// The program's name and its arguments.
    #[must_use]
    pub const fn arguments(&self) -> Words {
        Words(self.arguments)
    }

    /// The environment, NULL-terminated.
    #[must_use]
    pub const fn environment(&self) -> Words {
        Words(self.environment)
    }

    /// Real and effective ids, and whether the file gave more than the caller had: no system call is needed for it.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        let mut credentials = Credentials { uid: 0, euid: 0, gid: 0, egid: 0, elevated: true };
        let mut entry = self.auxiliary;
        loop {
            // SAFETY: the vector ends with AT_NULL, and the loop with it.
            let [kind, value] = unsafe { *entry };
            match kind as u32 {
                auxvec::AT_NULL => return credentials,
                auxvec::AT_UID => credentials.uid = value as u32,
                auxvec::AT_EUID => credentials.euid = value as u32,
                auxvec::AT_GID => credentials.gid = value as u32,
                auxvec::AT_EGID => credentials.egid = value as u32,
                auxvec::AT_SECURE => credentials.elevated = value != 0,
                _ => {}
            }
            // SAFETY: as above.
            entry = unsafe { entry.add(1) };
        }
    }
}

/// Who the process was when it began.
#[derive(Clone, Copy, Debug)]
pub struct Credentials {
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// Set-user-id, set-group-id, or capabilities of the file.
    pub elevated: bool,
}

impl Words {
    /// The words, one after the other.
    pub fn iter(self) -> impl Iterator<Item = &'static CStr> {
        // SAFETY: a `Words` comes from the kernel, which terminates every text of it, or from `Words::default()`.
        self.0.iter().map_while(|word| word.map(|first| unsafe { CStr::from_ptr(first) }))
    }

    /// A text of engine's own as a word.
    #[must_use]
    pub const fn word(text: &'static CStr) -> Option<&'static c_char> {
        // SAFETY: a `CStr` has at least its NUL, and this one lives as long as the process.
        Some(unsafe { &*text.as_ptr() })
    }

    /// Without the first `count` words; `None` where no word is left.
    #[must_use]
    pub fn skip(self, count: usize) -> Option<Self> {
        self.0.get(count..).filter(|words| matches!(words, [Some(_), ..])).map(Self)
    }
}

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
    /// Its number.
    #[must_use]
    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// Its descriptor.
    pub const fn fd(&self) -> &Fd {
        &self.fd
    }
}

/// Which namespaces a new process gets of its own. `|` joins them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Namespaces(u32);

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

/// Clones this process into new namespaces, and into a cgroup where there is one for it. The new one has its own copy of
/// memory and descriptors.
///
/// # Errors
/// See clone(2): EPERM, ENOSPC, EUSERS, EINVAL, EAGAIN. With a cgroup, ENOSYS before Linux 5.7.
pub fn clone(namespaces: Namespaces, cgroup: Option<&Fd>) -> Result<Fork> {
    let mut descriptor = -1_i32;
    if let Some(cgroup) = cgroup {
        return clone_into(namespaces, cgroup);
    }
    let flags = namespaces.0 | kernel::CLONE_PIDFD | kernel::SIGCHLD;
    // SAFETY: without CLONE_VM and with no new stack this is fork(2); `descriptor` is where the kernel puts the pidfd,
    // as the third argument on every CPU. EINTR is not among the errors, but ERESTARTNOINTR is restarted by the kernel.
    match unsafe { call!(clone, flags, 0, &raw mut descriptor, 0, 0) }? {
        0 => Ok(Fork::Child),
        pid => Ok(Fork::Parent(PidFd { pid: pid as Pid, fd: Fd::from_kernel(descriptor as usize) })),
    }
}

/// [`clone`] by clone3(2), which alone can do it.
fn clone_into(namespaces: Namespaces, cgroup: &Fd) -> Result<Fork> {
    let mut descriptor = -1_i32;
    let arguments = kernel::clone_args {
        flags: u64::from(namespaces.0 | kernel::CLONE_PIDFD) | kernel::CLONE_INTO_CGROUP,
        pidfd: &raw mut descriptor as u64,
        child_tid: 0,
        parent_tid: 0,
        exit_signal: u64::from(kernel::SIGCHLD),
        stack: 0,
        stack_size: 0,
        tls: 0,
        set_tid: 0,
        set_tid_size: 0,
        cgroup: cgroup.number() as u64,
    };
    // SAFETY: without CLONE_VM and with no new stack this is fork(2); `arguments` is valid for reads of its size, and
    // `descriptor`, which it names, for a write.
    match unsafe { call!(clone3, &raw const arguments, size_of::<kernel::clone_args>()) }? {
        0 => Ok(Fork::Child),
        pid => Ok(Fork::Parent(PidFd { pid: pid as Pid, fd: Fd::from_kernel(descriptor as usize) })),
    }
}

/// Room for the stack of a child that shares its parent's memory until it executes something.
#[repr(C, align(4096))]
struct ChildStack(core::cell::UnsafeCell<[u8; CHILD_STACK_BYTES]>);

const CHILD_STACK_BYTES: usize = 64 * 1024;

// SAFETY: only `spawn` touches it, and it does so once in the life of a process.
unsafe impl Sync for ChildStack {}

static CHILD_STACK: ChildStack = ChildStack(core::cell::UnsafeCell::new([0; CHILD_STACK_BYTES]));

/// Not zero while the child of [`spawn`] still runs in its parent's memory; the kernel clears it and wakes who waits.
static SHARING: AtomicU32 = AtomicU32::new(0);

/// Clones a child that shares this process's memory until it executes something: nothing is copied that execve(2)
/// would throw away. It runs `body(argument)` on a stack of its own, with descriptors, working directory and signal
/// mask of its own. `body` begins once the parent has run `meanwhile`, which says whether the child may go on at all;
/// then the parent waits until the child has executed something, or ended. What `body` returns, because it could not
/// execute anything, comes back through that memory: whatever the child may no longer do by then, this it can.
///
/// To be called once in a process's life, with all signals blocked.
///
/// # Errors
/// See clone(2); EBUSY the second time.
pub fn spawn<T: Sync>(
    namespaces: Namespaces,
    body: fn(&T) -> Error,
    argument: &T,
    meanwhile: impl FnOnce(Pid) -> bool,
) -> Result<Spawned> {
    if SHARING.swap(1, Ordering::Relaxed) != 0 || SPAWNED.swap(true, Ordering::Relaxed) {
        return Err(Errno::BUSY);
    }
    // The child's stack begins with its task.
    let top = CHILD_STACK.0.get().wrapping_add(1).cast::<Task<'_, T>>();
    let task = top.wrapping_byte_sub(size_of::<Task<'_, T>>().next_multiple_of(16));
    // SAFETY: the place lies inside CHILD_STACK, is aligned to 16, and SPAWNED lets nobody else come here.
    unsafe { task.write(Task { body, argument, failure: None }) };
    let flags = namespaces.0 | kernel::CLONE_VM | kernel::CLONE_CHILD_CLEARTID | kernel::SIGCHLD;
    // SAFETY: the child is like a thread whose scope is this function: it has a stack of its own, reads only what is
    // `Sync`, and is gone from this memory before the function returns. `enter` never returns.
    let result = unsafe { arch::clone_onto(flags as usize, task.cast(), SHARING.as_ptr(), enter::<T>, task.cast()) };
    if result < 0 {
        return Err(Errno(result.unsigned_abs() as u16));
    }
    let verdict = if meanwhile(result as Pid) { GO } else { END };
    GATE.store(verdict, Ordering::Release);
    // Nobody waiting is as good as one who was woken.
    // SAFETY: GATE is a static.
    let _ = unsafe { call!(futex, GATE.as_ptr(), kernel::FUTEX_WAKE, 1, 0, 0, 0) };
    while_equal(&SHARING, 1);
    // SAFETY: the child is gone from this memory, and what it wrote before that is seen here (SHARING).
    let failure = unsafe { (*task).failure };
    release_child_stack();
    Ok(Spawned { pid: result as Pid, failure })
}

/// Waits as long as a word has this value.
fn while_equal(word: &'static AtomicU32, value: u32) {
    while word.load(Ordering::Acquire) == value {
        // A failure (EAGAIN, EINTR) means that it is worth another look; the loop takes it.
        // SAFETY: the word is a static. The kernel's own wake-up is not a private one (set_tid_address(2)).
        let _ = unsafe {
            super::call6(FUTEX, word.as_ptr() as usize, kernel::FUTEX_WAIT as usize, value as usize, 0, 0, 0)
        };
    }
}

/// What the child of [`spawn`] waits for.
static GATE: AtomicU32 = AtomicU32::new(SHUT);
const SHUT: u32 = 0;
const GO: u32 = 1;
const END: u32 = 2;

static SPAWNED: AtomicBool = AtomicBool::new(false);

/// A child that no longer shares its parent's memory.
#[derive(Clone, Copy, Debug)]
pub struct Spawned {
    /// Its number.
    pub pid: Pid,
    /// Why it executed nothing, where it said so.
    pub failure: Option<Error>,
}

/// What [`enter`] finds, and leaves.
struct Task<'a, T> {
    body: fn(&T) -> Error,
    argument: &'a T,
    failure: Option<Error>,
}

/// The first function of the child.
extern "C" fn enter<T>(task: *mut ()) -> ! {
    // SAFETY: `spawn` passes a `Task` of this type, in memory that is left alone until the child is done with it.
    let task = unsafe { &mut *task.cast::<Task<'_, T>>() };
    while_equal(&GATE, SHUT);
    if GATE.load(Ordering::Acquire) == GO {
        task.failure = Some((task.body)(task.argument));
    }
    exit(crate::error::OWN_FAILURE)
}

/// Gives the memory of the child's stack back.
fn release_child_stack() {
    // Where the kernel refuses, the pages stay; nothing else depends on it.
    // SAFETY: the child is gone from it, and what is in it means nothing any more.
    let _ = unsafe { call!(madvise, CHILD_STACK.0.get(), CHILD_STACK_BYTES, kernel::MADV_DONTNEED) };
}

/// With no timeout, the old call and the new one are the same.
#[cfg(target_pointer_width = "64")]
const FUTEX: Sysno = Sysno::futex;
#[cfg(target_pointer_width = "32")]
const FUTEX: Sysno = Sysno::futex_time64;

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

/// Takes one child that has ended: this one, or any where `pid` is `None`. Returns `None` where none has.
///
/// # Errors
/// ECHILD where there is no such child.
pub fn reap(pid: Option<Pid>) -> Result<Option<Ended>> {
    let mut status = 0_i32;
    // __WALL: whatever signal the child ends with.
    let options = kernel::WNOHANG | kernel::__WALL;
    // SAFETY: `status` is valid for a write; rusage is not asked for.
    match unsafe { call!(wait4, pid.unwrap_or(-1), &raw mut status, options, 0) }? {
        0 => Ok(None),
        pid => Ok(Some(Ended { pid: pid as Pid, status })),
    }
}

/// Waits until a child has ended, and takes it.
///
/// # Errors
/// ECHILD where it has been taken already.
pub fn wait(child: &PidFd) -> Result<Ended> {
    let mut status = 0_i32;
    // SAFETY: `status` is valid for a write; rusage is not asked for.
    unsafe { call!(wait4, child.pid, &raw mut status, kernel::__WALL, 0) }.map(|pid| Ended { pid: pid as Pid, status })
}

/// The number of the calling process.
#[must_use]
pub fn own_pid() -> Pid {
    // SAFETY: no memory is involved; it cannot fail.
    unsafe { call!(getpid) }.unwrap_or_default() as Pid
}

/// Has the kernel kill the caller when its parent ends (PR_SET_PDEATHSIG). A change of credentials undoes it.
///
/// # Errors
/// None that is known.
pub fn die_with_parent() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { call!(prctl, prctl::PR_SET_PDEATHSIG, kernel::SIGKILL, 0, 0, 0) }.map(drop)
}

/// Closes /proc/PID of the caller to all who have no power over the namespace that its program was started in: no
/// ptrace, no memory, no links to its files, no core (PR_SET_DUMPABLE 0).
///
/// # Errors
/// None that is known.
pub fn hide() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { call!(prctl, prctl::PR_SET_DUMPABLE, 0, 0, 0, 0) }.map(drop)
}

/// Where the kernel finds the name that `ps` shows: it looks into memory of the process's own, not of its file.
static TITLE: Once<[u8; 8]> = Once::new([0; 8]);

/// What `ps` shows of the caller from now on is `name` alone: no arguments, which may be the host's paths, and no
/// environment (PR_SET_MM_MAP, prctl(2)).
///
/// # Errors
/// EINVAL where the kernel was built without CONFIG_CHECKPOINT_RESTORE; EBUSY the second time.
pub fn show_as(name: [u8; 7]) -> Result<()> {
    let title = TITLE.take().ok_or(Errno::BUSY)?;
    for (target, source) in title.iter_mut().zip(name) {
        *target = source;
    }
    let start = title.as_ptr() as u64;
    let end = start + title.len() as u64;
    // The other areas are of no use to anyone but readers of /proc/PID/stat; the kernel only wants them in order.
    let data = &raw const SHARING as u64;
    let map = prctl::prctl_mm_map {
        start_code: start,
        end_code: end,
        start_data: data,
        end_data: data,
        start_brk: data + 1,
        brk: data + 1,
        start_stack: data,
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
    unsafe { call!(prctl, prctl::PR_SET_MM, prctl::PR_SET_MM_MAP, &raw const map, size, 0) }.map(drop)
}

/// Gives back the memory of the stack that is no longer in use: set-up goes deeper than the life after it.
#[inline(never)]
pub fn release_stack() {
    const PAGE: usize = 4096;
    const DEPTH: usize = 64 * PAGE;
    let here = 0_u8;
    // The frame of madvise's caller and what the ABI lets it use below its end fit in two pages.
    let end = (&raw const here as usize & !(PAGE - 1)).saturating_sub(PAGE);
    // ENOMEM where the stack is not as deep as that: what there is of it has been given back all the same.
    // SAFETY: the pages lie below every frame that is in use, and no reference leads into them.
    let _ = unsafe { call!(madvise, end - DEPTH, DEPTH, kernel::MADV_DONTNEED) };
}

/// Ends the process.
pub fn exit(status: u8) -> ! {
    // It returns where a filter of the user's denies it.
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
