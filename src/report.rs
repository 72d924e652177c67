//! What I and C tell O: records of one fixed size, smaller than PIPE_BUF, so that each arrives whole or not at all.

use crate::error::Error;

/// How many bytes a record takes.
pub const RECORD_BYTES: usize = 8;

/// One thing that happened inside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// The container could not be made, or the command could not be run.
    Failed(Error),
    /// The first end of the command's own terminal, which comes with this.
    Terminal,
    /// C is about to execute the command: who writes this is the command's process.
    Starting,
    /// The command has been executed.
    Started,
    /// The command ended with this wait status.
    Ended(i32),
    /// The command had no time left, and ended. The exit status that says how.
    TimedOut(u32),
}

const FAILED: u8 = b'F';
const TERMINAL: u8 = b'P';
const STARTING: u8 = b'C';
const STARTED: u8 = b'S';
const TIMED_OUT: u8 = b'T';
const ENDED: u8 = b'E';

impl Record {
    /// For the pipe.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let (kind, number) = match self {
            Self::Failed(error) => (FAILED, error.to_number()),
            Self::Terminal => (TERMINAL, 0),
            Self::Starting => (STARTING, 0),
            Self::Started => (STARTED, 0),
            Self::Ended(status) => (ENDED, status as u32),
            Self::TimedOut(status) => (TIMED_OUT, status),
        };
        ((kind as u64) << 32 | number as u64).to_ne_bytes()
    }

    /// What [`Record::to_bytes`] made; `None` where it makes no sense.
    #[must_use]
    pub fn from_bytes(bytes: [u8; RECORD_BYTES]) -> Option<Self> {
        let record = u64::from_ne_bytes(bytes);
        match u8::try_from(record >> 32).ok()? {
            FAILED => Error::from_number(record as u32).map(Self::Failed),
            TERMINAL => Some(Self::Terminal),
            STARTING => Some(Self::Starting),
            STARTED => Some(Self::Started),
            ENDED => Some(Self::Ended(record as i32)),
            TIMED_OUT => Some(Self::TimedOut(record as u32)),
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
        for record in [
            Record::Failed(error),
            Record::Terminal,
            Record::Starting,
            Record::Started,
            Record::Ended(0x8b),
            Record::Ended(255 << 8),
            Record::Ended(-1),
            Record::TimedOut(137),
        ] {
            assert_eq!(Record::from_bytes(record.to_bytes()), Some(record));
        }
    }

    #[test]
    fn nonsense_is_told_from_a_record() {
        let good = Record::Ended(7).to_bytes();
        for index in 4..RECORD_BYTES {
            let mut bytes = good;
            bytes[index] ^= 0x55;
            assert_eq!(Record::from_bytes(bytes), None, "byte {index}");
        }
    }
}
