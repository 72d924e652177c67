//! O while the container runs: forwards signals, waits for I, learns how it ended.

use super::journal::Journal;
use super::relay::Relay;
use super::{foreground, say, tie};
use crate::config::Config;
use crate::error::{At, Errno, Error, OWN_FAILURE, Object, Place, Step, Why};
use crate::init;
use crate::report::{RECORD_BYTES, Record};
use crate::sys::fd::Fd;
use crate::sys::file;
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Ending, Pid, PidFd};
use crate::sys::signal::{self, Arrived, Set, Signal};
use crate::sys::socket;
use crate::sys::terminal;
use crate::sys::usage::{self, Usage};

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

const INIT: Object = Object::Place(Place::Init);

/// How a run ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The command ran and ended.
    Ended(Ending),
    /// It was out of time; the exit status says whether it had to be killed (timeout(1)).
    TimedOut(u8),
    /// It did not run; this is why.
    Failed(Error),
    /// I was killed, and everything with it.
    InitKilled(Signal),
}

/// Whom O looks after.
pub(super) enum Charge<'a> {
    /// I, and through it the container.
    Init(&'a PidFd),
    /// `--as-init`: the command itself, and every orphan below it.
    Command {
        /// Its number, which is its own until it is reaped.
        pid: Pid,
        /// Whom signals are for: the same, or its process group.
        target: i32,
    },
}

impl Charge<'_> {
    fn send(&self, signal: Signal) {
        // ESRCH: it has just ended, and SIGCHLD comes next.
        let _ = match self {
            Self::Init(init) => signal::send(init, signal),
            Self::Command { target, .. } => signal::send_to(*target, signal),
        };
    }

    /// Takes it, if it has ended: its wait status. Children that were not engine's own are left alone, unless engine is to
    /// be their init.
    fn reap(&self, usage: &mut Usage) -> crate::sys::Result<Option<i32>> {
        match self {
            Self::Init(init) => process::reap(Some(init.pid()), usage).map(|ended| ended.map(|ended| ended.status)),
            Self::Command { pid, .. } => init::reap_all(*pid, usage),
        }
    }
}

/// What comes from I and C.
#[derive(Default)]
pub(super) enum Reports {
    /// Read when everything is over.
    Pipe(Fd),
    /// A socket, read at once: it also carries the command's terminal, and says which process the command is.
    Socket(Fd),
    /// Nothing, or nothing any more.
    #[default]
    Ended,
}

/// Everything that O listens and writes to meanwhile, and what it knows by then.
pub(super) struct Attendance {
    pub(super) config: &'static Config,
    pub(super) journal: Journal,
    pub(super) reports: Reports,
    pub(super) relay: Option<Relay>,
    failed: Option<Error>,
    /// The command's wait status.
    ended: Option<i32>,
    /// The command, where it is known.
    command: Pid,
    began: u64,
    /// What O's child used, with all that was below it.
    usage: Usage,
    /// The signals that have been sent for want of time: none, TERM, KILL.
    sent: u8,
}

impl Attendance {
    /// Nothing is open yet.
    pub(super) fn of(config: &'static Config) -> Self {
        Self {
            config,
            journal: Journal::default(),
            reports: Reports::Ended,
            relay: None,
            failed: None,
            ended: None,
            command: 0,
            began: 0,
            usage: Usage::default(),
            sent: 0,
        }
    }

    /// Forwards every signal until the charge has ended, and learns from the records how the run went. On return no
    /// process of a container is left: the kernel kills them all before I can be waited for.
    pub(super) fn attend(&mut self, charge: &Charge<'_>, signals: &Fd) -> Result<Outcome, Error> {
        let waiting_for = |errno| Error::new(Step::Wait, INIT, errno);
        // Time begins here.
        self.config.process.timeout.map_or(Ok(()), signal::alarm).map_err(waiting_for)?;
        loop {
            let records = if let Reports::Socket(socket) = &self.reports { Waiting::to_read(socket) } else { Waiting::NOTHING };
            let [master, input, output] = self.relay.as_ref().map_or([Waiting::NOTHING; 3], Relay::waiting);
            let mut events = [Waiting::to_read(signals), records, master, input, output];
            poll::wait(&mut events).map_err(waiting_for)?;
            let [_, records, master, input, output] = events;
            if records.happened() {
                self.read_records()?;
            }
            if let Some(relay) = &mut self.relay {
                relay.copy([master, input, output]);
            }
            while let Some(arrived) = signal::next(signals).map_err(waiting_for)? {
                if arrived.signal != signal::CHLD {
                    self.pass_on(arrived, charge).map_err(waiting_for)?;
                } else if let Some(status) = charge.reap(&mut self.usage).map_err(waiting_for)? {
                    self.read_records()?;
                    if let Some(relay) = &mut self.relay {
                        relay.finish(signals);
                    }
                    return self.outcome(charge, status);
                }
            }
        }
    }

