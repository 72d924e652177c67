//! The command's session, terminal and process group, and what ties it to engine.

use super::Task;
use crate::error::{At, Error, OWN_FAILURE, Object, Place, Step};
use crate::handover::Handover;
use crate::sys::fd;
use crate::sys::poll::{self, Waiting};
use crate::sys::process;
use crate::sys::terminal;

/// Gives the command the session that was asked for; without anything asked for, it shares the caller's. True where
/// its standard descriptors are a terminal of its own.
pub(super) fn begin(task: &Task<'_>) -> Result<bool, Error> {
    let command = Object::Place(Place::Command);
    let wanted = &task.handover.config.process;
    if wanted.tty || wanted.new_session {
        terminal::new_session().at(Step::BeginSession, command)?;
    } else if wanted.group {
        lead_group().at(Step::BeginSession, command)?;
    }
    let Some(terminal) = task.terminal else { return Ok(false) };
    take(terminal).at(Step::HandTerminal, command)?;
    Ok(true)
}

/// Begins a process group, which is in the foreground where the caller's is. All signals are blocked, so that this
/// stops nobody.
fn lead_group() -> crate::sys::Result<()> {
    let own = terminal::own_group();
    let in_front = (0..3).find(|number| terminal::foreground_group(*number) == Ok(own));
    terminal::new_group()?;
    in_front.map_or(Ok(()), |number| terminal::set_foreground_group(number, process::own_pid()))
}

fn take(terminal: &fd::Fd) -> crate::sys::Result<()> {
    terminal::take_control(terminal)?;
    (0..3).try_for_each(|number| fd::duplicate_onto(terminal, number))
}

/// Where no init stands between O and the command, the command itself is tied to O. After every change of credentials,
/// which would undo it.
pub(super) fn tie(handover: &Handover) -> Result<(), Error> {
    let (wanted, object) = (&handover.config.process, Object::Place(Place::Command));
    if wanted.no_init || (wanted.as_init && wanted.die_with_parent) {
        process::die_with_parent().at(Step::TieToParent, object)?;
    }
    if wanted.no_init {
        let mut lifeline = [Waiting::for_hangup(&handover.lifeline)];
        poll::look(&mut lifeline).at(Step::TieToParent, object)?;
        if lifeline.iter().any(Waiting::hung_up) {
            // O has ended before the command was tied to it, and there is nobody left to tell.
            process::exit(OWN_FAILURE);
        }
    }
    Ok(())
}
