//! `-t`: the command's own terminal, from the container's own devpts.

use crate::error::{At, Error, Object, Place, Step};
use crate::handover::Handover;
use crate::report::Record;
use crate::sys::fd::{self, Dir, Fd};
use crate::sys::mount::{self, Depth};
use crate::sys::{file, socket, terminal};

/// Opens a terminal, hands its first end to O and waits until O has made it what it is to be; the other end becomes
/// standard input, output and error, which I hands on. On entry the container's devices are attached.
pub(super) fn open(handover: &Handover) -> Result<(), Error> {
    give(handover).at(Step::Open, Object::Place(Place::Terminal))?;
    if handover.config.files.no_dev {
        return Ok(());
    }
    hang_console().at(Step::Mount, Object::Place(Place::DevConsole))
}

/// Makes it /dev/console too: the first terminal of a new devpts, where nobody else has been.
fn hang_console() -> crate::sys::Result<()> {
    file::make_file(Dir::HERE, c"/dev/console", 0o600)?;
    let console = mount::clone_tree(Dir::HERE, c"/dev/pts/0", Depth::One)?;
    mount::attach(&console, Dir::HERE, c"/dev/console")?;
    console.close();
    Ok(())
}

fn give(handover: &Handover) -> crate::sys::Result<()> {
    let master = file::open_anew(c"/dev/pts/ptmx")?;
    let own = terminal::open_other_end(&master)?;
    socket::send(&handover.reports, &Record::Terminal.to_bytes(), &master)?;
    master.close();
    // Where O has ended instead, the lifeline says so.
    file::read_full(&handover.reports, &mut [0])?;
    for number in 0..3 {
        fd::duplicate_onto(&own, number)?;
    }
    Fd::close(own);
    Ok(())
}
