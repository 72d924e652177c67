//! Containers that do nothing: what their processes hold, whether they wake up.

use crate::contenders::{self, Kind};
use crate::spawn::{Program, Started, stop_where_interrupted};
use crate::support::{Who, host, wait_for, wait_within};
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// How long an idle container is watched.
pub(crate) const WATCHED: Duration = Duration::from_secs(10);

/// The command of an idle container, and the name that the kernel gives it. No other process sleeps so long.
fn sleeper() -> (String, &'static str) {
    ((1_000_000_000 + u64::from(std::process::id())).to_string(), "sleep")
}

/// A program that runs a command which does nothing.
pub(crate) fn idle(kind: Kind, who: Who, root: &Path) -> Result<Program, String> {
    contenders::program(kind, who, root, &["/bin/sleep", &sleeper().0])
}

/// The sleeping commands of this benchmark.
pub(crate) fn sleepers() -> Vec<host::Process> {
    let (mark, name) = sleeper();
    host::processes().into_iter().filter(|process| process.name == name && has_word(process.pid, &mark)).collect()
}

fn has_word(pid: i32, word: &str) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).any(|part| part == word.as_bytes())
}

/// Starts so many of them, and waits until all their commands sleep.
pub(crate) fn start(program: &Program, count: usize) -> Vec<Started> {
    let started: Vec<_> = (0..count).map(|_| program.start()).collect();
    wait_for("all commands to sleep", || {
        stop_where_interrupted();
        (sleepers().len() >= count).then_some(())
    });
    started
}

/// An idle container of engine.
pub(crate) struct Idle {
    pub(crate) who: Who,
    /// O and I, in this order; or why nothing is known.
    pub(crate) processes: Result<Vec<Member>, String>,
}

/// One process of an idle container.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    /// Private dirty memory, KiB.
    pub(crate) dirty: u64,
    /// How often it was on a processor and left it while it was watched.
    pub(crate) switches: u64,
}

/// What O and I of an idle container hold, and how often they wake up.
pub(crate) fn processes(root: &Path) -> Vec<Idle> {
    let containers: Vec<_> = Who::all()
        .into_iter()
        .map(|who| (who, idle(Kind::Engine, who, root).map(|program| start(&program, 1).remove(0))))
        .collect();
    // What they still had to do is done.
    sleep(Duration::from_millis(300));
    let before: Vec<_> = containers.iter().map(|(_, started)| started.as_ref().map(switches)).collect();
    let watched = std::time::Instant::now();
    while watched.elapsed() < WATCHED {
        stop_where_interrupted();
        sleep(Duration::from_millis(100));
    }
    let mut idle = Vec::new();
    for ((who, started), before) in containers.iter().zip(before) {
        let processes = started.as_ref().map_err(String::clone).and_then(|started| {
            let before = before.map_err(String::clone)??;
            let after = switches(started)?;
            let members = pids(started)?.into_iter().zip(["O", "I"]).zip(after.iter().zip(&before));
            members
                .map(|((pid, name), (after, before))| {
                    Ok(Member { name, dirty: rollup(pid, "Private_Dirty")?, switches: after - before })
                })
                .collect()
        });
        idle.push(Idle { who: *who, processes });
    }
    idle
}

/// O and I.
fn pids(started: &Started) -> Result<[i32; 2], String> {
    match host::children(started.pid).as_slice() {
        [init] => Ok([started.pid, init.pid]),
        others => Err(format!("engine has {} children, not one", others.len())),
    }
}

/// The context switches of O and I so far.
fn switches(started: &Started) -> Result<Vec<u64>, String> {
    let count = |pid| -> Option<u64> {
        let names = ["voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"];
        names.iter().map(|name| host::status_field(pid, name)?.parse::<u64>().ok()).sum()
    };
    pids(started)?.iter().map(|pid| count(*pid).ok_or_else(|| "no context switches in /proc".to_owned())).collect()
}

/// A field of /proc/PID/smaps_rollup, KiB.
pub(crate) fn rollup(pid: i32, name: &str) -> Result<u64, String> {
    let file = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(file).map_err(|error| format!("smaps_rollup: {error} (root may read it)"))?;
    let value = host::field(&text, name).and_then(|value| value.strip_suffix(" kB")?.parse().ok());
    value.ok_or_else(|| format!("no {name} in smaps_rollup"))
}

/// The idle program of a kind for [`crate::residents`], with its one container.
pub(crate) fn one(kind: Kind, who: Who, root: &Path) -> Result<Started, String> {
    idle(kind, who, root).map(|program| start(&program, 1).remove(0))
}

/// A program that does nothing on the host, below an init of its own.
pub(crate) fn below(init: &Path, words: &[&str]) -> Started {
    let mark = sleeper().0;
    let sleep = host::program("sleep").expect("sleep(1)");
    let words = words.iter().map(|word| (*word).into()).chain([sleep.into_os_string(), mark.into()]);
    let who = Who::all()[0];
    let program = Program::new(who, init, words).being_first_process();
    let started = program.start();
    // It is told by what it does not do: see `residents`.
    let _ = wait_within(Duration::from_secs(3), || {
        (!sleepers().is_empty() || started.ends_within(Duration::ZERO)).then_some(())
    });
    started
}
