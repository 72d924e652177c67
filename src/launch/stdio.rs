//! The descriptors that the caller left to engine.

use super::journal::Journal;
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
            let _open_for_good = file::open_read_write(Dir::Here, c"/dev/null").at(Step::OpenStdio, object)?;
            *closed = true;
        }
    }
    Ok(closed)
}

/// Makes sure that what is to be kept for the command is there. Before anything else could take its number.
pub(super) fn keep_preserved(config: &Config) -> Result<(), Error> {
    for (index, number) in config.process.preserved.iter().enumerate() {
        // It stays open in the command.
        fd::set_close_on_exec(*number, false).at(Step::KeepDescriptor, Object::Preserved(index as u16))?;
    }
    Ok(())
}

/// Closes every other descriptor of the caller's: nothing of the host gets into I or C by accident.
pub(super) fn close_inherited(config: &Config, journal: &Journal) -> Result<(), Error> {
    fd::close_all_but(&journal.kept(), &config.process.preserved)
        .at(Step::CloseDescriptors, Object::Place(Place::Engine))
}

/// Lets go of standard input and output, which are the command's from now on, and of what was kept for it: whoever reads
/// its output sees the end when the command closes it, not when engine ends. Standard error stays, for what O has to say.
pub(super) fn let_go(config: &Config) {
    // A failure leaves them open, which only delays an end of file.
    let _ = fd::close_range(0, 1);
    config.process.preserved.iter().copied().for_each(fd::close);
}
