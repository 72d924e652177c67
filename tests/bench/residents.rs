//! What a resident init holds: engine's beside those that others use. Proportional set size: pages that several processes
//! share count for a part in each.

use crate::contenders::Kind;
use crate::idle;
use crate::spawn::Started;
use crate::support::{Who, host, world};
use std::path::Path;

/// An init and what it holds; or why that is not known.
pub(crate) struct Resident {
    pub(crate) label: String,
    /// Proportional set size of each of its processes, KiB.
    pub(crate) pss: Result<Vec<u64>, String>,
}

/// Inits of containers that something else made: a name, and the words before the command.
const INITS: &[(&str, &str, &[&str])] = &[
    ("engine --as-init", "engine", &["--as-init"]),
    ("tini", "tini", &["--"]),
    ("tini-static", "tini-static", &["--"]),
    ("dumb-init", "dumb-init", &["--"]),
    ("catatonit", "catatonit", &["--"]),
];

pub(crate) fn run(root: &Path) -> Vec<Resident> {
    let mut residents = Vec::new();
    let whole = [
        (Kind::Engine, "engine: O and I of a container"),
        (Kind::BubblewrapShareNet, "bubblewrap: its processes of a container"),
    ];
    for (kind, label) in whole {
        let pss = idle::one(kind, Who::User, root).and_then(|started| pss(&started));
        residents.push(Resident { label: label.into(), pss });
    }
    for (label, name, words) in INITS {
        let path = if *name == "engine" { Some(world().engine()) } else { host::program(name) };
        let pss = path.ok_or_else(|| "not installed".to_owned()).and_then(|path| pss(&idle::below(&path, words)));
        residents.push(Resident { label: (*label).into(), pss });
    }
    residents
}

/// Of the process and of those below it, down to the command, which does not count.
fn pss(started: &Started) -> Result<Vec<u64>, String> {
    let mut all = Vec::new();
    let mut pid = started.pid;
    loop {
        let children = host::children(pid);
        let [child] = children.as_slice() else {
            return Err(match children.len() {
                0 => "it does not run a command in this way".into(),
                count => format!("one of its processes has {count} children"),
            });
        };
        all.push(idle::rollup(pid, "Pss")?);
        if child.name == "sleep" {
            return Ok(all);
        }
        pid = child.pid;
    }
}
