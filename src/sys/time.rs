//! Clocks.

use super::call;
use linux_raw_sys::general as kernel;

/// A duration in the kernel's form.
#[must_use]
pub(super) const fn duration(milliseconds: u64) -> kernel::__kernel_timespec {
    kernel::__kernel_timespec {
        tv_sec: (milliseconds / 1000) as i64,
        tv_nsec: (milliseconds % 1000 * 1_000_000) as i64,
    }
}

/// Nanoseconds on a clock that nobody sets and that stands still while the machine sleeps (CLOCK_MONOTONIC).
#[must_use]
pub fn now() -> u64 {
    let mut time = kernel::__kernel_timespec { tv_sec: 0, tv_nsec: 0 };
    #[cfg(target_pointer_width = "64")]
    // SAFETY: `time` is valid for a write. It cannot fail.
    let _ = unsafe { call!(clock_gettime, kernel::CLOCK_MONOTONIC, &raw mut time) };
    #[cfg(target_pointer_width = "32")]
    // SAFETY: as above.
    let _ = unsafe { call!(clock_gettime64, kernel::CLOCK_MONOTONIC, &raw mut time) };
    (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
}

/// A moment at which something is due, or never.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<u64>);

impl Deadline {
    /// It never comes.
    pub const NEVER: Self = Self(None);

    /// So many milliseconds from now; never where there is no number.
    #[must_use]
    pub fn after(milliseconds: Option<u64>) -> Self {
        Self(milliseconds.map(|milliseconds| now().saturating_add(milliseconds.saturating_mul(1_000_000))))
    }

    /// How many milliseconds are left, a begun one counted; `None`: it never comes.
    #[must_use]
    pub fn left(self) -> Option<u64> {
        self.0.map(|due| due.saturating_sub(now()).div_ceil(1_000_000))
    }
}
