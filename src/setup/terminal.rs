//! `-t`: the command's own terminal, from the container's own devpts.

use crate::error::{At, Error, Object, Place, Step};
use crate::handover::Handover;
use crate::report::Record;
use crate::sys::fd::{Dir, Fd};
use crate::sys::{file, socket, terminal};

/// Opens a terminal that is as the caller's, and gives the other end of it to O. On entry the container's devices are
/// attached, nobody else has been there, and I still has the caller's descriptors.
pub(super) fn open(handover: &Handover) -> Result<Fd, Error> {
    make(handover).at(Step::OpenTerminal, Object::Place(Place::Command))
}

fn make(handover: &Handover) -> crate::sys::Result<Fd> {
    let master = file::open_read_write(Dir::Here, c"/dev/pts/ptmx")?;
    let own = terminal::open_other_end(&master)?;
    let modes = match terminal::modes(0) {
        Ok(modes) => modes,
        // What is not typed is not to be seen twice.
        Err(_) => terminal::modes(own.number())?.silent(),
    };
    terminal::set_modes(own.number(), &modes)?;
    terminal::copy_size([0, 1, 2], own.number());
    socket::send(&handover.reports, &mut Record::Terminal.to_bytes(), &master)?;
    master.close();
    Ok(own)
}
