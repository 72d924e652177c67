//! A child that shares its parent's memory until it executes something.

use super::process::{Namespaces, Pid, exit};
use super::{Result, answer, arch, call, call6};
use crate::error::{Errno, Error};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use linux_raw_sys::general as kernel;
use syscalls::Sysno;

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
    // The child's stack begins with its task.
    let top = CHILD_STACK.0.get().wrapping_add(1).cast::<Task<'_, T>>();
    let task = top.wrapping_byte_sub(size_of::<Task<'_, T>>().next_multiple_of(16));
    // SAFETY: the place lies inside CHILD_STACK, is aligned to 16, and SPAWNED lets nobody else come here.
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
    let _ = unsafe { call!(madvise, CHILD_STACK.0.get(), CHILD_STACK_BYTES, kernel::MADV_DONTNEED) };
}

/// With no timeout, the old call and the new one are the same.
#[cfg(target_pointer_width = "64")]
const FUTEX: Sysno = Sysno::futex;
#[cfg(target_pointer_width = "32")]
const FUTEX: Sysno = Sysno::futex_time64;
