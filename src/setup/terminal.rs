//! `-t`: the command's own terminal, from the container's own devpts.

use crate::error::{At, Error, Object, Place, Step};
use crate::handover::{Handover, Model};
use crate::report::Record;
use crate::sys::fd::{Dir, Fd};
use crate::sys::mount::{self, Depth};
use crate::sys::{file, socket, terminal};

/// Opens a terminal like the caller's, gives the other end of it to O, and makes it /dev/console. On entry the
/// container's devices are attached, and nobody else has been there.
pub(super) fn open(handover: &Handover, model: &Model) -> Result<Fd, Error> {
    let object = Object::Place(Place::Command);
    let master = file::open_read_write(Dir::Here, c"/dev/pts/ptmx").at(Step::OpenTerminal, object)?;
    let own = terminal::open_other_end(&master).at(Step::OpenTerminal, object)?;
    let modes = match model.modes {
        Some(modes) => modes,
        // What is not typed is not to be seen twice.
        None => terminal::modes(own.number()).at(Step::OpenTerminal, object)?.silent(),
    };
    terminal::set_modes(own.number(), &modes).at(Step::OpenTerminal, object)?;
    if let Some(size) = model.size {
        terminal::set_size(own.number(), size).at(Step::OpenTerminal, object)?;
    }
    file::make_file(Dir::Here, c"/dev/console", 0o600).at(Step::Create, Object::Place(Place::DevConsole))?;
    // The first terminal of a new devpts.
    let console = mount::clone_tree(Dir::Here, c"/dev/pts/0", Depth::One).at(Step::Bind, object)?;
    mount::attach(&console, Dir::Here, c"/dev/console").at(Step::Mount, Object::Place(Place::DevConsole))?;
    let mut record = Record::Terminal.to_words();
    socket::send(&handover.reports, file::bytes_of(&mut record), &master).at(Step::OpenTerminal, object)?;
    Ok(own)
}
