//! How texts are packed: each bit is guessed from what followed the same bytes before, and the surer a guess that comes
//! true, the less the bit takes (arithmetic coding with mixed contexts). English of this kind takes 3.4 bits a letter;
//! pairs of bytes that get a byte of their own, a simpler way, would leave 4.7.
//!
//! The compiler packs, and the program unpacks when the first of the texts is said, which takes it a millisecond. Both
//! must guess alike, so they share what a guess is made of, in whole numbers.

use super::Table;

/// How many counts there are. Half as many make the packed text 3 percent longer, as more contexts share one; twice as
/// many make it 2 percent shorter.
const COUNTS: usize = 1 << SIZE;
const SIZE: u32 = 18;

/// How often a bit was 0, and how often 1.
type Count = [u8; 2];

/// How many counts there are for a bit: behind none, one, two and three of the bytes before it.
const WAYS: u32 = 4;

/// Where the count of a way is. `before` is the bytes before, the newest lowest, `bits` the bits of this byte with a 1
/// before them. Where two places meet by chance both guess worse, no more.
const fn place(before: u32, bits: u32, way: u32) -> usize {
    let seen = (before & !(!0 << (8 * way))) << 8 | bits;
    // Scattered by the golden ratio.
    (seen as u64 * 0x9e37_79b1) as u32 as usize >> (u32::BITS - SIZE)
}

/// What speaks for a 0 and what for a 1, where nothing is known.
const START: [u32; 2] = [3, 3];

/// Adds what a count says: the more, the more bytes were alike.
const fn weigh([zeros, ones]: &mut [u32; 2], count: Count, way: u32) {
    *zeros += (count[0] as u32) << (2 * way);
    *ones += (count[1] as u32) << (2 * way);
}

/// The part of `range` that stands for a 1.
const fn part(range: u32, [zeros, ones]: [u32; 2]) -> u32 {
    // The compiler does not see that the sum is never 0.
    range / ((zeros + ones) | 1) * ones
}

/// Counts one more. What that contradicts counts half from now on: what came last is likelier to come again.
const fn count([zeros, ones]: &mut Count, one: bool) {
    let (same, other) = if one { (ones, zeros) } else { (zeros, ones) };
    *same = same.saturating_add(1);
    if *other > 2 {
        *other = *other / 2 + 1;
    }
}

/// A range that is smaller than this takes in one more byte.
const SMALL: u32 = 1 << 24;

/// What the texts are unpacked in. All zeros at first, so that it takes no room in the file.
#[derive(Debug)]
pub struct Room<const LENGTH: usize> {
    counts: [Count; COUNTS],
    text: [u8; LENGTH],
}

impl<const LENGTH: usize> Room<LENGTH> {
    /// With nothing in it.
    #[must_use]
    pub const fn new() -> Self {
        Self { counts: [[0; 2]; COUNTS], text: [0; LENGTH] }
    }

    /// What [`unpack`] has left here.
    #[must_use]
    pub const fn text(&self) -> &[u8] {
        &self.text
    }
}

impl<const LENGTH: usize> Default for Room<LENGTH> {
    fn default() -> Self {
        Self::new()
    }
}

/// Fills the room, which is as long as the texts are.
pub fn unpack<const LENGTH: usize>(packed: &[u8], room: &mut Room<LENGTH>) {
    let mut packed = packed.iter();
    // The range that is left, what has been packed within it, and the bytes before.
    let (mut range, mut code, mut before) = (1_u32, 0_u32, 0_u32);
    for byte in &mut room.text {
        let mut bits = 1;
        while bits < 1 << 7 {
            while range < SMALL {
                // The zeros at the end are not kept.
                code = code << 8 | u32::from(packed.next().copied().unwrap_or_default());
                range <<= 8;
            }
            let mut sums = START;
            for way in 0..WAYS {
                weigh(&mut sums, room.counts.get(place(before, bits, way)).copied().unwrap_or_default(), way);
            }
            let part = part(range, sums);
            let one = code < part;
            if one {
                range = part;
            } else {
                code -= part;
                range -= part;
            }
            for way in 0..WAYS {
                if let Some(counts) = room.counts.get_mut(place(before, bits, way)) {
                    count(counts, one);
                }
            }
            bits = bits << 1 | u32::from(one);
        }
        *byte = bits as u8 & 0x7f;
        before = before << 8 | u32::from(*byte);
    }
}

/// More than the texts have bytes.
const CAPACITY: usize = 1 << 15;

/// Packed texts, for constants: only [`Packed::bytes`] go into the program.
#[derive(Debug)]
pub struct Packed {
    /// A number of as many digits as bytes have been taken in: the lowest of the range that is left.
    bytes: [u8; CAPACITY],
    length: usize,
}

