//! What I and C tell O: records of one fixed size, smaller than PIPE_BUF, so that each arrives whole or not at all.

use crate::error::Error;

/// How many bytes a record takes.
pub const RECORD_BYTES: usize = 16;

/// One thing that happened inside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// The container could not be made, or the command could not be run.
    Failed(Error),
    /// The command has a terminal of its own; a descriptor of its other end comes with this.
    Terminal,
    /// C is about to execute the command. Who sends this is the command.
    Executing,
    /// It has done so.
    Started,
    /// The command ended with this wait status.
    Ended(i32),
}

impl Record {
    /// For the pipe.
    #[must_use]
    pub fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let (kind, body) = match self {
            Self::Failed(error) => (b'F', error.to_bytes()),
            Self::Ended(status) => {
                let [a, b, c, d] = status.to_ne_bytes();
                (b'E', [a, b, c, d, 0, 0, 0, 0])
            }
            Self::Terminal => (b'T', [0; 8]),
            Self::Executing => (b'X', [0; 8]),
            Self::Started => (b'S', [0; 8]),
        };
        let [a, b, c, d, e, f, g, h] = body;
        [kind, a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0]
    }

    /// What [`Record::to_bytes`] made; `None` where it makes no sense.
    #[must_use]
    pub fn from_bytes(bytes: [u8; RECORD_BYTES]) -> Option<Self> {
        let [kind, a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0] = bytes else { return None };
        match (kind, [e, f, g, h]) {
            (b'F', _) => Error::from_bytes([a, b, c, d, e, f, g, h]).map(Self::Failed),
            (b'T', _) => Some(Self::Terminal),
            (b'X', _) => Some(Self::Executing),
            (b'S', _) => Some(Self::Started),
            (b'E', [0, 0, 0, 0]) => Some(Self::Ended(i32::from_ne_bytes([a, b, c, d]))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Errno, Object, Place, Step};

    #[test]
    fn every_record_survives_the_way() {
        let error = Error::new(Step::Mount, Object::Place(Place::Proc), Errno::PERM);
        for record in [Record::Terminal, Record::Executing, Record::Started] {
            assert_eq!(Record::from_bytes(record.to_bytes()), Some(record));
        }
        for record in [Record::Failed(error), Record::Ended(0x8b), Record::Ended(255 << 8), Record::Ended(-1)] {
            assert_eq!(Record::from_bytes(record.to_bytes()), Some(record));
        }
    }

    #[test]
    fn nonsense_is_told_from_a_record() {
        let good = Record::Ended(7).to_bytes();
        for index in [0, RECORD_BYTES - 1] {
            let mut bytes = good;
            bytes[index] ^= 0x55;
            assert_eq!(Record::from_bytes(bytes), None, "byte {index}");
        }
    }
}
