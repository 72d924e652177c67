//! The kernel as engine sees it: one safe function for each use of a system call.
//!
//! This is the only room that names the crates `syscalls` and `linux_raw_sys`, and the only one with `unsafe` in it.
//! A function here has the kernel's word for what it does, takes and gives safe types, and says errno; which step of
//! engine's it was, and on what, is said by the caller ([`At`](crate::error::At)).
#![allow(unsafe_code, reason = "this is the single home of unsafe; each use argues why it is right")]

use crate::error::Errno;
use syscalls::Sysno;

mod arch;
pub mod children;
pub mod fd;
pub mod file;
pub mod identity;
pub mod mount;
pub mod numbers;
pub mod once;
pub mod poll;
pub mod process;
pub mod signal;
pub mod socket;
pub mod terminal;
pub mod time;

pub use fd::Fd;

/// The result of a system call.
pub type Result<T> = core::result::Result<T, Errno>;

/// Makes a system call, again and again while a signal interrupts it. Out of line and with its arguments in registers:
/// its callers are many and small.
///
/// # Safety
/// As the call itself: every pointer among the arguments must be valid for what the kernel does with it.
#[inline(never)]
unsafe fn call3(number: Sysno, a: usize, b: usize, c: usize) -> Result<usize> {
    loop {
        // SAFETY: the caller's contract; the kernel ignores the arguments that a call does not have.
        match unsafe { syscalls::syscall3(number, a, b, c) } {
            Err(syscalls::Errno::EINTR) => {}
            result => return result.map_err(kernel_errno),
        }
    }
}

/// [`call3`] for the calls that have more arguments.
///
/// # Safety
/// As [`call3`].
#[inline(never)]
unsafe fn call6(number: Sysno, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> Result<usize> {
    loop {
        // SAFETY: the caller's contract; the kernel ignores the arguments that a call does not have.
        match unsafe { syscalls::syscall6(number, a, b, c, d, e, f) } {
            Err(syscalls::Errno::EINTR) => {}
            result => return result.map_err(kernel_errno),
        }
    }
}

fn kernel_errno(errno: syscalls::Errno) -> Errno {
    Errno(errno.into_raw() as u16)
}

/// `call!(name, arguments…)`: a system call of up to six arguments, each cast to a machine word.
macro_rules! call {
    ($name:ident $(, $a:expr $(, $b:expr $(, $c:expr)?)?)?) => {
        $crate::sys::call3(syscalls::Sysno::$name, call!(@ $($a)?), call!(@ $($($b)?)?), call!(@ $($($($c)?)?)?))
    };
    ($name:ident, $a:expr, $b:expr, $c:expr, $d:expr $(, $e:expr $(, $f:expr)?)?) => {
        $crate::sys::call6(syscalls::Sysno::$name, call!(@ $a), call!(@ $b), call!(@ $c), call!(@ $d), call!(@ $($e)?),
            call!(@ $($($f)?)?))
    };
    (@) => { 0_usize };
    (@ $argument:expr) => { $argument as usize };
}
use call;
