//! Looking at the host: its processes, its mounts, its name.

use super::run::{MARK, send};
use super::{DEADLINE, wait_within};
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::PathBuf;

/// A process, as /proc tells it.
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) state: char,
    pub(crate) name: String,
}

impl fmt::Debug for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} (state {}, child of {})", self.pid, self.name, self.state, self.parent)
    }
}

/// One process; `None` where it is gone.
pub(crate) fn process(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold any character.
    let (head, tail) = stat.rsplit_once(") ")?;
    let mut fields = tail.split(' ');
    Some(Process {
        pid,
        name: head.split_once('(')?.1.to_owned(),
        state: fields.next()?.chars().next()?,
        parent: fields.next()?.parse().ok()?,
    })
}

/// Every process.
pub(crate) fn processes() -> Vec<Process> {
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(process).collect()
}

/// The children of a process.
pub(crate) fn children(parent: i32) -> Vec<Process> {
    processes().into_iter().filter(|process| process.parent == parent).collect()
}

/// The processes of one run: those with its mark in their environment, or as their name in their command line, which
/// stays readable where the environment does not.
pub(crate) fn marked(mark: &str) -> Vec<Process> {
    let entry = format!("{MARK}={mark}");
    let holds = |file: String, text: &str| {
        fs::read(file).is_ok_and(|bytes| bytes.split(|byte| *byte == 0).any(|part| part == text.as_bytes()))
    };
    processes()
        .into_iter()
        .filter(|process| process.state != 'Z')
        .filter(|process| {
            holds(format!("/proc/{}/cmdline", process.pid), mark)
                || holds(format!("/proc/{}/environ", process.pid), &entry)
        })
        .collect()
}

/// Kills what is left of a run.
pub(crate) fn kill(mark: &str) {
    let gone = wait_within(DEADLINE, || {
        let alive = marked(mark);
        for process in &alive {
            send(process.pid, libc::SIGKILL);
        }
        alive.is_empty().then_some(())
    });
    if gone.is_none() {
        eprintln!("processes that nothing kills: {:?}", marked(mark));
    }
}

/// A field of /proc/PID/status, without its name.
pub(crate) fn status_field(pid: i32, name: &str) -> Option<String> {
    field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, name)
}

/// A field of a text in the form of /proc/PID/status.
pub(crate) fn field(status: &str, name: &str) -> Option<String> {
    status.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim().to_owned()))
}

/// What the descriptors of a process lead to.
pub(crate) fn descriptors(pid: i32) -> Vec<PathBuf> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten();
    entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).collect()
}

/// The host's mount table.
pub(crate) fn mounts() -> String {
    fs::read_to_string("/proc/self/mountinfo").unwrap()
}

/// The host's name.
pub(crate) fn hostname() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned()
}

/// Where a program of the host is; `None` where it is not.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let mut places = own;
    places.push(OsString::from(":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
    std::env::split_paths(&places).map(|place| place.join(name)).find(|path| path.is_file())
}
