//! Static memory that is handed out once, or filled once.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// A value in static memory, for what is too large for the stack. As long as nobody takes it, its pages cost nothing.
/// In this order, since what is far behind a large value takes longer instructions to reach: 48 bytes of the file.
#[derive(Debug)]
#[repr(C)]
pub struct Once<T> {
    taken: AtomicBool,
    filled: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `take` gives the only reference there ever is, and `filled` gives others only when that one is gone.
unsafe impl<T: Send> Sync for Once<T> {}

impl<T> Once<T> {
    /// To be put in a static; all zeros, it takes no room in the file.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), filled: AtomicBool::new(false), value: UnsafeCell::new(value) }
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

    /// The value as `fill` leaves it, which the first who asks has done; to be read by all. `None` where it is taken, or
    /// is still being filled.
    pub fn filled(&'static self, fill: impl FnOnce(&mut T)) -> Option<&'static T>
    where
        T: Sync,
    {
        if let Some(value) = self.take() {
            fill(value);
            self.filled.store(true, Ordering::Release);
        }
        // SAFETY: it was taken above and by nobody else, and that reference is not used any more.
        self.filled.load(Ordering::Acquire).then(|| unsafe { &*self.value.get() })
    }
}
