//! What many idle containers cost the machine.
//!
//! Three scales. What the processes themselves hold (Pss, so that what they share counts once), their command excepted.
//! What the kernel charges a memory cgroup of theirs: its own structures too, of which a process with nothing in it
//! already costs some tens of KiB. What the machine has left (MemAvailable): all there is, but everything else that runs
//! tips this scale, and memory that the kernel had set aside before does not show on it.

use crate::contenders::{Kind, machine_name};
use crate::idle::{idle, rollup, sleepers, start};
use crate::spawn::{Program, Started, bury_orphans};
use crate::support::{Who, host, wait_for};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// How many containers are weighed at once.
pub(crate) const MANY: usize = 200;

/// How often, in turn.
const WEIGHINGS: usize = 3;

/// The weighings of one of many, KiB.
#[derive(Clone, Default)]
pub(crate) struct Scale(Vec<f64>);

impl Scale {
    /// So many hundredths of the weighings are below it.
    pub(crate) fn percentile(&self, hundredths: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get((sorted.len().saturating_sub(1) * hundredths + 50) / 100).copied().unwrap_or(f64::NAN)
    }
}

/// What one of many idle containers costs.
pub(crate) struct Weight {
    pub(crate) kind: Kind,
    pub(crate) who: Who,
    /// By what their processes hold, the command excepted; or why there is nothing.
    pub(crate) held: Result<Scale, String>,
    /// By what the machine has left; or why there is nothing.
    pub(crate) available: Result<Scale, String>,
    /// By what their memory cgroup is charged; or why there is nothing.
    pub(crate) charged: Result<Scale, String>,
}

/// Weighs them in turn: the same command under chroot(1), which is the command's own, engine, bubblewrap.
pub(crate) fn run(root: &Path) -> Vec<Weight> {
    let empty = || Ok(Scale::default());
    let new = |kind, who| Weight { kind, who, held: empty(), available: empty(), charged: empty() };
    let mut weights = vec![new(Kind::Chroot, Who::Root)];
    for kind in [Kind::Engine, Kind::BubblewrapShareNet] {
        weights.extend(Who::all().into_iter().map(|who| new(kind, who)));
    }
    let cgroup = Cgroup::new();
    for _ in 0..WEIGHINGS {
        for weight in &mut weights {
            let program = if Who::all().contains(&weight.who) {
                idle(weight.kind, weight.who, root)
            } else {
                Err("chroot(1) needs root".into())
            };
            let [held, available, charged] = match program {
                Ok(program) => weigh(program, cgroup.as_ref()),
                Err(reason) => [reason.clone(), reason.clone(), reason].map(Err),
            };
            add(&mut weight.held, held);
            add(&mut weight.available, available);
            add(&mut weight.charged, charged);
        }
    }
    weights
}

/// The first failure stays.
fn add(scale: &mut Result<Scale, String>, weight: Result<f64, String>) {
    match (&mut *scale, weight) {
        (Ok(known), Ok(weight)) => known.0.push(weight),
        (Ok(_), Err(reason)) => *scale = Err(reason),
        (Err(_), _) => {}
    }
}

/// What one of many costs, KiB, on each scale.
fn weigh(program: Program, cgroup: Result<&Cgroup, &String>) -> [Result<f64, String>; 3] {
    let program = match cgroup {
        Ok(cgroup) => program.in_cgroup(&cgroup.directory).unwrap(),
        Err(_) => program,
    };
    let charged = || cgroup.map(Cgroup::charged).map_err(String::clone);
    sleep(SETTLE);
    let before = (left(), charged());
    let mut started = start(&program, MANY);
    sleep(SETTLE);
    let after = (left(), charged());
    let held = held(&started);
    for container in &started {
        container.kill();
    }
    for container in &mut started {
        container.wait();
    }
    wait_for("the end of all commands", || sleepers().is_empty().then_some(()));
    bury_orphans();
    let one = |all: f64| all / MANY as f64;
    [held.map(one), Ok(one(before.0 - after.0)), before.1.and_then(|before| Ok(one(after.1? - before)))]
}

/// The proportional set size of all processes of these containers, their commands excepted, KiB.
fn held(containers: &[Started]) -> Result<f64, String> {
    let commands: HashSet<_> = sleepers().iter().map(|process| process.pid).collect();
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for process in host::processes() {
        children.entry(process.parent).or_default().push(process.pid);
    }
    let mut next: Vec<_> = containers.iter().map(|container| container.pid).collect();
    let mut sum = 0;
    while let Some(pid) = next.pop() {
        if !commands.contains(&pid) {
            sum += rollup(pid, "Pss")?;
        }
        next.extend(children.get(&pid).into_iter().flatten());
    }
    Ok(sum as f64)
}

/// The kernel clears away in the background.
const SETTLE: Duration = Duration::from_millis(400);

/// The machine's available memory, KiB.
fn left() -> f64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap();
    let value = host::field(&text, "MemAvailable").unwrap();
    value.strip_suffix(" kB").unwrap().parse().unwrap()
}

/// A memory cgroup, version 1 or 2, for as long as this value lives.
struct Cgroup {
    directory: PathBuf,
    usage: PathBuf,
}

impl Cgroup {
    fn new() -> Result<Self, String> {
        let places = [("/sys/fs/cgroup/memory", "memory.usage_in_bytes"), ("/sys/fs/cgroup", "memory.current")];
        for (place, file) in places {
            let directory = Path::new(place).join(machine_name());
            if fs::create_dir(&directory).is_ok() {
                let cgroup = Self { usage: directory.join(file), directory };
                if cgroup.usage.exists() {
                    return Ok(cgroup);
                }
            }
        }
        Err("no memory cgroup can be made".into())
    }

    /// KiB.
    fn charged(&self) -> f64 {
        fs::read_to_string(&self.usage).unwrap().trim().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // Members that were just reaped may still count for a moment.
        for _ in 0..100 {
            if fs::remove_dir(&self.directory).is_ok() {
                return;
            }
            sleep(Duration::from_millis(10));
        }
    }
}
