//! Time: what a clock says, and a signal when some of it is over.

use super::{Result, done};
use linux_raw_sys::general as kernel;
use syscalls::Sysno;

/// Nanoseconds of the monotonic clock.
#[must_use]
pub fn now() -> u64 {
    let mut time = kernel::__kernel_timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for a write. It cannot fail.
    let _ = unsafe { super::call3(GETTIME, kernel::CLOCK_MONOTONIC as usize, &raw mut time as usize, 0) };
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// A timer: SIGALRM when it runs out, told from others by [`Arrived::is_from_timer`](super::signal::Arrived).
pub struct Timer(i32);

impl Timer {
    /// One that is not running.
    ///
    /// # Errors
    /// EAGAIN; ENOSYS where the kernel was built without CONFIG_POSIX_TIMERS; see timer_create(2).
    pub fn new() -> Result<Self> {
        let mut id = 0_i32;
        // SAFETY: `id` is valid for a write; without an event the kernel sends SIGALRM.
        unsafe { done!(timer_create, kernel::CLOCK_MONOTONIC, 0, &raw mut id) }?;
        Ok(Self(id))
    }

    /// Lets it run out after so many milliseconds from now, and not as it was set before. 0 stops it.
    ///
    /// # Errors
    /// None that is known.
    pub fn set(&self, milliseconds: u64) -> Result<()> {
        let never = kernel::__kernel_timespec { tv_sec: 0, tv_nsec: 0 };
        let time = kernel::__kernel_timespec {
            tv_sec: (milliseconds / 1000) as i64,
            tv_nsec: (milliseconds % 1000 * 1_000_000) as _,
        };
        let time = kernel::__kernel_itimerspec { it_interval: never, it_value: time };
        // SAFETY: `time` is valid for reads; the old time is not asked for.
        unsafe { super::done6(SETTIME, self.0 as usize, 0, &raw const time as usize, 0, 0, 0) }
    }
}

/// Those that take 64 bits of seconds on every CPU.
#[cfg(target_pointer_width = "64")]
const GETTIME: Sysno = Sysno::clock_gettime;
#[cfg(target_pointer_width = "32")]
const GETTIME: Sysno = Sysno::clock_gettime64;
#[cfg(target_pointer_width = "64")]
const SETTIME: Sysno = Sysno::timer_settime;
#[cfg(target_pointer_width = "32")]
const SETTIME: Sysno = Sysno::timer_settime64;
