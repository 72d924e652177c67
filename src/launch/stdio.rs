//! The descriptors that the caller left to engine.

use crate::config::Config;
use crate::error::{At, Error, Object, Place, Step};
use crate::sys::fd::{self, Dir};
use crate::sys::file;

const STANDARD: [(i32, Place); 3] = [(0, Place::Descriptor0), (1, Place::Descriptor1), (2, Place::Descriptor2)];

/// Fills a closed 0, 1 or 2 with /dev/null, before anything else that is opened could take its place. Says which were
/// closed: C fills those again, from the container's own /dev.
pub(super) fn fill_closed() -> Result<[bool; 3], Error> {
    let mut closed = [false; 3];
    for ((number, place), closed) in STANDARD.iter().zip(&mut closed) {
        let object = Object::Place(*place);
        if !fd::is_open(*number).at(Step::OpenStdio, object)? {
            // The lowest free number is this one, since those below it are open by now.
            let _open_for_good = file::open_read_write(Dir::HERE, c"/dev/null").at(Step::OpenStdio, object)?;
            *closed = true;
        }
    }
    Ok(closed)
}

/// Closes every other descriptor of the caller's: nothing of the host gets into I or C by accident.
pub(super) fn close_inherited() -> Result<(), Error> {
    fd::close_range(3, i32::MAX).at(Step::CloseDescriptors, Object::Place(Place::Engine))
}

/// Lets go of standard input and output, which are the command's from now on: whoever reads its output sees the end
/// when the command closes it, not when engine ends. Standard error stays, for what O has to say.
pub(super) fn let_go(_config: &Config) {
    // A failure leaves them open, which only delays an end of file.
    let _ = fd::close_range(0, 1);
}
