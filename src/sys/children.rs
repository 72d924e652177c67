//! How children end, and what they used.

use super::fd::Dir;
use super::file;
use super::process::{Pid, PidFd};
use super::signal::Signal;
use super::{Result, call};
use linux_raw_sys::general as kernel;

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

/// What a process used, with all of its children that it waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Microseconds in programs.
    pub user: u64,
    /// Microseconds in the kernel.
    pub system: u64,
    /// The most memory that one of them held at once, in KiB.
    pub memory: u64,
}

/// A child that has been waited for.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Which.
    pub pid: Pid,
    /// Its wait status.
    pub status: i32,
    /// What it used.
    pub usage: Usage,
}

/// wait4(2) for one that has ended, whatever signal it ends with.
fn wait4(pid: Pid, options: u32) -> Result<Option<Ended>> {
    let mut status = 0_i32;
    // SAFETY: the kernel's structure is plain numbers, for which zero is a value.
    let mut used: kernel::rusage = unsafe { core::mem::zeroed() };
    let options = options | kernel::__WALL;
    // SAFETY: `status` and `used` are valid for writes of the kernel's structures.
    let pid = unsafe { call!(wait4, pid, &raw mut status, options, &raw mut used) }? as Pid;
    let microseconds = |time: kernel::__kernel_old_timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    let usage =
        Usage { user: microseconds(used.ru_utime), system: microseconds(used.ru_stime), memory: used.ru_maxrss as u64 };
    Ok((pid != 0).then_some(Ended { pid, status, usage }))
}

/// Takes one child that has ended: this one, or any where `pid` is `None`. Returns `None` where none has.
///
/// # Errors
/// ECHILD where there is no such child.
pub fn reap(pid: Option<Pid>) -> Result<Option<Ended>> {
    wait4(pid.unwrap_or(-1), kernel::WNOHANG)
}

/// Waits until a child has ended, and takes it.
///
/// # Errors
/// ECHILD where it has been taken already.
pub fn wait(child: &PidFd) -> Result<Option<Ended>> {
    wait4(child.pid(), 0)
}

/// Waits until any child has ended, and takes it.
///
/// # Errors
/// ECHILD where there is none.
pub fn wait_for_any() -> Result<()> {
    wait4(-1, 0).map(drop)
}

/// Does something with each child of the caller that there is at the moment; of very many, with the first ones.
///
/// # Errors
/// ENOENT where the kernel was built without CONFIG_PROC_CHILDREN, or /proc is not there.
pub fn each(mut action: impl FnMut(Pid)) -> Result<()> {
    let mut text = [0; 4096];
    let list = file::open_read(Dir::Here, c"/proc/thread-self/children")?;
    let length = file::read_full(&list, &mut text);
    list.close();
    let length = length?;
    let mut pid: Pid = 0;
    // Each number has a blank behind it; a number without one is cut off.
    for byte in text.get(..length).unwrap_or_default() {
        match char::from(*byte).to_digit(10) {
            Some(digit) => pid = pid.wrapping_mul(10).wrapping_add(digit as Pid),
            None => action(core::mem::take(&mut pid)),
        }
    }
    Ok(())
}
