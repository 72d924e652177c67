//! What children used.

use linux_raw_sys::general as kernel;

/// What a process used, with all of its children that it waited for (getrusage(2)).
#[derive(Debug)]
#[repr(transparent)]
pub struct Usage(kernel::rusage);

impl Default for Usage {
    fn default() -> Self {
        // SAFETY: the kernel's structure is plain numbers, for which zero is a value.
        unsafe { core::mem::zeroed() }
    }
}

impl Usage {
    /// Microseconds in programs, microseconds in the kernel, and the most memory that one process held, in KiB.
    #[must_use]
    pub const fn numbers(&self) -> [u64; 3] {
        const fn microseconds(time: &kernel::__kernel_old_timeval) -> u64 {
            time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64
        }
        [microseconds(&self.0.ru_utime), microseconds(&self.0.ru_stime), self.0.ru_maxrss as u64]
    }
}

/// Nanoseconds on a clock that nobody sets (CLOCK_MONOTONIC).
#[must_use]
pub fn now() -> u64 {
    let mut time = [0_i64; 2];
    #[cfg(target_pointer_width = "64")]
    let number = syscalls::Sysno::clock_gettime;
    #[cfg(target_pointer_width = "32")]
    let number = syscalls::Sysno::clock_gettime64;
    // It cannot fail.
    // SAFETY: `time` is the kernel's structure, seconds and nanoseconds of 64 bits each, and valid for a write.
    let _ = unsafe { super::call3(number, kernel::CLOCK_MONOTONIC as usize, &raw mut time as usize, 0) };
    let [seconds, nanoseconds] = time;
    seconds as u64 * 1_000_000_000 + nanoseconds as u64
}
