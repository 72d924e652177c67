//! The README's cookbook, run as it stands there, and its option table, held against `--help`.
//!
//! Two programs of the cookbook want what a test cannot have everywhere, so others stand in for them: `docker export`
//! streams Alpine in the form that docker has for it, and `mmdebstrap` copies Alpine under Debian's name. With `ENGINE_SOAK=1` the real mmdebstrap runs, which downloads a Debian.

use crate::support::run::PATH;
use crate::support::world::{PROJECT, started_as_root};
use crate::support::{DEADLINE, End, Run, Skip, Test, Verdict, Who, each, host, once, rounds, world};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) const TESTS: &[Test] = &[
    once("the cookbook's tasks are the ones tested here", complete),
    once("the option table is that of --help", option_table),
    each("build a C program", build),
    each("run tests offline", |who| Task::new(who, "Run tests offline").making(&["src"]).run()),
    each("try something on your own system", |who| Task::new(who, "Try something on your own system").run()),
    each("keep changes beside a root", |who| Task::new(who, "Keep changes beside a root").run()),
    each("run a server on a port of the host", server),
    each("a root of Debian", debian),
    each("a root of a docker image", docker),
    once("engine in engine in engine, as a user", nested),
    each("many users in one root", |who| Task::new(who, "Many users in one root").with_ranges().run()),
    each("an application with its settings and one directory", |who| {
        Task::new(who, "An application with its settings and one directory").making(&["data"]).run()
    }),
    once("join a network of ip netns, as root", netns),
];

/// The headings of the cookbook that the tests above name.
const HEADINGS: &[&str] = &[
    "Build a C program",
    "Run tests offline",
    "Try something on your own system",
    "Keep changes beside a root",
    "Run a server on a port of the host",
    "A root of Debian",
    "A root of a docker image",
    "engine in engine in engine",
    "Many users in one root",
    "An application with its settings and one directory",
    "Join a network of ip netns",
];

/// How long a task may take that downloads a Debian.
const PATIENCE: Duration = Duration::from_secs(300);

/// A section of the README, without its heading.
fn section(text: &str, heading: &str, level: &str) -> String {
    let start = format!("{level} {heading}");
    let mut lines = text.lines().skip_while(|line| **line != start).skip(1).peekable();
    assert!(lines.peek().is_some(), "README.md should have a section {heading:?}");
    let mut fenced = false;
    let mut found = String::new();
    for line in lines {
        fenced ^= line.starts_with("```");
        let marks = line.chars().take_while(|c| *c == '#').count();
        if !fenced && (1..=level.len()).contains(&marks) && line[marks..].starts_with(' ') {
            break;
        }
        found.push_str(line);
        found.push('\n');
    }
    found
}

fn readme() -> String {
    fs::read_to_string(Path::new(PROJECT).join("README.md")).unwrap()
}

fn cookbook() -> String {
    section(&readme(), "Cookbook", "##")
}

/// The only block in this language.
fn block(text: &str, language: &str) -> String {
    let start = format!("```{language}");
    let blocks: Vec<_> = text.lines().enumerate().filter(|(_, line)| *line == start).collect();
    assert_eq!(blocks.len(), 1, "a task of the cookbook has one block ```{language}");
    let body = text.lines().skip(blocks[0].0 + 1).take_while(|line| *line != "```");
    body.flat_map(|line| [line, "\n"]).collect()
}

/// A task of the cookbook.
struct Task {
    who: Who,
    heading: &'static str,
    /// Programs of the host that it takes.
    needs: Vec<&'static str>,
    /// What engine makes in the root filesystem to mount something on.
    mount_points: Vec<&'static str>,
    environment: Vec<(&'static str, String)>,
    /// Programs that stand in for those of the host, and their scripts.
    stand_ins: Vec<(&'static str, &'static str)>,
    /// As a user it takes ranges in /etc/subuid and /etc/subgid.
    ranges: bool,
}

impl Task {
    fn new(who: Who, heading: &'static str) -> Self {
        assert!(HEADINGS.contains(&heading), "{heading}");
        let (needs, mount_points, environment, stand_ins) = Default::default();
        Self { who, heading, needs, mount_points, environment, stand_ins, ranges: false }
    }

    fn needs(mut self, program: &'static str) -> Self {
        self.needs.push(program);
        self
    }

