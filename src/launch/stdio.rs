//! The descriptors that the caller left to engine.

use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::sys::fd::{self, Dir};
use crate::sys::file;

const STANDARD: [(i32, Place); 3] = [(0, Place::Descriptor0), (1, Place::Descriptor1), (2, Place::Descriptor2)];

/// Fills a closed 0, 1 or 2 with /dev/null, before anything else that is opened could take its place. Says which were
/// closed: C fills those again, from the container's own /dev.
pub(super) fn fill_closed() -> Result<[bool; 3], Error> {
    let mut closed = [false; 3];
    for ((number, place), closed) in STANDARD.iter().zip(&mut closed) {
        let object = Object::Place(*place);
        if fd::must_be_open(*number) == Err(Errno::BADF) {
            // The lowest free number is this one, since those below it are open by now.
            let _open_for_good = file::open_read_write(Dir::HERE, c"/dev/null").at(Step::OpenStdio, object)?;
            *closed = true;
        }
    }
    Ok(closed)
}

/// Closes every other descriptor of the caller's but those that were named: nothing of the host gets into I or C by
/// accident. On entry nothing was opened yet that could be taken for one of those.
pub(super) fn close_inherited(config: &Config) -> Result<(), Error> {
    let (status_fd, preserved) = (config.process.status_fd.as_slice(), &config.process.preserved);
    for (index, number) in preserved.iter().enumerate() {
        fd::set_close_on_exec(*number, false).at(Step::KeepDescriptor, Object::Preserved(index as u16))?;
    }
    for number in status_fd {
        fd::must_be_open(*number).at(Step::KeepDescriptor, Object::StatusFd)?;
    }
    fd::close_all_but(status_fd, preserved).at(Step::CloseDescriptors, Object::Place(Place::Engine))
}

/// Lets go of standard input and output, which are the command's from now on: whoever reads its output sees the end
/// when the command closes it, not when engine ends. So with what it preserves. Standard error stays, for what O has to
/// say, and what the status is reported to.
pub(super) fn let_go(config: &Config) {
    // With a terminal of its own the command has others.
    let standard: &[i32] = if config.process.tty { &[] } else { &[0, 1] };
    for list in [standard, config.process.preserved.as_slice()] {
        for &number in list {
            if Some(number) != config.process.status_fd {
                fd::close(number);
            }
        }
    }
}
