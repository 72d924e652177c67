//! The kernel as engine sees it: one safe function for each use of a system call.
//!
//! This is the only room that names the crates `syscalls` and `linux_raw_sys`, and the only one with `unsafe` in it.
//! A function here has the kernel's word for what it does, takes and gives safe types, and says errno; which step of
//! engine's it was, and on what, is said by the caller ([`At`](crate::error::At)).
#![allow(unsafe_code, reason = "this is the single home of unsafe; each use argues why it is right")]

use crate::error::Errno;
use syscalls::Sysno;

mod arch;
pub mod fd;
pub mod file;
pub mod identity;
pub mod mount;
pub mod network;
pub mod numbers;
pub mod once;
pub mod poll;
pub mod process;
pub mod signal;
pub mod spawn;
pub mod start;
pub mod terminal;
pub mod time;
pub mod tree;

pub use fd::Fd;

/// The result of a system call.
pub type Result<T> = core::result::Result<T, Errno>;

/// Makes a system call, again and again while a signal interrupts it. Out of line and with its arguments in registers:
/// its callers are many and small. What comes back is the kernel's own number, for [`answer`].
///
/// # Safety
/// As the call itself: every pointer among the arguments must be valid for what the kernel does with it.
#[inline(never)]
unsafe fn call3(number: Sysno, a: usize, b: usize, c: usize) -> isize {
    loop {
        // SAFETY: the caller's contract; the kernel ignores the arguments that a call does not have.
        match unsafe { syscalls::raw::syscall3(number as usize, a, b, c) } as isize {
            INTERRUPTED => {}
            answer => return answer,
        }
    }
}

/// [`call3`] for the calls that have more arguments.
///
/// # Safety
/// As [`call3`].
#[inline(never)]
unsafe fn call6(number: Sysno, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> isize {
    loop {
        // SAFETY: the caller's contract; the kernel ignores the arguments that a call does not have.
        match unsafe { syscalls::raw::syscall6(number as usize, a, b, c, d, e, f) } as isize {
            INTERRUPTED => {}
            answer => return answer,
        }
    }
}

const INTERRUPTED: isize = -(Errno::INTR.number() as isize);

/// What the kernel's number means: the last page of numbers are errors.
#[inline(always)]
fn answer(number: isize) -> Result<usize> {
    if (-4095..0).contains(&number) { Err(Errno::new(number.unsigned_abs() as u16)) } else { Ok(number as usize) }
}

/// `call!(name, arguments…)`: a system call of up to six arguments, each cast to a machine word.
macro_rules! call {
    ($name:ident $(, $a:expr $(, $b:expr $(, $c:expr)?)?)?) => {
        $crate::sys::answer($crate::sys::call3(
            syscalls::Sysno::$name, call!(@ $($a)?), call!(@ $($($b)?)?), call!(@ $($($($c)?)?)?)
        ))
    };
    ($name:ident, $a:expr, $b:expr, $c:expr, $d:expr $(, $e:expr $(, $f:expr)?)?) => {
        $crate::sys::answer($crate::sys::call6(
            syscalls::Sysno::$name, call!(@ $a), call!(@ $b), call!(@ $c), call!(@ $d), call!(@ $($e)?),
            call!(@ $($($f)?)?)
        ))
    };
    (@) => { 0_usize };
    (@ $argument:expr) => { $argument as usize };
}
use call;