/// Packs a table and all before it, in the same steps as [`unpack`]. What differs is that here the bits are known.
#[must_use]
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
pub const fn pack(last: &Table) -> Packed {
    let text = last.text();
    let mut counts = [[0; 2]; COUNTS];
    let mut packed = Packed { bytes: [0; CAPACITY], length: 0 };
    let (mut range, mut before, mut index) = (1, 0, 0);
    while index < last.length() {
        let byte = text[index] as u32;
        assert!(byte < 1 << 7, "bytes have 7 bits");
        let (mut bits, mut left) = (1, 7);
        while left > 0 {
            left -= 1;
            range = packed.take_in(range);
            let places =
                [place(before, bits, 0), place(before, bits, 1), place(before, bits, 2), place(before, bits, 3)];
            let part = part(range, guess(&counts, places));
            let one = byte >> left & 1 == 1;
            if one {
                range = part;
            } else {
                packed.add(part);
                range -= part;
            }
            learn(&mut counts, places, one);
            bits = bits << 1 | one as u32;
        }
        before = before << 8 | byte;
        index += 1;
    }
    // Of the numbers within the range the one that has the most zeros at its end, which are not kept.
    packed.take_in(range);
    packed.add(SMALL - 1);
    packed.length -= 3;
    packed
}

/// What all ways say. No loop, as the compiler, which is slow and warns of what takes long, counts rounds and calls.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
const fn guess(counts: &[Count; COUNTS], [a, b, c, d]: [usize; WAYS as usize]) -> [u32; 2] {
    let mut sums = START;
    weigh(&mut sums, counts[a], 0);
    weigh(&mut sums, counts[b], 1);
    weigh(&mut sums, counts[c], 2);
    weigh(&mut sums, counts[d], 3);
    sums
}

/// Counts the bit in all ways.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
const fn learn(counts: &mut [Count; COUNTS], [a, b, c, d]: [usize; WAYS as usize], one: bool) {
    count(&mut counts[a], one);
    count(&mut counts[b], one);
    count(&mut counts[c], one);
    count(&mut counts[d], one);
}

impl Packed {
    /// How many bytes it is.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// The bytes, as many as there are.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
    pub const fn bytes<const LENGTH: usize>(&self) -> [u8; LENGTH] {
        assert!(LENGTH == self.length, "that is not their number");
        let mut bytes = [0; LENGTH];
        bytes.copy_from_slice(self.bytes.split_at(LENGTH).0);
        bytes
    }

    /// One digit more for each byte that the range takes in.
    const fn take_in(&mut self, mut range: u32) -> u32 {
        while range < SMALL {
            self.length += 1;
            range <<= 8;
        }
        range
    }

    /// Adds to the number at its end.
    #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
    const fn add(&mut self, number: u32) {
        let (mut carry, mut at) = (number, self.length);
        while carry > 0 {
            at -= 1;
            carry += self.bytes[at] as u32;
            self.bytes[at] = carry as u8;
            carry >>= 8;
        }
    }
}

impl Table {
    /// The texts of this table and of all before it.
    #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
    const fn text(&self) -> [u8; CAPACITY] {
        let mut text = [0; CAPACITY];
        let mut table = self;
        loop {
            let mut index = table.text.len();
            while index > 0 {
                index -= 1;
                text[table.length - table.text.len() + index] = table.text.as_bytes()[index];
            }
            let Some(before) = table.before else { return text };
            table = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Table = Table::after(&Table::NONE, "one\0two\0\0");
    const LONG: Table = Table::after(&SHORT, "three\0\x7f\n\0");

    /// What comes of a table by packing and unpacking it.
    fn unpacked<const LENGTH: usize>(table: &Table) -> (Vec<u8>, usize) {
        let packed = pack(table);
        let mut room = Box::new(Room::<LENGTH>::new());
        unpack(&packed.bytes[..packed.length], &mut room);
        (room.text.to_vec(), packed.length)
    }

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        assert_eq!(unpacked::<{ Table::NONE.length() }>(&Table::NONE).0, b"");
        assert_eq!(unpacked::<{ SHORT.length() }>(&SHORT).0, b"one\0two\0\0");
        assert_eq!(unpacked::<{ LONG.length() }>(&LONG).0, b"one\0two\0\0three\0\x7f\n\0");
    }

    #[test]
    fn every_byte_of_seven_bits_comes_through_in_any_order() {
        // Each byte behind many others: a linear congruential generator, so that carries and rare guesses happen.
        let mut state = 1_u32;
        let text: String = (0..4000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from((state >> 25) as u8)
            })
            .collect();
        let table = Table::after(&Table::NONE, text.leak());
        let (unpacked, length) = unpacked::<4000>(&table);
        assert_eq!(unpacked, table.text.as_bytes());
        // Noise does not get shorter than its seven bits, and not much longer either.
        assert!((3400..4400).contains(&length), "{length}");
    }

    #[test]
    fn what_repeats_takes_little_room() {
        let table = Table::after(&Table::NONE, "cannot open root filesystem\0".repeat(50).leak());
        let (unpacked, length) = unpacked::<1400>(&table);
        assert_eq!(unpacked, table.text.as_bytes());
        assert!(length < 100, "{length}");
    }
}
