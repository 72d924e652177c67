//! O while the container runs: forwards signals, waits for I, learns how it ended.

use crate::error::{At, Error, OWN_FAILURE, Object, Place, Step, Why};
use crate::report::{RECORD_BYTES, Record};
use crate::sys::fd::Fd;
use crate::sys::file;
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Ending, PidFd};
use crate::sys::signal::{self, Arrived, Set, Signal};
use crate::sys::terminal;

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

/// How a run ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The command ran and ended.
    Ended(Ending),
    /// It did not run; this is why.
    Failed(Error),
    /// I was killed, and everything with it.
    InitKilled(Signal),
}

/// Forwards every signal to I until I has ended, and learns from its records how the run went. On return no process
/// of the container is left: the kernel kills them all before I can be waited for.
pub(super) fn attend(init: &PidFd, reports: &Fd) -> Result<Outcome, Error> {
    let waiting_for = |errno| Error::new(Step::Wait, Object::Place(Place::Init), errno);
    let signals = signal::descriptor(BLOCKED).map_err(waiting_for)?;
    loop {
        poll::wait(&mut [Waiting::to_read(&signals)]).map_err(waiting_for)?;
        while let Some(arrived) = signal::next(&signals).map_err(waiting_for)? {
            if arrived.signal == signal::CHLD {
                // Children that were not engine's own are left alone.
                if let Some(ended) = process::reap(Some(init.pid())).map_err(waiting_for)? {
                    return outcome(Ending::from_wait_status(ended.status), reports);
                }
            } else if is_for_command(arrived) {
                // ESRCH: I has just ended, and SIGCHLD comes next.
                let _ = signal::send(init, arrived.signal);
            }
        }
    }
}

/// What the terminal sends to its foreground, the command has already. Of a hangup, which comes with SIGCONT, it tells the
/// leader of the session alone.
fn is_for_command(arrived: Arrived) -> bool {
    let hangup = arrived.signal == signal::HUP || arrived.signal == signal::CONT;
    !arrived.from_kernel || hangup && terminal::is_session_leader()
}

/// Reads what I and C had to say, up to the end of file: both are gone. A failure speaks first, then the command's end.
fn outcome(init: Ending, reports: &Fd) -> Result<Outcome, Error> {
    let bad_record = || Error::because(Step::Wait, Object::Place(Place::Init), Why::BadRecord);
    let mut outcome = None;
    loop {
        let mut bytes = [0; RECORD_BYTES];
        match file::read_full(reports, &mut bytes).at(Step::Wait, Object::Place(Place::Init))? {
            0 => break,
            RECORD_BYTES => {}
            _ => return Err(bad_record()),
        }
        match Record::from_bytes(bytes).ok_or_else(bad_record)? {
            Record::Failed(error) => return Ok(Outcome::Failed(error)),
            Record::Ended(status) => outcome = Some(Outcome::Ended(Ending::from_wait_status(status))),
        }
    }
    match (outcome, init) {
        (Some(outcome), _) => Ok(outcome),
        (None, Ending::Killed(signal)) => Ok(Outcome::InitKilled(signal)),
        (None, Ending::Exited(_)) => Err(bad_record()),
    }
}

/// What I said before it was ended, if it said anything.
pub(super) fn first_failure(reports: &Fd) -> Option<Error> {
    let mut bytes = [0; RECORD_BYTES];
    match file::read_full(reports, &mut bytes) {
        Ok(RECORD_BYTES) => match Record::from_bytes(bytes) {
            Some(Record::Failed(error)) => Some(error),
            _ => None,
        },
        _ => None,
    }
}

impl Outcome {
    /// Ends O the way the command ended, or as a failure of engine's own.
    pub(super) fn end(self, config: &crate::config::Config) -> ! {
        match self {
            Self::Ended(Ending::Exited(status)) => process::exit(status),
            Self::Ended(Ending::Killed(signal)) => {
                signal::raise(signal);
                // The signal did not end O: a shell would say this of one that it did end.
                process::exit(128_u8.saturating_add(signal as u8))
            }
            Self::Failed(error) => super::say::failure(error, config),
            Self::InitKilled(signal) => {
                super::say::init_killed(signal);
                process::exit(OWN_FAILURE)
            }
        }
    }
}
