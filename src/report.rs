//! What I and C tell O: records of one fixed size, smaller than PIPE_BUF, so that each arrives whole or not at all.

use crate::error::Error;
use crate::sys::children::Usage;

/// A record on its way.
pub type Words = [u64; 6];

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
    pub fn to_words(self) -> Words {
        let plain = |kind: u8| [u64::from(kind), 0, 0, 0, 0, 0];
        match self {
            Self::Failed(error) => [u64::from(b'F'), u64::from_ne_bytes(error.to_bytes()), 0, 0, 0, 0],
            Self::Terminal => plain(b'T'),
            Self::Executing => plain(b'X'),
            Self::Started => plain(b'S'),
            Self::Ended(Ended { status, wall, usage }) => {
                [u64::from(b'E'), u64::from(status.cast_unsigned()), wall, usage.user, usage.system, usage.memory]
            }
        }
    }

    /// What [`Record::to_words`] made; `None` where it makes no sense.
    #[must_use]
    pub fn from_words([kind, first, rest @ ..]: Words) -> Option<Self> {
        let kind = u8::try_from(kind).ok()?;
        if kind != b'E' && rest != [0; 4] {
            return None;
        }
        match (kind, first) {
            (b'F', error) => Error::from_bytes(error.to_ne_bytes()).map(Self::Failed),
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
            assert_eq!(Record::from_words(record.to_words()), Some(record));
        }
    }

    #[test]
    fn nonsense_is_told_from_a_record() {
        for record in [Record::Started, ended(7)] {
            for (index, change) in [(0, 0x55), (0, 1 << 40), (1, 1 << 33)] {
                let mut words = record.to_words();
                words[index] ^= change;
                assert_eq!(Record::from_words(words), None, "word {index} of {record:?}");
            }
        }
        let mut words = Record::Started.to_words();
        words[5] = 1;
        assert_eq!(Record::from_words(words), None);
    }
}
