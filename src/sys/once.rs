//! Static memory that is handed out once.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// A value in static memory, for what is too large for the stack. As long as nobody takes it, its pages cost nothing.
#[derive(Debug)]
pub struct Once<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `take` gives the only reference there ever is.
unsafe impl<T: Send> Sync for Once<T> {}

impl<T> Once<T> {
    /// To be put in a static; all zeros, it takes no room in the file.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// The value, to the first who asks.
    #[allow(clippy::mut_from_ref, reason = "the flag lets it happen once")]
    pub fn take(&'static self) -> Option<&'static mut T> {
        if self.taken.swap(true, Ordering::Relaxed) {
            return None;
        }
        // SAFETY: the swap lets exactly one caller come here.
        Some(unsafe { &mut *self.value.get() })
    }
}
