//! All that engine says, packed, and unpacked when the first of it is said.

use crate::cli;
use crate::sys::once::Once;
use crate::words::{self, Line, Packed, Room, Table, Texts};

/// The table that all others stand before.
const LAST: &Table = &cli::TEXTS;

const ALL: Packed = words::pack(LAST);
static PACKED: [u8; ALL.length()] = ALL.bytes();

/// As large as it is, it takes no room in the file, and in memory only once something is said.
static ROOM: Once<Room<{ LAST.length() }>> = Once::new(Room::new());

/// The texts of every room.
pub fn texts() -> Texts {
    // The program says everything in one thread; its tests run in many.
    #[cfg(test)]
    let _one_at_a_time = tests::UNPACKING.lock();
    // None only while they are being unpacked, which says nothing.
    Texts(ROOM.filled(|room| words::unpack(&PACKED, room)).map_or(b"", Room::text))
}

/// What this one says.
#[inline(never)]
pub fn said(line: Line) -> &'static [u8] {
    texts().line(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) static UNPACKING: std::sync::Mutex<()> = std::sync::Mutex::new(());

    #[test]
    fn every_text_is_said_as_it_stands_in_the_source() {
        let plain = Texts::plain(LAST);
        assert_eq!(plain.0.len(), LAST.length());
        assert_eq!(texts().0, plain.0);
        // The second time, they are there.
        assert_eq!(texts().0.as_ptr(), texts().0.as_ptr());
    }
}
