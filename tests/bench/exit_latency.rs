//! How long engine takes to return once its command has to end, and how much of that is the kernel's.
//!
//! The whole: from the moment at which the command, `cat`, has its input ended, until O's pidfd says that engine is gone.
//!
//! The kernel's part is measured on the same container with O and I stopped, so that no code of engine runs: from the end
//! of the input until the command's pidfd says that it is gone; and from I's kill, when nothing but I is left, until its
//! pidfd says that the kernel has taken down the namespaces and all that is mounted in them. The sum holds as many
//! wake-ups as the whole. What the whole takes longer is engine's: I's reaping and its report, O's reading and its end.

use crate::contenders::{self, Kind};
use crate::rounds::Samples;
use crate::spawn::{Program, ends_within, hold, send, stop_where_interrupted};
use crate::support::{Who, host, wait_for};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// More than anything here takes.
const LIMIT: Duration = Duration::from_secs(5);

/// Before each measurement, so that all begin alike: everybody asleep.
const QUIET: Duration = Duration::from_millis(2);

/// The ends of runs as one user.
pub(crate) struct Latency {
    pub(crate) who: Who,
    /// The whole and the kernel's part; or why that is not known.
    pub(crate) samples: Result<(Samples, Samples), String>,
}

pub(crate) fn run(root: &Path, rounds: usize) -> Vec<Latency> {
    Who::all()
        .into_iter()
        .map(|who| {
            let samples = contenders::program(Kind::Engine, who, root, &["/bin/cat"]).and_then(|program| {
                let (mut whole, mut kernel) = (Samples::default(), Samples::default());
                for _ in 0..rounds {
                    stop_where_interrupted();
                    whole.push(the_whole(&program)?);
                    kernel.push(the_kernels(&program)?);
                }
                Ok((whole, kernel))
            });
            Latency { who, samples }
        })
        .collect()
}

/// From the end of the input to engine's.
fn the_whole(program: &Program) -> Result<Duration, String> {
    let mut container = Container::start(program)?;
    let start = Instant::now();
    container.input = None;
    ended(&container.outside, "engine")?;
    Ok(start.elapsed())
}

/// From the end of the input to the command's; and from I's kill to its end, when nothing but I is left.
fn the_kernels(program: &Program) -> Result<Duration, String> {
    let mut container = Container::start(program)?;
    let pids = [container.started.pid, container.init_pid];
    for (process, pid) in [&container.outside, &container.init].into_iter().zip(pids) {
        send(process, libc::SIGSTOP);
        wait_for("a process to stop", || host::process(pid).filter(|process| process.state == 'T'));
    }
    sleep(QUIET);
    let start = Instant::now();
    container.input = None;
    ended(&container.command, "the command")?;
    let command = start.elapsed();
    sleep(QUIET);
    let start = Instant::now();
    send(&container.init, libc::SIGKILL);
    ended(&container.init, "I")?;
    let init = start.elapsed();
    send(&container.outside, libc::SIGCONT);
    Ok(command + init)
}

fn ended(process: &OwnedFd, name: &str) -> Result<(), String> {
    if ends_within(process, LIMIT) { Ok(()) } else { Err(format!("{name} did not end")) }
}

/// A container whose command ends when `input` is closed.
struct Container {
    started: crate::spawn::Started,
    outside: OwnedFd,
    init: OwnedFd,
    init_pid: i32,
    command: OwnedFd,
    input: Option<File>,
}

impl Container {
    fn start(program: &Program) -> Result<Self, String> {
        let (reader, writer) = std::io::pipe().map_err(|error| format!("pipe: {error}"))?;
        let null = File::options().write(true).open("/dev/null").map_err(|error| format!("/dev/null: {error}"))?;
        let started = program.start_with(&File::from(OwnedFd::from(reader)), &null, &null);
        let child = |parent, name: Option<&str>| match host::children(parent).as_slice() {
            [child] if name.is_none_or(|name| child.name == name) => Some(child.pid),
            _ => None,
        };
        let (init_pid, command) = wait_for("the command to run", || {
            let init = child(started.pid, None)?;
            Some((init, child(init, Some("cat"))?))
        });
        // Set-up is over, and everybody waits.
        sleep(QUIET);
        let process = |pid| hold(pid).map_err(|error| format!("pidfd_open: {error}"));
        Ok(Self {
            outside: process(started.pid)?,
            init: process(init_pid)?,
            init_pid,
            command: process(command)?,
            input: Some(File::from(OwnedFd::from(writer))),
            started,
        })
    }
}
