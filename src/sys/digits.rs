//! Numbers as text: ids, process numbers, sizes, modes.

use super::text::terminated;
use core::ffi::CStr;

/// How a number is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// As modes are.
    Octal = 8,
    /// As everything else is.
    Decimal = 10,
}

/// Room for a number with something before it.
pub type Room = [u8; 40];

/// `prefix`, which is short, and the digits of a number, in the room that is given.
#[inline(never)]
pub fn write<'a>(prefix: &[u8], mut value: u64, base: Base, room: &'a mut Room) -> &'a CStr {
    // From the end, where a NUL stays; no number has more than 22 digits.
    let mut start = room.len() - 1;
    let mut put = |byte| {
        start -= 1;
        if let Some(place) = room.get_mut(start) {
            *place = byte;
        }
    };
    loop {
        put(b'0' + (value % base as u64) as u8);
        value /= base as u64;
        if value == 0 {
            break;
        }
    }
    for &byte in prefix.iter().rev() {
        put(byte);
    }
    terminated(room.get(start..).unwrap_or_default()).unwrap_or_default()
}

/// [`write()`] for what is an id or the number of a process.
pub fn decimal<'a>(prefix: &[u8], value: u32, room: &'a mut Room) -> &'a CStr {
    write(prefix, u64::from(value), Base::Decimal, room)
}

/// A plain decimal number of 32 bits: digits and nothing else.
#[must_use]
#[inline(never)]
pub fn read(word: &[u8]) -> Option<u32> {
    if word.is_empty() {
        return None;
    }
    let mut value = 0_u32;
    for byte in word {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u32::from(digit))?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_are_written_as_they_are_read() {
        for value in [0, 7, 10, 65_534, 100_000, u32::MAX] {
            let mut room = [0; 40];
            let text = decimal(b"", value, &mut room).to_bytes();
            assert_eq!(text, value.to_string().as_bytes());
            assert_eq!(read(text), Some(value));
        }
    }

    #[test]
    fn the_longest_numbers_fit_behind_a_prefix() {
        assert_eq!(
            write(b"/proc/self/fd/", u64::MAX, Base::Octal, &mut [0; 40]),
            c"/proc/self/fd/1777777777777777777777"
        );
        assert_eq!(write(b"", u64::MAX, Base::Decimal, &mut [0; 40]), c"18446744073709551615");
        assert_eq!(write(b"", 0o1777, Base::Octal, &mut [0; 40]), c"1777");
    }

    #[test]
    fn numbers_are_plain() {
        assert_eq!(read(b"4294967295"), Some(u32::MAX));
        for word in [b"".as_slice(), b"4294967296", b"1x", b"-1", b" 1"] {
            assert_eq!(read(word), None);
        }
    }
}
