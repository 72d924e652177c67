//! O while the container runs: forwards signals, waits for I, learns how it ended.

use super::journal::Journal;
use super::outcome::Outcome;
use super::relay::Relay;
use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::report::{RECORD_BYTES, Record};
use crate::serve;
use crate::sys::fd::Fd;
use crate::sys::file;
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Ending, Pid, PidFd};
use crate::sys::signal::{self, Set, Signal};
use crate::sys::socket;

/// What O leaves to the kernel: its own faults, and the stops of the terminal, so that ^Z stops the whole job.
const LEFT_ALONE: [Signal; 9] = [
    signal::SEGV,
    signal::BUS,
    signal::FPE,
    signal::ILL,
    signal::TRAP,
    signal::SYS,
    signal::TSTP,
    signal::TTIN,
    signal::TTOU,
];

/// Everything else waits until O reads it.
pub(super) const BLOCKED: Set = Set::all_but(&LEFT_ALONE);

/// Forwards every signal to I until I has ended, and learns from its records how the run went. On return no process
/// of the container is left: the kernel kills them all before I can be waited for.
#[inline(never)]
pub(super) fn attend(
    init: &PidFd,
    reports: &Fd,
    config: &Config,
    journal: Journal,
    outcome: &mut Option<Outcome>,
) -> Result<(), Error> {
    let signals = signal::descriptor(BLOCKED).map_err(waiting_for)?;
    let mut heard = Heard { config, journal, relay: Relay::new(), command: None, told: false, outcome };
    let ended = until_end(init, reports, &signals, &mut heard);
    heard.relay.restore();
    heard.conclude(ended?);
    Ok(())
}

fn waiting_for(errno: Errno) -> Error {
    Error::new(Step::Wait, Object::Place(Place::Init), errno)
}

fn until_end(init: &PidFd, reports: &Fd, signals: &Fd, heard: &mut Heard<'_>) -> Result<i32, Error> {
    let mut followed = heard.config.process.is_followed();
    loop {
        let [master, input, output] = heard.relay.waiting();
        let mut events = [Waiting::to_read(signals), Waiting::to(reports, followed, false), master, input, output];
        poll::wait(&mut events).map_err(waiting_for)?;
        let [signal, report, master, input, output] = events;
        if report.happened() {
            followed = heard.next(reports)?;
        }
        heard.relay.copy([master, input, output]);
        while signal.happened()
            && let Some(arrived) = signal::next(signals).map_err(waiting_for)?
        {
            if arrived.signal() == signal::CHLD {
                // Children that were not engine's own are left alone.
                if let Some(ended) = process::reap(Some(init.pid())).map_err(waiting_for)? {
                    while heard.next(reports)? {}
                    if heard.config.process.tty {
                        heard.relay.finish(signals);
                    }
                    return Ok(ended.status);
                }
            } else if !heard.relay.concerns(arrived.signal()) && serve::is_for_command(arrived, heard.config) {
                // ESRCH: I has just ended, and SIGCHLD comes next.
                let _ = signal::send(init, arrived.signal());
            }
        }
    }
}

/// What I and C have said so far, and what came of it.
struct Heard<'a> {
    config: &'a Config,
    journal: Journal,
    relay: Relay,
    /// Who said that it is about to be the command, as O's PID namespace has it.
    command: Option<Pid>,
    /// Whether that has been told.
    told: bool,
    outcome: &'a mut Option<Outcome>,
}

pub(super) fn bad_record() -> Error {
    Error::because(Step::Wait, Object::Place(Place::Init), Why::BadRecord)
}

impl Heard<'_> {
    /// Hears the next record. False at the end: I and C are gone, or what I was has executed the command.
    fn next(&mut self, reports: &Fd) -> Result<bool, Error> {
        let mut bytes = [0; RECORD_BYTES];
        let received = socket::receive(reports, &mut bytes).map_err(waiting_for)?;
        match received.length {
            0 => {
                if self.config.process.no_init && self.outcome.is_none() {
                    self.started()?;
                }
                return Ok(false);
            }
            RECORD_BYTES => {}
            _ => return Err(bad_record()),
        }
        match Record::from_bytes(bytes).ok_or_else(bad_record)? {
            Record::Terminal => {
                let begun = self.relay.begin(received.descriptor);
                // I waits for this.
                begun
                    .and_then(|()| file::write_all(reports.number(), b"!"))
                    .at(Step::SetUp, Object::Place(Place::Terminal))?;
            }
            Record::Starting => self.command = Some(received.writer),
            Record::Started => self.started()?,
            // A failure speaks first, then the command's end.
            _ if matches!(self.outcome, Some(Outcome::Failed(_))) => {}
            record => *self.outcome = Outcome::from_record(record),
        }
        Ok(true)
    }

    fn started(&mut self) -> Result<(), Error> {
        match self.command {
            Some(command) if !core::mem::replace(&mut self.told, true) => self.journal.started(command, self.config),
            _ => Ok(()),
        }
    }

    /// What comes of it, where I ended with this wait status. Where I became the command, its end is the command's.
    fn conclude(self, init: i32) {
        if self.outcome.is_none() {
            *self.outcome = match Ending::from_wait_status(init) {
                _ if self.config.process.no_init && self.command.is_some() => Some(Outcome::Ended(init)),
                Ending::Killed(signal) => Some(Outcome::InitKilled(signal)),
                Ending::Exited(_) => None,
            };
        }
    }
}

/// What I said before it was ended, if it said anything.
pub(super) fn first_failure(reports: &Fd) -> Option<Error> {
    let mut bytes = [0; RECORD_BYTES];
    match socket::receive(reports, &mut bytes).and(Record::from_bytes(bytes).ok_or(Errno::INVAL)) {
        Ok(Record::Failed(error)) => Some(error),
        _ => None,
    }
}
