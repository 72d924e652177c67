//! UTF-8, as far as JSON wants to know it.

/// How many bytes the character has that a text begins with; 0 where it begins with none (RFC 3629).
pub(super) fn character(text: &[u8]) -> usize {
    let (first, rest) = match text {
        [first @ ..0x80, ..] => return usize::from(*first < 0x80),
        [first, rest @ ..] => (u32::from(*first), rest),
        [] => return 0,
    };
    let more = match first {
        0xc2..0xe0 => 1,
        0xe0..0xf0 => 2,
        0xf0..0xf5 => 3,
        _ => return 0,
    };
    let mut value = first & (0x3f >> more);
    for byte in rest.iter().take(more).filter(|byte| **byte & 0xc0 == 0x80) {
        value = value << 6 | u32::from(*byte & 0x3f);
    }
    // Where a byte is missing, or is none of those that go on, the value is too small for the length.
    match char::from_u32(value) {
        Some(character) if character.len_utf8() == more + 1 => more + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {

    #[test]
    fn characters_are_those_of_the_core_library() {
        let mut bytes = [0; 4];
        for value in 0..=0x10_ffff {
            if let Some(character) = char::from_u32(value) {
                let text = character.encode_utf8(&mut bytes).as_bytes();
                assert_eq!(super::character(text), text.len());
                for cut in 1..text.len() {
                    assert_eq!(super::character(&text[..cut]), 0);
                }
            }
        }
        // Every pair of bytes before two that go on, and before two that do not.
        for pair in 0..=0xffff_u16 {
            for tail in [[0x80, 0xbf], [b'a', 0xc3]] {
                let [one, other] = pair.to_be_bytes();
                let text = [one, other, tail[0], tail[1]];
                let known =
                    text.utf8_chunks().next().map_or(0, |chunk| chunk.valid().chars().next().map_or(0, char::len_utf8));
                assert_eq!(super::character(&text), known, "{text:?}");
            }
        }
    }
}
