//! How texts are packed: a model that reads along foretells each bit, and the surer it was, the fewer bits its answer
//! takes (arithmetic coding).
//!
//! The compiler packs, and the program unpacks when the first of the texts is said. Both ask the same model, so it
//! computes with whole numbers, and has no need of anything but constants.

use super::Table;

/// How many pairs of counts there are. With fewer, texts that differ share more of them, and the packed text grows.
const COUNTS: usize = 1 << SIZE;
const SIZE: u32 = 18;

/// How many bytes before a bit are looked at, at most.
const REACH: u32 = 3;

/// What has been read, and what followed what in it. All zeros, so that it takes no room in the file.
#[derive(Debug)]
struct Model {
    /// How often a bit was 0 and how often 1, behind the same bits of its byte and the same bytes before.
    counts: [[u8; 2]; COUNTS],
    /// The last bytes, the newest lowest.
    before: u32,
}

impl Model {
    const fn new() -> Self {
        Self { counts: [[0; 2]; COUNTS], before: 0 }
    }

    /// The counts behind `reach` bytes and behind `bits`, the bits of a byte so far with a 1 before them. Where two
    /// meet by chance, both guess worse, no more.
    const fn counts(&mut self, reach: u32, bits: u32) -> Option<&mut [u8; 2]> {
        let seen = (self.before & ((1 << (8 * reach)) - 1)) << 8 | bits;
        let place = seen.wrapping_mul(0x9e37_79b1) >> (u32::BITS - SIZE);
        match self.counts.split_at_mut_checked(place as usize) {
            Some((_, [counts, ..])) => Some(counts),
            _ => None,
        }
    }

    /// How much speaks for a 0 and how much for a 1. The more bytes are alike, the more they say.
    const fn guess(&mut self, bits: u32) -> [u32; 2] {
        let mut guess = [3, 3];
        let mut reach = 0;
        while reach <= REACH {
            if let Some([zeros, ones]) = self.counts(reach, bits) {
                guess[0] += (*zeros as u32) << (2 * reach);
                guess[1] += (*ones as u32) << (2 * reach);
            }
            reach += 1;
        }
        guess
    }

    /// Reads the bit. What it contradicts counts half from now on: what was seen last is likelier to come again.
    const fn learn(&mut self, bits: u32, one: bool) {
        let mut reach = 0;
        while reach <= REACH {
            if let Some([zeros, ones]) = self.counts(reach, bits) {
                let (same, other) = if one { (ones, zeros) } else { (zeros, ones) };
                *same = same.saturating_add(1);
                if *other > 2 {
                    *other = *other / 2 + 1;
                }
            }
            reach += 1;
        }
    }

    const fn next_byte(&mut self, byte: u8) {
        self.before = self.before << 8 | byte as u32;
    }
}

/// The part of `range` that stands for a 1.
const fn part(range: u32, guess: [u32; 2]) -> u32 {
    let [zeros, ones] = guess;
    // As the compiler sees it, the sum could be 0.
    range / ((zeros + ones) | 1) * ones
}

/// A range that is smaller than this takes in one more byte.
const SMALL: u32 = 1 << 24;

/// What the packed texts are unpacked in.
#[derive(Debug)]
pub struct Room<const LENGTH: usize> {
    model: Model,
    text: [u8; LENGTH],
}

impl<const LENGTH: usize> Room<LENGTH> {
    /// All zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self { model: Model::new(), text: [0; LENGTH] }
    }

    /// What [`unpack`] left here.
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
    unpack_into(packed, &mut room.model, &mut room.text);
}

fn unpack_into(packed: &[u8], model: &mut Model, text: &mut [u8]) {
    let mut packed = packed.iter();
    // Within the range that is left: what has been packed.
    let (mut range, mut code) = (1, 0);
    for byte in text {
        let mut bits = 1;
        while bits < 1 << 7 {
            while range < SMALL {
                // The zeros at the end are not kept.
                code = code << 8 | u32::from(packed.next().copied().unwrap_or_default());
                range <<= 8;
            }
            let part = part(range, model.guess(bits));
            let one = code < part;
            if one {
                range = part;
            } else {
                code -= part;
                range -= part;
            }
            model.learn(bits, one);
            bits = bits << 1 | u32::from(one);
        }
        *byte = bits as u8 & 0x7f;
        model.next_byte(*byte);
    }
}

/// More than the texts have bytes.
const CAPACITY: usize = 1 << 15;

/// Packed texts. For constants: the bytes are cut off where they end before they go into the program.
#[derive(Debug)]
pub struct Packed {
    /// A number of as many digits as there have been bytes to take in: the lowest of the range that is left.
    bytes: [u8; CAPACITY],
    length: usize,
}

/// Packs a table and all before it.
#[must_use]
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
pub const fn pack(last: &Table) -> Packed {
    let text = last.text();
    let mut model = Model::new();
    let mut packed = Packed { bytes: [0; CAPACITY], length: 0 };
    let (mut range, mut index) = (1, 0);
    while index < last.length() {
        assert!(text[index].is_ascii(), "bytes have 7 bits");
        // The same steps as in `unpack_into`.
        let mut bits = 1;
        while bits < 1 << 7 {
            range = packed.take_in(range);
            let part = part(range, model.guess(bits));
            let one = text[index] >> (6 - bits.ilog2()) & 1 == 1;
            if one {
                range = part;
            } else {
                packed.add(part);
                range -= part;
            }
            model.learn(bits, one);
            bits = bits << 1 | one as u32;
        }
        model.next_byte(text[index]);
        index += 1;
    }
    // The number within the range that has the fewest digits.
    packed.take_in(range);
    packed.add(SMALL - 1);
    packed.length -= 3;
    packed
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
