//! What I and C tell O: records of one fixed size, smaller than PIPE_BUF, so that each arrives whole or not at all.

use crate::error::{ERROR_BYTES, Error};
use crate::sys::children::Usage;

/// How many bytes a record takes.
pub const RECORD_BYTES: usize = WORDS * WORD;

/// A record is so many words.
const WORDS: usize = 6;
const WORD: usize = size_of::<u64>();

/// One thing that happened inside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// The container could not be made, or the command could not be run.
    Failed(Error),
    /// The command has a terminal of its own; the descriptor of its other end comes with this.
    Terminal,
    /// C is about to execute the command. Who sends this is the command.
    Executing,
    /// It has done so, or a [`Record::Failed`] came before this.
    Started,
    /// The command ended.
    Ended(Ended),
}

/// How the command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Its wait status.
    pub status: i32,
    /// Nanoseconds from its start to its end, where anyone wants to know.
    pub wall: u64,
    /// What it used.
    pub usage: Usage,
}

impl Record {
    /// For the pipe.
    #[must_use]
    pub fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let plain = |kind: u8| [u64::from(kind), 0, 0, 0, 0, 0];
        let words: [u64; WORDS] = match self {
            Self::Failed(error) => [u64::from(b'F'), u64::from_ne_bytes(error.to_bytes()), 0, 0, 0, 0],
            Self::Terminal => plain(b'T'),
            Self::Executing => plain(b'X'),
            Self::Started => plain(b'S'),
            Self::Ended(Ended { status, wall, usage }) => {
                [u64::from(b'E'), u64::from(status.cast_unsigned()), wall, usage.user, usage.system, usage.memory]
            }
        };
        let mut bytes = [0; RECORD_BYTES];
        for (target, word) in bytes.chunks_exact_mut(WORD).zip(words) {
            target.copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }

    /// What [`Record::to_bytes`] made; `None` where it makes no sense.
    #[must_use]
    pub fn from_bytes(bytes: [u8; RECORD_BYTES]) -> Option<Self> {
        let mut words = [0; WORDS];
        for (word, source) in words.iter_mut().zip(bytes.chunks_exact(WORD)) {
            *word = u64::from_ne_bytes(*source.first_chunk()?);
        }
        let [kind, first, rest @ ..] = words;
        let kind = u8::try_from(kind).ok()?;
        if kind != b'E' && rest.iter().any(|&word| word != 0) {
            return None;
        }
        match (kind, first) {
            (b'F', error) => {
                let bytes: [u8; ERROR_BYTES] = error.to_ne_bytes();
                Error::from_bytes(bytes).map(Self::Failed)
            }
            (b'T', 0) => Some(Self::Terminal),
            (b'X', 0) => Some(Self::Executing),
            (b'S', 0) => Some(Self::Started),
            (b'E', status) => {
                let [wall, user, system, memory] = rest;
                let status = u32::try_from(status).ok()?.cast_signed();
                Some(Self::Ended(Ended { status, wall, usage: Usage { user, system, memory } }))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Errno, Object, Place, Step};

    fn ended(status: i32) -> Record {
        Record::Ended(Ended { status, wall: 1 << 40, usage: Usage { user: 3, system: u64::MAX, memory: 5 } })
    }

    #[test]
    fn every_record_survives_the_way() {
        let error = Error::new(Step::Mount, Object::Place(Place::Proc), Errno::PERM);
        let plain = [Record::Failed(error), Record::Terminal, Record::Executing, Record::Started];
        for record in plain.into_iter().chain([0x8b, 255 << 8, -1].map(ended)) {
            assert_eq!(Record::from_bytes(record.to_bytes()), Some(record));
        }
    }

    #[test]
    fn nonsense_is_told_from_a_record() {
        for record in [Record::Started, ended(7)] {
            for index in [0, 1, 12, 15] {
                let mut bytes = record.to_bytes();
                bytes[index] ^= 0x55;
                assert_eq!(Record::from_bytes(bytes), None, "byte {index} of {record:?}");
            }
        }
        let mut bytes = Record::Started.to_bytes();
        bytes[RECORD_BYTES - 1] = 1;
        assert_eq!(Record::from_bytes(bytes), None);
    }
}
