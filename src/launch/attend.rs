//! O while the container runs: forwards signals, waits for I, learns how it ended.

use super::journal::Journal;
use super::outcome::Outcome;
use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::init::serve;
use crate::report::{RECORD_BYTES, Record};
use crate::sys::fd::Fd;
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
pub(super) fn attend(init: &PidFd, reports: &Fd, config: &Config, journal: Journal) -> Result<Outcome, Error> {
    let waiting_for = |errno| Error::new(Step::Wait, Object::Place(Place::Init), errno);
    let signals = signal::descriptor(BLOCKED).map_err(waiting_for)?;
    let mut heard = Heard::new(journal);
    let at_once = if config.process.start_is_told() { Waiting::to_read(reports) } else { Waiting::for_nothing() };
    let mut events = [Waiting::to_read(&signals), at_once];
    loop {
        poll::wait(&mut events).map_err(waiting_for)?;
        let [_, report] = &mut events;
        if report.happened() && !heard.next(reports, config)? {
            *report = Waiting::for_nothing();
        }
        while let Some(arrived) = signal::next(&signals).map_err(waiting_for)? {
            if arrived.signal == signal::CHLD {
                // Children that were not engine's own are left alone.
                if let Some(ended) = process::reap(Some(init.pid())).map_err(waiting_for)? {
                    while heard.next(reports, config)? {}
                    return heard.outcome(Ending::from_wait_status(ended.status));
                }
            } else if serve::is_for_command(arrived, config) {
                // ESRCH: I has just ended, and SIGCHLD comes next.
                let _ = signal::send(init, arrived.signal);
            }
        }
    }
}

/// What I and C have said so far.
struct Heard {
    journal: Journal,
    /// Who said that it is about to be the command, as O's PID namespace has it.
    command: Option<Pid>,
    /// Whether that has been told.
    told: bool,
    outcome: Option<Outcome>,
}

fn bad_record() -> Error {
    Error::because(Step::Wait, Object::Place(Place::Init), Why::BadRecord)
}

impl Heard {
    const fn new(journal: Journal) -> Self {
        Self { journal, command: None, told: false, outcome: None }
    }

    /// Hears the next record. False at the end: I and C are gone, or what I was has executed the command.
    fn next(&mut self, reports: &Fd, config: &Config) -> Result<bool, Error> {
        let mut bytes = [0; RECORD_BYTES];
        let received = socket::receive(reports, &mut bytes).at(Step::Wait, Object::Place(Place::Init))?;
        match received.length {
            0 => {
                if config.process.no_init && self.outcome.is_none() {
                    self.started(config)?;
                }
                return Ok(false);
            }
            RECORD_BYTES => {}
            _ => return Err(bad_record()),
        }
        let outcome = match Record::from_bytes(bytes).ok_or_else(bad_record)? {
            Record::Starting => {
                self.command = Some(received.writer);
                return Ok(true);
            }
            Record::Started => {
                self.started(config)?;
                return Ok(true);
            }
            Record::Failed(error) => Outcome::Failed(error),
            Record::Ended(status) => Outcome::Ended(Ending::from_wait_status(status)),
            Record::TimedOut(status) => Outcome::TimedOut(status),
        };
        // A failure speaks first, then the command's end.
        if !matches!(self.outcome, Some(Outcome::Failed(_))) {
            self.outcome = Some(outcome);
        }
        Ok(true)
    }

    fn started(&mut self, config: &Config) -> Result<(), Error> {
        match self.command {
            Some(command) if !core::mem::replace(&mut self.told, true) => self.journal.started(command, config),
            _ => Ok(()),
        }
    }

    /// What comes of it, where I ended like this. Where I became the command, its end is the command's.
    fn outcome(self, init: Ending) -> Result<Outcome, Error> {
        match (self.outcome, init) {
            (Some(outcome), _) => Ok(outcome),
            (None, ending) if self.command.is_some() => Ok(Outcome::Ended(ending)),
            (None, Ending::Killed(signal)) => Ok(Outcome::InitKilled(signal)),
            (None, Ending::Exited(_)) => Err(bad_record()),
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
