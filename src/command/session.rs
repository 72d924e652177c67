//! The command's session, terminal and process group, and what ties it to engine.

use crate::error::{At, Error, OWN_FAILURE, Object, Place, Step};
use crate::handover::Handover;
use crate::sys::fd;
use crate::sys::process;
use crate::sys::terminal;

/// Gives the command the session that was asked for; without anything asked for, it shares the caller's. True where
/// its standard descriptors are a terminal of its own.
pub(super) fn begin(handover: &Handover) -> Result<bool, Error> {
    let command = Object::Place(Place::Command);
    let wanted = &handover.config.process;
    if wanted.tty || wanted.new_session {
        terminal::new_session().at(Step::BeginSession, command)?;
    } else if wanted.group {
        let own = terminal::own_group();
        let in_front = (0..3).find(|number| terminal::foreground_group(*number) == Ok(own));
        terminal::new_group().at(Step::BeginSession, command)?;
        if let Some(number) = in_front {
            // All signals are blocked, so that this stops nobody.
            terminal::set_foreground_group(number, process::own_pid()).at(Step::TakeTerminal, command)?;
        }
    }
    let Some(terminal) = &handover.terminal else { return Ok(false) };
    terminal::take_control(terminal).at(Step::TakeTerminal, command)?;
    for number in 0..3 {
        fd::duplicate_onto(terminal, number).at(Step::TakeTerminal, command)?;
    }
    Ok(true)
}

/// Where no init stands between O and the command, the command itself is tied to O. After every change of credentials,
/// which would undo it.
pub(super) fn tie(handover: &Handover) -> Result<(), Error> {
    let process = &handover.config.process;
    if process.no_init || (process.as_init && process.die_with_parent) {
        process::die_with_parent().at(Step::TieToParent, Object::Place(Place::Command))?;
    }
    if process.no_init && handover.is_alone().at(Step::TieToParent, Object::Place(Place::Command))? {
        // O has ended before it was tied, and there is nobody left to tell.
        process::exit(OWN_FAILURE);
    }
    Ok(())
}
