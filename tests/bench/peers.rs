//! The installed programs as such: which versions, how large; what they leave behind.

use crate::contenders::{executable, executables, machine_name};
use crate::spawn;
use crate::support::{DEADLINE, Run, Who, host, wait_within};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A program that takes part.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) version: String,
    /// Bytes of its file.
    pub(crate) size: u64,
}

/// Everyone who is installed.
pub(crate) fn installed() -> Vec<Peer> {
    let names = executables().into_iter().chain(["tini", "tini-static", "dumb-init", "catatonit"]);
    names
        .filter_map(|name| {
            let path = executable(name)?;
            let size = fs::metadata(&path).map(|file| file.len()).unwrap_or_default();
            Some(Peer { name, version: version(name, &path), size })
        })
        .collect()
}

/// The first line of what `--version` prints, without the program's name.
fn version(name: &str, path: &Path) -> String {
    let said = Command::new(path).arg("--version").output();
    // dumb-init says it on standard error.
    let said = said.map_or_else(|error| error.to_string().into(), |output| [output.stdout, output.stderr].concat());
    let text = String::from_utf8_lossy(&said);
    let line = text.lines().next().unwrap_or("unknown").trim();
    line.strip_prefix(name).unwrap_or(line).trim().to_owned()
}

/// What protects a default run, as the command sees it: what is timed is a run with all of that.
pub(crate) fn protections(root: &Path) -> Vec<String> {
    Who::all()
        .into_iter()
        .map(|who| {
            let outcome = Run::engine(who).arg(root).args(["/bin/cat", "/proc/self/status"]).run();
            let text = outcome.text();
            let fields = ["NoNewPrivs", "Seccomp", "CapBnd"];
            let facts: Vec<_> = fields
                .iter()
                .map(|name| format!("{name} {}", host::field(&text, name).unwrap_or_else(|| "unknown".into())))
                .collect();
            format!("as {}: {}", who.label(), facts.join(", "))
        })
        .collect()
}

/// Ends what a contender that failed may have left: its orphans have come to the harness. Then removes what
/// systemd-nspawn keeps for a machine where /run is no tmpfs.
pub(crate) fn clean_up() {
    let own = i32::try_from(std::process::id()).unwrap();
    let gone = wait_within(DEADLINE, || {
        spawn::bury_orphans();
        let left = host::children(own);
        for child in &left {
            // SAFETY: kill(2) takes two integers; the child has not been waited for.
            unsafe { libc::kill(child.pid, libc::SIGKILL) };
        }
        left.is_empty().then_some(())
    });
    if gone.is_none() {
        eprintln!("bench: processes that nothing kills: {:?}", host::children(own));
    }
    for directory in ["propagate", "unix-export"] {
        // Where it is not there, it need not go.
        drop(fs::remove_dir(Path::new("/run/systemd/nspawn").join(directory).join(machine_name())));
    }
}
