//! Children that share their parent's memory: C until it executes something, and I for life.
//!
//! Nothing is copied that nobody will write to, and no page is faulted in twice; a copy of engine's memory would take a
//! tenth of a run.

use super::fd::Fd;
use super::process::{Namespaces, Pid, PidFd, exit};
use super::{Result, answer, arch, call, call6};
use crate::error::{Errno, Error};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use linux_raw_sys::general as kernel;
use syscalls::Sysno;

/// Room for the stack of a child.
#[repr(C, align(4096))]
struct Stack<const BYTES: usize>(UnsafeCell<[u8; BYTES]>);

// SAFETY: only one child is ever made on each, which `begun` and SPAWNED see to.
unsafe impl<const BYTES: usize> Sync for Stack<BYTES> {}

impl<const BYTES: usize> Stack<BYTES> {
    const fn new() -> Self {
        Self(UnsafeCell::new([0; BYTES]))
    }

    /// Where a value of this type ends the stack, and the child's frames begin below it.
    const fn top<T>(&self) -> *mut T {
        let end = self.0.get().wrapping_add(1).cast::<T>();
        end.wrapping_byte_sub(size_of::<T>().next_multiple_of(16))
    }
}

/// What C has is small, and its buffers are bounded.
const COMMAND_STACK_BYTES: usize = 64 * 1024;
static COMMAND_STACK: Stack<COMMAND_STACK_BYTES> = Stack::new();

/// I goes down into trees of directories, as deep as a path can be (4096 bytes), at less than 2 KiB a step. It is the
/// first in its segment (`link.ld`): below it is a page that nobody uses, and then what cannot be written.
#[unsafe(link_section = ".bss.first")]
static INIT_STACK: Stack<{ 4 * 1024 * 1024 }> = Stack::new();

/// What [`begin`] finds.
struct Beginning<T> {
    body: fn(&T) -> !,
    argument: T,
}

/// Whose memory a child has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
    /// Its parent's.
    Shared,
    /// A copy of it.
    Copied,
}

/// Clones a child into new namespaces, where it runs `body(argument)` on a stack of its own for as long as it lives, with
/// descriptors and signals of its own. What the two share they must not change any more, unless it is one's alone.
///
/// To be called once in a process's life.
///
/// # Errors
/// See clone(2): EPERM, ENOSPC, EUSERS, EINVAL, EAGAIN; EBUSY the second time.
pub fn beside<T: Send + 'static>(
    namespaces: Namespaces,
    memory: Memory,
    body: fn(&T) -> !,
    argument: T,
) -> Result<PidFd> {
    static BEGUN: AtomicBool = AtomicBool::new(false);
    if BEGUN.swap(true, Ordering::Relaxed) {
        return Err(Errno::BUSY);
    }
    let top = INIT_STACK.top::<Beginning<T>>();
    // SAFETY: the place lies inside INIT_STACK, is aligned to 16, and BEGUN lets nobody else come here.
    unsafe { top.write(Beginning { body, argument }) };
    let mut descriptor = 0_u32;
    let shared = if memory == Memory::Shared { kernel::CLONE_VM } else { 0 };
    let flags = namespaces.0 | shared | kernel::CLONE_PIDFD | kernel::SIGCHLD;
    // SAFETY: the child has the stack to itself and what was moved onto it; `begin` never returns. `descriptor` is where
    // the kernel puts the pidfd before the call returns.
    let pid =
        answer(unsafe { arch::clone_onto(flags as usize, top.cast(), &raw mut descriptor, begin::<T>, top.cast()) })?;
    Ok(PidFd::new(pid as Pid, Fd::from_kernel(descriptor)))
}

/// The first function of the child of [`beside`].
extern "C" fn begin<T>(beginning: *mut ()) -> ! {
    // SAFETY: `beside` passes a `Beginning` of this type, in memory that is the child's from then on.
    let beginning = unsafe { &*beginning.cast::<Beginning<T>>() };
    (beginning.body)(&beginning.argument)
}

/// Not zero while the child of [`spawn`] still runs in its parent's memory; the kernel clears it and wakes who waits.
static SHARING: AtomicU32 = AtomicU32::new(0);

/// Clones a child that shares this process's memory until it executes something: nothing is copied that execve(2)
/// would throw away. It runs `body(argument)` on a stack of its own, with descriptors, working directory and signal
/// mask of its own. With namespaces of its own, `body` begins once the parent has run `meanwhile`, which says whether the
/// child may go on at all; without, it begins at once. Then the parent waits until the child has executed something, or ended. What `body` returns, because it could not
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
    let task = COMMAND_STACK.top::<Task<'_, T>>();
    // SAFETY: the place lies inside COMMAND_STACK, is aligned to 16, and SPAWNED lets nobody else come here.
    unsafe { task.write(Task { body, argument, failure: None }) };
    let gated = namespaces != Namespaces::default();
    GATE.store(if gated { SHUT } else { GO }, Ordering::Release);
    let flags = namespaces.0 | kernel::CLONE_VM | kernel::CLONE_CHILD_CLEARTID | kernel::SIGCHLD;
    // SAFETY: the child is like a thread whose scope is this function: it has a stack of its own, reads only what is
    // `Sync`, and is gone from this memory before the function returns. `enter` never returns.
    let result = unsafe { arch::clone_onto(flags as usize, task.cast(), SHARING.as_ptr(), enter::<T>, task.cast()) };
    let pid = answer(result)? as Pid;
    let verdict = if meanwhile(pid) { GO } else { END };
    if gated {
        GATE.store(verdict, Ordering::Release);
        // Nobody waiting is as good as one who was woken.
        // SAFETY: GATE is a static.
        let _ = unsafe { call!(futex, GATE.as_ptr(), kernel::FUTEX_WAKE, 1, 0, 0, 0) };
    }
    while_equal(&SHARING, 1);
    // SAFETY: the child is gone from this memory, and what it wrote before that is seen here (SHARING).
    let failure = unsafe { (*task).failure };
    release_child_stack();
    Ok(Spawned { pid, failure })
}

/// Waits as long as a word has this value.
fn while_equal(word: &'static AtomicU32, value: u32) {
    while word.load(Ordering::Acquire) == value {
        // A failure (EAGAIN, EINTR) means that it is worth another look; the loop takes it.
        // SAFETY: the word is a static. The kernel's own wake-up is not a private one (set_tid_address(2)).
        let _ = unsafe { call6(FUTEX, word.as_ptr() as usize, kernel::FUTEX_WAIT as usize, value as usize, 0, 0, 0) };
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
    let _ = unsafe { call!(madvise, COMMAND_STACK.0.get(), COMMAND_STACK_BYTES, kernel::MADV_DONTNEED) };
}

/// With no timeout, the old call and the new one are the same.
#[cfg(target_pointer_width = "64")]
const FUTEX: Sysno = Sysno::futex;
#[cfg(target_pointer_width = "32")]
const FUTEX: Sysno = Sysno::futex_time64;
