//! Clocks.

use linux_raw_sys::general as kernel;

/// A duration in the kernel's form.
#[must_use]
pub(super) const fn duration(milliseconds: u64) -> kernel::__kernel_timespec {
    kernel::__kernel_timespec {
        tv_sec: (milliseconds / 1000) as i64,
        tv_nsec: (milliseconds % 1000 * 1_000_000) as i64,
    }
}
