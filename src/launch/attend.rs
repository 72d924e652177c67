//! O while the container runs: forwards signals, waits for I, learns how it ended.

use super::channel::{Channel, News, nonsense};
use super::charge::Charge;
use super::foreground::Foreground;
use super::journal::Journal;
use super::limit::{Limit, Stage};
use super::outcome::{Account, Outcome};
use super::relay::Relay;
use super::tie;
use crate::config::Config;
use crate::error::{At, Error, Object, Place, Step};
use crate::report::{self, Record};
use crate::sys::children::{self, Ending};
use crate::sys::fd::Fd;
use crate::sys::poll::{self, Waiting};
use crate::sys::process::Pid;
use crate::sys::signal::{self, Arrived, Set, Signal};
use crate::sys::terminal;
use crate::sys::time;

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

/// Everything that O listens and writes to meanwhile.
pub(super) struct Attendance {
    pub(super) config: &'static Config,
    pub(super) journal: Journal,
    pub(super) channel: Channel,
    pub(super) relay: Option<Relay>,
    pub(super) foreground: Foreground,
}

/// What is known of the command so far.
#[derive(Default)]
struct Story {
    failed: Option<Error>,
    command: Pid,
    began: u64,
    ended: Option<report::Ended>,
    /// Nothing more will come.
    complete: bool,
}

impl Attendance {
    /// Nothing is open yet.
    pub(super) fn of(config: &'static Config) -> Self {
        Self {
            config,
            journal: Journal::default(),
            channel: Channel::default(),
            relay: None,
            foreground: Foreground::default(),
        }
    }

    /// Leaves the caller's terminal as it was.
    pub(super) fn restore_terminal(&self) {
        if let Some(relay) = &self.relay {
            relay.restore();
        }
        self.foreground.restore();
    }

    /// Forwards every signal until the charge has ended, and learns from the records how the run went. On return no
    /// process of the container is left: the kernel kills them all before I can be waited for.
    pub(super) fn attend(&mut self, charge: &Charge) -> Result<Outcome, Error> {
        let signals = signal::descriptor(BLOCKED).at(Step::Wait, INIT)?;
        let mut limit = Limit::new(&self.config.process);
        let mut story = Story::default();
        loop {
            let records = self.channel.source().filter(|_| !story.complete);
            let records = records.map_or(Waiting::for_nothing(), Waiting::to_read);
            let [master, input, output] = self.relay.as_ref().map_or([Waiting::for_nothing(); 3], Relay::waiting);
            let mut events = [Waiting::to_read(&signals), records, master, input, output];
            if !poll::wait(&mut events, limit.left()).at(Step::Wait, INIT)? {
                limit.ran_out(charge);
                continue;
            }
            let [_, records, master, input, output] = events;
            if records.happened() {
                self.read_records(&mut story, charge)?;
            }
            if let Some(relay) = &mut self.relay {
                relay.copy(master, input, output);
            }
            if let Some(ended) = self.read_signals(&signals, charge)? {
                self.read_records(&mut story, charge)?;
                if let Some(relay) = &mut self.relay {
                    relay.finish(&signals);
                }
                return story.outcome(charge, ended, limit.stage, self.config);
            }
        }
    }

    /// Passes on what has arrived. Returns how the charge ended, once it has.
    fn read_signals(&mut self, signals: &Fd, charge: &Charge) -> Result<Option<children::Ended>, Error> {
        while let Some(arrived) = signal::next(signals).at(Step::Wait, INIT)? {
            if arrived.signal == signal::CHLD {
                if let Some(ended) = charge.reap().at(Step::Wait, INIT)? {
                    return Ok(Some(ended));
                }
            } else if arrived.signal == tie::PARENT_ENDED && tie::is_told(self.config) {
                charge.send(signal::KILL);
            } else if !self.relay.as_mut().is_some_and(|relay| relay.concerns(arrived)) && self.is_for_command(arrived)
            {
                charge.send(arrived.signal);
            }
        }
        Ok(None)
    }

    /// What the terminal sends to its foreground group, the command has already, where it is in that group. A hangup, and
    /// the SIGCONT with it, the terminal sends to the leader of the session alone.
    fn is_for_command(&self, arrived: Arrived) -> bool {
        let process = &self.config.process;
        let apart = process.tty || process.new_session || process.group;
        let hangup = matches!(arrived.signal, signal::HUP | signal::CONT);
        !arrived.from_kernel || apart || (hangup && terminal::is_session_leader())
    }

    /// Reads what I and C had to say, as far as it has come. At the end of a run, that is all of it.
    fn read_records(&mut self, story: &mut Story, charge: &Charge) -> Result<(), Error> {
        while !story.complete {
            let (record, sender, descriptor) = match self.channel.next()? {
                News::Record(record, sender, descriptor) => (record, sender, descriptor),
                News::Nothing => return Ok(()),
                News::End => {
                    story.complete = true;
                    // Without an init, the command's own end of the channel closes when it is executed.
                    if !matches!(charge, Charge::Init(_)) || self.config.process.no_init {
                        self.start(story)?;
                    }
                    return Ok(());
                }
            };
            match record {
                Record::Failed(error) => story.failed = story.failed.or(Some(error)),
                Record::Executing => story.command = sender,
                Record::Started => self.start(story)?,
                Record::Ended(ended) => story.ended = Some(ended),
                Record::Terminal => {
                    if let (Some(relay), Some(master)) = (&mut self.relay, descriptor) {
                        relay.begin(master);
                    }
                }
            }
        }
        Ok(())
    }

    /// The command has been executed, unless there was something about a failure before.
    fn start(&mut self, story: &mut Story) -> Result<(), Error> {
        if story.failed.is_none() && story.command != 0 {
            story.began = time::now();
            self.journal.started(story.command)?;
        }
        Ok(())
    }
}

impl Story {
    /// What it all comes to, once the charge has ended in this way. A failure speaks first, then the command's end.
    fn outcome(self, charge: &Charge, last: children::Ended, stage: Stage, config: &Config) -> Result<Outcome, Error> {
        if let Some(error) = self.failed {
            return Ok(Outcome::Failed(error));
        }
        let is_command = config.process.no_init || !matches!(charge, Charge::Init(_));
        // What the kernel took down with I was reaped by it, and is in its account.
        let wall = if self.began == 0 { 0 } else { time::now().saturating_sub(self.began) };
        let whole = report::Ended { status: last.status, wall, usage: last.usage };
        let command = self.ended.or(is_command.then_some(whole));
        let ended = command.unwrap_or(whole);
        let account = Account { wall: ended.wall, usage: ended.usage };
        match (stage, command, Ending::from_wait_status(last.status)) {
            (Stage::Asked, Some(_), _) | (Stage::Killed, ..) => Ok(Outcome::TimedOut(stage, account)),
            (_, Some(command), _) => Ok(Outcome::Ended(Ending::from_wait_status(command.status), account)),
            (_, None, Ending::Killed(signal)) => Ok(Outcome::InitKilled(signal)),
            (_, None, Ending::Exited(_)) => Err(nonsense()),
        }
    }
}
