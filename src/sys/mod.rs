//! The kernel as engine sees it: one safe function for each use of a system call.
//!
//! This is the only room that names the crates `syscalls` and `linux_raw_sys`, and the only one with `unsafe` in it.
//! A function here has the kernel's word for what it does, takes and gives safe types, and says errno; which step of
//! engine's it was, and on what, is said by the caller ([`At`](crate::error::At)).
#![allow(unsafe_code, reason = "this is the single home of unsafe; each use argues why it is right")]

use crate::error::Errno;
use syscalls::Sysno;

mod arch;
pub mod clock;
pub mod digits;
pub mod fd;
pub mod file;
pub mod identity;
pub mod landlock;
pub mod limits;
pub mod mount;
pub mod network;
pub mod numbers;
pub mod once;
pub mod poll;
pub mod process;
pub mod seccomp;
pub mod signal;
pub mod socket;
pub mod spawn;
pub mod start;
pub mod terminal;
pub mod text;
pub mod tree;

pub use fd::Fd;

/// The result of a system call.
pub type Result<T> = core::result::Result<T, Errno>;

/// Makes a system call, again and again while a signal interrupts it. Out of line and with its arguments in registers:
/// its callers are many and small. No call that is made here has an answer of more than 32 bits to give, and a pair of
/// registers holds either that or an errno.
///
/// # Safety
/// As the call itself: every pointer among the arguments must be valid for what the kernel does with it.
#[inline(never)]
unsafe fn call3(number: Sysno, a: usize, b: usize, c: usize) -> Result<u32> {
    loop {
        // SAFETY: the caller's contract; the kernel ignores the arguments that a call does not have.
        match unsafe { syscalls::raw::syscall3(number as usize, a, b, c) } as isize {
            INTERRUPTED => {}
            number => return answer(number),
        }
    }
}

/// [`call3`] for the calls that have more arguments.
///
/// # Safety
/// As [`call3`].
#[inline(never)]
unsafe fn call6(number: Sysno, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> Result<u32> {
    loop {
        // SAFETY: the caller's contract; the kernel ignores the arguments that a call does not have.
        match unsafe { syscalls::raw::syscall6(number as usize, a, b, c, d, e, f) } as isize {
            INTERRUPTED => {}
            number => return answer(number),
        }
    }
}

const INTERRUPTED: isize = -(Errno::INTR.number() as isize);

/// What the kernel's number means: the last page of numbers are errors.
#[inline(never)]
fn answer(number: isize) -> Result<u32> {
    if number as usize >= -4095_isize as usize {
        Err(Errno::new(number.unsigned_abs() as u16))
    } else {
        Ok(number as u32)
    }
}

/// [`call3`] and [`call6`] for the calls that have nothing to say but whether they failed.
///
/// # Safety
/// As [`call3`].
#[inline(never)]
unsafe fn done3(number: Sysno, a: usize, b: usize, c: usize) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe { call3(number, a, b, c) }.map(drop)
}

#[inline(never)]
unsafe fn done6(number: Sysno, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe { call6(number, a, b, c, d, e, f) }.map(drop)
}

/// `raw!(three, six, name, arguments…)`: a system call of up to six arguments, each cast to a machine word, by the
/// function that takes so many.
macro_rules! raw {
    ($three:ident, $six:ident, $name:ident $(, $a:expr $(, $b:expr $(, $c:expr)?)?)?) => {
        $crate::sys::$three(
            syscalls::Sysno::$name, $crate::sys::raw!(@ $($a)?), $crate::sys::raw!(@ $($($b)?)?), $crate::sys::raw!(@ $($($($c)?)?)?)
        )
    };
    ($three:ident, $six:ident, $name:ident, $a:expr, $b:expr, $c:expr, $d:expr $(, $e:expr $(, $f:expr)?)?) => {
        $crate::sys::$six(
            syscalls::Sysno::$name, $crate::sys::raw!(@ $a), $crate::sys::raw!(@ $b), $crate::sys::raw!(@ $c), $crate::sys::raw!(@ $d), $crate::sys::raw!(@ $($e)?),
            $crate::sys::raw!(@ $($($f)?)?)
        )
    };
    (@) => { 0_usize };
    (@ $argument:expr) => { $argument as usize };
}
use raw;

/// `call!(name, arguments…)`: a system call that answers with a number.
macro_rules! call {
    ($($call:tt)*) => { $crate::sys::raw!(call3, call6, $($call)*).map(|number| number as usize) };
}
use call;

/// `done!(name, arguments…)`: a system call that answers with nothing.
macro_rules! done {
    ($($call:tt)*) => { $crate::sys::raw!(done3, done6, $($call)*) };
}
use done;

/// `open!(name, arguments…)`: a system call that answers with a descriptor.
macro_rules! open {
    ($($call:tt)*) => { $crate::sys::raw!(call3, call6, $($call)*).map($crate::sys::Fd::from_kernel) };
}
use open;