    fn making(mut self, mount_points: &[&'static str]) -> Self {
        self.mount_points.extend(mount_points);
        self
    }

    fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    fn standing_in(mut self, program: &'static str, script: &'static str) -> Self {
        self.stand_ins.push((program, script));
        self
    }

    fn with_ranges(mut self) -> Self {
        self.ranges = true;
        self
    }

    /// The shell that runs the task, as its user.
    fn shell(&self, ranges: &Path) -> Result<Run, Skip> {
        let shell = "/bin/sh";
        if !self.ranges || self.who == Who::Root {
            return Ok(Run::program(self.who, shell));
        }
        for program in ["newuidmap", "newgidmap"] {
            host::program(program).ok_or_else(|| Skip(format!("{program} is not here")))?;
        }
        if !started_as_root() {
            let own = |file: &str| {
                let id = Run::program(self.who, "/usr/bin/id").args(["-un"]).run().text();
                let text = fs::read_to_string(file).unwrap_or_default();
                text.lines().any(|line| line.split(':').next().is_some_and(|name| name == id))
            };
            let there = own("/etc/subuid") && own("/etc/subgid");
            let missing = "this user has no range in /etc/subuid or /etc/subgid";
            return if there { Ok(Run::program(self.who, shell)) } else { Err(Skip::because(missing)) };
        }
        for file in ["/etc/subuid", "/etc/subgid"] {
            if !Path::new(file).exists() {
                return Err(Skip(format!("there is no {file} to put another one over")));
            }
        }
        // In a mount namespace of its own, so that the host's files stay as they are.
        let file = ranges.join("ranges");
        fs::write(&file, format!("{}:1000000:65536\n", self.who.uid())).unwrap();
        let script = "mount --bind \"$1\" /etc/subuid && mount --bind \"$1\" /etc/subgid && id=$2 && shift 2 && \
            exec setpriv --reuid=\"$id\" --regid=\"$id\" --clear-groups \"$@\"";
        let run =
            Run::program(Who::Root, host::program("unshare").ok_or_else(|| Skip::because("unshare is not here"))?)
                .args(["--mount", "--propagation", "private", shell, "-c", script, "sh"]);
        Ok(run.arg(file).arg(self.who.uid().to_string()).arg(shell))
    }

    fn run(self) -> Verdict {
        for program in &self.needs {
            host::program(program).ok_or_else(|| Skip(format!("{program} is not here")))?;
        }
        let alpine = world().alpine(self.who)?;
        let text = section(&cookbook(), self.heading, "###");
        let (script, expected) = (block(&text, "sh"), block(&text, "text"));

        let directory = world().directory(self.who);
        let copy = ["-a".as_ref(), alpine.as_os_str(), directory.path().as_os_str()];
        Run::program(self.who, "/bin/cp").args(copy).run().exits(0);
        let tree = directory.path().join("alpine_fs");
        let before = contents(&tree);

        // Below the directory, so that a container that has the directory has them too.
        let programs = directory.path().join("programs");
        fs::create_dir(&programs).unwrap();
        for (name, script) in &self.stand_ins {
            let path = programs.join(name);
            fs::write(&path, format!("#!/bin/sh\nset -eu\n{script}\n")).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        }
        // The environment that a user has, since it is inherited.
        let path = format!("{}:{}:{PATH}", programs.display(), world().base().display());
        let mut run = self.shell(&programs)?.args(["-eu", "-c", &script]).directory(directory.path());
        for (name, value) in [("PATH", &*path), ("HOME", "/"), ("SHELL", "/bin/bash"), ("USER", "nobody")] {
            run = run.env(name, value);
        }
        for (name, value) in &self.environment {
            run = run.env(name, value);
        }
        let outcome = run.patience(if rounds(0, 1) == 1 { PATIENCE } else { DEADLINE }).run();
        outcome.exits(0).left_nothing();
        outcome.must(outcome.stdout == expected.as_bytes(), &format!("README.md promises {expected:?}"));

        let left = mounted(directory.path());
        outcome.must(left.is_empty(), &format!("mounts were left, or processes that see them: {left:?}"));
        let after = contents(&tree);
        let made: BTreeSet<_> = after.keys().filter(|path| !before.contains_key(*path)).cloned().collect();
        let allowed: BTreeSet<_> = self.mount_points.iter().map(PathBuf::from).collect();
        outcome.must(made == allowed, &format!("the run made {made:?} in its root, not {allowed:?}"));
        let changed: Vec<_> = before.iter().filter(|(path, facts)| after.get(*path) != Some(*facts)).collect();
        outcome.must(changed.is_empty(), &format!("the run changed {changed:?} in its root"));
        if self.ranges && !started_as_root() {
            // What others own by now, which the README says how to remove.
            let volume = directory.path().as_os_str();
            let run = Run::engine(self.who).args(["--userns", "auto", "-v"]).arg(volume).arg("-w").arg(volume);
            run.args(["/", "rm", "-rf", "debian_fs"]).run().exits(0);
        }
        Ok(())
    }
}

/// The mounts of a directory and what is below it, wherever a process sees one.
fn mounted(directory: &Path) -> Vec<String> {
    // The last two names, since the table counts from the root of each filesystem.
    let names: Vec<_> = directory.iter().rev().take(2).map(|name| name.to_str().unwrap()).collect();
    let place = format!("/{}/{}", names[1], names[0]);
    let tables = host::processes().into_iter().filter_map(|process| {
        let table = fs::read_to_string(format!("/proc/{}/mountinfo", process.pid)).ok()?;
        let line = table.lines().find(|line| line.contains(&place))?;
        Some(format!("{process:?}: {line}"))
    });
    tables.collect()
}

/// What a run could change about a file: its mode, its owners, its size, and where it is no directory, its time.
type Facts = (u32, u32, u32, u64, i64);

/// Every file below a directory.
fn contents(tree: &Path) -> BTreeMap<PathBuf, Facts> {
    fn walk(tree: &Path, directory: &Path, found: &mut BTreeMap<PathBuf, Facts>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let facts = fs::symlink_metadata(&path).unwrap();
            let (size, time) = if facts.is_dir() { (0, 0) } else { (facts.len(), facts.mtime()) };
            let own = path.strip_prefix(tree).unwrap().to_owned();
            found.insert(own, (facts.mode(), facts.uid(), facts.gid(), size, time));
            if facts.is_dir() {
                walk(tree, &path, found);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(tree, tree, &mut found);
    found
}

fn complete() -> Verdict {
    let text = cookbook();
    let headings: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(headings, HEADINGS);
    Ok(())
}

/// The words in a text that begin with two hyphens.
fn long_options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter(|word| word.starts_with("--") && word.len() > 2).map(str::to_owned).collect()
}

fn option_table() -> Verdict {
    let help = Run::engine(Who::all()[0]).arg("--help").run();
    let help = help.exits(0).text();
    let mut expected = BTreeSet::new();
    for line in help.lines() {
        if line.starts_with("  -") || line.starts_with("      --") {
            let first = line.split_whitespace().find(|word| word.starts_with("--")).unwrap();
            expected.extend(long_options(first));
        }
    }
    let text = section(&readme(), "Options", "##");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let found: BTreeSet<_> = rows.flat_map(|row| long_options(row.split(" | ").next().unwrap_or_default())).collect();
    assert_eq!(found, expected);
    Ok(())
}

fn build(who: Who) -> Verdict {
    let directory = world().directory(who);
    fs::write(directory.path().join("empty.c"), "int main(void) { return 0; }").unwrap();
    let trial = Run::program(who, "/bin/sh").args(["-c", "cc -static empty.c"]).directory(directory.path()).run();
    if trial.end != End::Exit(0) {
        return Err(Skip::because("there is no cc that links statically"));
    }
    Task::new(who, "Build a C program").making(&["src"]).run()
}

fn server(who: Who) -> Verdict {
    // Free a moment ago: the kernel gives no port out twice in a row.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    Task::new(who, "Run a server on a port of the host").env("PORT", port.to_string()).making(&["www"]).run()
}

fn debian(who: Who) -> Verdict {
    let task = Task::new(who, "A root of Debian").with_ranges();
    if rounds(0, 1) == 1 {
        return task.needs("mmdebstrap").run();
    }
    let script = "[ \"$*\" = '--variant=minbase bookworm debian_fs' ]\ncp -a alpine_fs \"$3\"\n\
        printf 'ID=debian\\nVERSION_CODENAME=%s\\n' \"$2\" >release\nmv -f release \"$3/etc/os-release\"";
    task.standing_in("mmdebstrap", script).run()
}

fn docker(who: Who) -> Verdict {
    // As docker has it: no ./ before the names, what docker mounts files on, and empty directories for the rest.
    let script = "[ \"$*\" = 'export web' ]\ncopy=$(mktemp -d)\ntrap 'rm -rf \"$copy\"' EXIT\n\
        cp -a alpine_fs/. \"$copy\" && cd \"$copy\"\nmkdir -p dev/pts dev/shm\n\
        touch .dockerenv dev/console etc/hostname etc/hosts etc/resolv.conf\nln -sf /proc/mounts etc/mtab\n\
        tar -c --numeric-owner --owner=0 --group=0 -- .dockerenv *";
    Task::new(who, "A root of a docker image").standing_in("docker", script).run()
}

fn nested() -> Verdict {
    world().namespaces(Who::User)?;
    Task::new(Who::User, "engine in engine in engine").making(&["bin/engine"]).run()
}

/// Takes the cookbook's network away where a failure has left it.
struct NetnsGuard;

impl Drop for NetnsGuard {
    fn drop(&mut self) {
        if let Some(ip) = host::program("ip") {
            Run::program(Who::Root, ip).args(["netns", "del", "engine-cookbook"]).run();
        }
    }
}

fn netns() -> Verdict {
    if !started_as_root() {
        return Err(Skip::because("only root may make what ip netns makes"));
    }
    let task = Task::new(Who::Root, "Join a network of ip netns").needs("ip");
    let _guard = NetnsGuard;
    task.run()
}