    /// What the terminal sends to its foreground group, the command has already, where it is in that group. A hangup, and
    /// the SIGCONT with it, the terminal sends to the leader of the session alone.
    fn pass_on(&mut self, arrived: Arrived, charge: &Charge<'_>) -> crate::sys::Result<()> {
        let wanted = &self.config.process;
        let is_alarm = arrived.signal == signal::ALRM;
        if is_alarm && arrived.from_kernel && wanted.timeout.is_some() {
            return self.run_out(charge);
        }
        let to_leader = matches!(arrived.signal, signal::HUP | signal::CONT) && terminal::is_session_leader();
        if tie::is_over(self.config, arrived.signal) {
            charge.send(signal::KILL);
        } else if !self.relay.as_mut().is_some_and(|relay| relay.concerns(arrived))
            && (!arrived.from_kernel || wanted.is_apart() || is_alarm || to_leader)
        {
            charge.send(arrived.signal);
        }
        Ok(())
    }

    /// The time is over: the next step.
    fn run_out(&mut self, charge: &Charge<'_>) -> crate::sys::Result<()> {
        self.sent += 1;
        if self.sent > 1 {
            charge.send(signal::KILL);
            return Ok(());
        }
        charge.send(signal::TERM);
        // Who is stopped would not notice.
        charge.send(signal::CONT);
        self.config.process.kill_after.map_or(Ok(()), signal::alarm)
    }

    /// Reads what I and C had to say, as far as it has come. At the end of a run, that is all of it.
    fn read_records(&mut self) -> Result<(), Error> {
        let waiting_for = |errno| Error::new(Step::Wait, INIT, errno);
        loop {
            let mut bytes = [0; RECORD_BYTES];
            let (count, sender, descriptor) = match &self.reports {
                Reports::Ended => return Ok(()),
                Reports::Pipe(pipe) => (file::read_full(pipe, &mut bytes).map_err(waiting_for)?, 0, None),
                Reports::Socket(socket) => match socket::receive(socket, &mut bytes) {
                    Err(Errno::AGAIN) => return Ok(()),
                    result => result.map(|it| (it.count, it.sender, it.descriptor)).map_err(waiting_for)?,
                },
            };
            if count == 0 {
                self.reports = Reports::Ended;
                // Without an init, the command's own end closes when it is executed.
                let started = self.config.process.no_init && self.failed.is_none() && self.command != 0;
                return if started { self.start(self.command) } else { Ok(()) };
            }
            let record = if count == RECORD_BYTES { Record::from_bytes(bytes) } else { None };
            match record.ok_or_else(bad_record)? {
                Record::Failed(error) => self.failed = self.failed.or(Some(error)),
                Record::Executing => self.command = sender,
                Record::Started => self.start(self.command)?,
                Record::Ended(status) => self.ended = Some(status),
                Record::Terminal => {
                    if let (Some(relay), Some(master)) = (&mut self.relay, descriptor) {
                        relay.begin(master);
                    }
                }
            }
        }
    }

    /// The command has been executed.
    pub(super) fn start(&mut self, command: Pid) -> Result<(), Error> {
        self.began = usage::now();
        self.journal.started(command)
    }

    /// What I said before it was ended, if it said anything.
    pub(super) fn first_failure(&mut self) -> Option<Error> {
        // What cannot be read explains nothing.
        let _ = self.read_records();
        self.failed
    }

    /// What it all comes to, once the charge has ended with this status. A failure speaks first, then the command's end.
    fn outcome(&self, charge: &Charge<'_>, last: i32) -> Result<Outcome, Error> {
        if let Some(error) = self.failed {
            return Ok(Outcome::Failed(error));
        }
        let is_command = self.config.process.no_init || matches!(charge, Charge::Command { .. });
        match (self.sent, self.ended.or(is_command.then_some(last)), Ending::from_wait_status(last)) {
            (2.., ..) => Ok(Outcome::TimedOut(137)),
            (1, Some(_), _) => Ok(Outcome::TimedOut(124)),
            (_, Some(status), _) => Ok(Outcome::Ended(Ending::from_wait_status(status))),
            (_, None, Ending::Killed(signal)) => Ok(Outcome::InitKilled(signal)),
            (_, None, Ending::Exited(_)) => Err(bad_record()),
        }
    }

    /// Puts everything in order, tells how it went, and ends O the way the command ended, or as a failure of engine's own.
    pub(super) fn conclude(self, outcome: &Outcome) -> ! {
        match &self.relay {
            Some(relay) => relay.restore(),
            None => foreground::restore(),
        }
        let [user, system, memory] = self.usage.numbers();
        let wall = if self.began == 0 { 0 } else { usage::now().saturating_sub(self.began) };
        self.journal.ended(outcome, self.config, [wall, user, system, memory]);
        match outcome {
            Outcome::Ended(Ending::Exited(status)) | Outcome::TimedOut(status) => process::exit(*status),
            Outcome::Ended(Ending::Killed(signal)) => {
                signal::raise(*signal);
                // The signal did not end O: a shell would say this of one that it did end.
                process::exit(128_u8.saturating_add(*signal as u8))
            }
            Outcome::Failed(error) => say::failure(error, self.config),
            Outcome::InitKilled(signal) => {
                say::init_killed(*signal);
                process::exit(OWN_FAILURE)
            }
        }
    }
}

/// A record that engine cannot have sent.
fn bad_record() -> Error {
    Error::new(Step::Wait, INIT, Errno::PROTO).because(Why::BadRecord)
}
