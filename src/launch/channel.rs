//! What comes from I and C: records, in the order in which they were sent.

use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::report::{Record, Words};
use crate::sys::fd::{self, Fd, Pipe};
use crate::sys::process::Pid;
use crate::sys::{file, socket};

/// O's end. A pipe, which is read when everything is over; or a socket, which also carries the command's terminal and
/// says which process the command is, where that is wanted while it runs.
#[derive(Default)]
pub(super) enum Channel {
    /// See above.
    AtTheEnd(Fd),
    /// See above.
    AtOnce(Fd),
    /// There is none.
    #[default]
    Closed,
}

/// What came.
pub(super) enum News {
    /// A record, who sent it where that is known, and a descriptor where one belongs to it.
    Record(Record, Pid, Option<Fd>),
    /// There is nothing more at the moment.
    Nothing,
    /// There is nothing more: whoever could have sent something has ended, or executed the command.
    End,
}

impl Channel {
    /// Both ends: O's, and the one for I and C.
    pub(super) fn open(config: &Config) -> Result<(Self, Fd), Error> {
        let process = &config.process;
        let object = Object::Place(Place::Engine);
        if process.tty || process.as_init || process.status_fd.is_some() || process.pid_file.is_some() {
            let (own, theirs) = socket::pair().at(Step::MakePipe, object)?;
            return Ok((Self::AtOnce(own), theirs));
        }
        let Pipe { read, write } = fd::pipe().at(Step::MakePipe, object)?;
        Ok((Self::AtTheEnd(read), write))
    }

    /// What to wait for; nothing where it is read at the end.
    pub(super) const fn source(&self) -> Option<&Fd> {
        match self {
            Self::AtTheEnd(_) | Self::Closed => None,
            Self::AtOnce(socket) => Some(socket),
        }
    }

    /// The next record.
    pub(super) fn next(&self) -> Result<News, Error> {
        let init = Object::Place(Place::Init);
        let mut words = Words::default();
        let bytes = file::bytes_of(&mut words);
        let (count, sender, descriptor) = match self {
            Self::Closed => (0, 0, None),
            Self::AtTheEnd(pipe) => (file::read_full(pipe, bytes).at(Step::Wait, init)?, 0, None),
            Self::AtOnce(socket) => match socket::receive(socket, bytes) {
                Err(Errno::AGAIN) => return Ok(News::Nothing),
                result => {
                    let received = result.at(Step::Wait, init)?;
                    (received.count, received.sender, received.descriptor)
                }
            },
        };
        match count {
            0 => Ok(News::End),
            count if count == size_of::<Words>() => {
                let record = Record::from_words(words).ok_or_else(nonsense)?;
                Ok(News::Record(record, sender, descriptor))
            }
            _ => Err(nonsense()),
        }
    }
}

impl Channel {
    /// What I said before it was ended, if it said anything.
    pub(super) fn first_failure(&self) -> Option<Error> {
        match self.next() {
            Ok(News::Record(Record::Failed(error), ..)) => Some(error),
            _ => None,
        }
    }
}

/// A record that engine cannot have sent.
pub(super) fn nonsense() -> Error {
    Error::new(Step::Wait, Object::Place(Place::Init), Errno::PROTO).because(Why::BadRecord)
}
