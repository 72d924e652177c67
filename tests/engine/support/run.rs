//! One run of a program: as whom, with what, until when.

use super::outcome::{End, Outcome};
use super::terminal::{Screen, Terminal};
use super::world::{Who, world};
use super::{DEADLINE, host, wait_for};
use std::ffi::{CString, OsStr, OsString};
use std::io::{self, Read, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// The variable in the environment that marks the processes of a run.
pub(crate) const MARK: &str = "ENGINE_TEST_MARK";
/// PATH for every run.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What happens in the new process between fork and exec.
type Hook = Box<dyn FnMut() -> io::Result<()> + Send + Sync>;

/// Where standard input comes from.
enum Input {
    /// /dev/null.
    Nothing,
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// A pipe that the test writes to.
    Pipe,
}

/// A run to be.
pub(crate) struct Run {
    program: PathBuf,
    who: Who,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    path: bool,
    input: Input,
    directory: PathBuf,
    deadline: Duration,
    hooks: Vec<Hook>,
    screen: Option<Screen>,
    mark: String,
}

impl Run {
    /// Any program.
    pub(crate) fn program(who: Who, program: impl AsRef<Path>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let mark = format!("engine-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self {
            program: program.as_ref().to_owned(),
            who,
            arguments: Vec::new(),
            environment: Vec::new(),
            path: true,
            input: Input::Nothing,
            directory: world().base().to_owned(),
            deadline: DEADLINE,
            hooks: Vec::new(),
            screen: None,
            mark,
        }
    }

    /// engine, with arguments to come.
    pub(crate) fn engine(who: Who) -> Self {
        Self::program(who, world().engine())
    }

    /// A command in the test root filesystem.
    pub(crate) fn inside<S: AsRef<OsStr>>(who: Who, command: impl IntoIterator<Item = S>) -> Self {
        Self::engine(who).arg(world().rootfs(who)).args(command)
    }

    /// A shell script in the test root filesystem.
    pub(crate) fn script(who: Who, script: &str) -> Self {
        Self::inside(who, ["/bin/sh", "-c", script])
    }

    /// A probe in the test root filesystem: see [`crate::probe`].
    pub(crate) fn probe<S: AsRef<OsStr>>(who: Who, words: impl IntoIterator<Item = S>) -> Self {
        Self::inside(who, ["/probe", "--probe"]).args(words)
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// No PATH in the environment.
    pub(crate) fn without_path(mut self) -> Self {
        self.path = false;
        self
    }

    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Standard input is a pipe whose other end [`Running`] has.
    pub(crate) fn piped(mut self) -> Self {
        self.input = Input::Pipe;
        self
    }

    pub(crate) fn directory(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = directory.as_ref().to_owned();
        self
    }

    /// How long it may take, where that is more than usual.
    pub(crate) fn patience(mut self, limit: Duration) -> Self {
        self.deadline = limit;
        self
    }

    /// Something to do between fork and exec, as the user of the run.
    ///
    /// # Safety
    /// Only what is async-signal-safe: the other threads of the tests are not there in the new process.
    pub(crate) unsafe fn before_exec(mut self, hook: impl FnMut() -> io::Result<()> + Send + Sync + 'static) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// In a session of its own, with this terminal as standard input, output and error.
    pub(crate) fn on(mut self, terminal: &Terminal) -> Self {
        self.screen = Some(terminal.screen());
        let other = terminal.other_end();
        // SAFETY: setsid(2), ioctl(2) and dup2(2) are async-signal-safe; the descriptor lives in the closure.
        unsafe {
            self.before_exec(move || {
                check(libc::setsid())?;
                check(libc::ioctl(other.as_raw_fd(), libc::TIOCSCTTY, 0))?;
                for number in 0..3 {
                    check(libc::dup2(other.as_raw_fd(), number))?;
                }
                Ok(())
            })
        }
    }

    /// With these descriptors closed.
    pub(crate) fn closing(self, descriptors: &[i32]) -> Self {
        let descriptors = descriptors.to_owned();
        // SAFETY: close(2) is async-signal-safe, and nothing in the new process uses these descriptors any more.
        unsafe {
            self.before_exec(move || {
                for descriptor in &descriptors {
                    check(libc::close(*descriptor))?;
                }
                Ok(())
            })
        }
    }

    /// With this file open as this descriptor.
    pub(crate) fn opening(self, descriptor: i32, file: &str, flags: i32) -> Self {
        let file = CString::new(file).unwrap();
        // SAFETY: open(2), dup2(2) and close(2) are async-signal-safe; the text lives in the closure.
        unsafe {
            self.before_exec(move || {
                let new = check(libc::open(file.as_ptr(), flags))?;
                if new != descriptor {
                    check(libc::dup2(new, descriptor))?;
                    check(libc::close(new))?;
                }
                Ok(())
            })
        }
    }

    /// With this signal ignored.
    pub(crate) fn ignoring(self, signal: i32) -> Self {
        // SAFETY: signal(2) is async-signal-safe.
        unsafe {
            self.before_exec(move || {
                if libc::signal(signal, libc::SIG_IGN) == libc::SIG_ERR {
                    return Err(io::Error::last_os_error());
                }
                Ok(())
            })
        }
    }

    /// With this signal blocked.
    pub(crate) fn blocking(self, signal: i32) -> Self {
        // SAFETY: the calls are async-signal-safe, and the set is initialised before it is used.
        unsafe {
            self.before_exec(move || {
                let mut set = std::mem::zeroed();
                check(libc::sigemptyset(&raw mut set))?;
                check(libc::sigaddset(&raw mut set, signal))?;
                check(libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()))?;
                Ok(())
            })
        }
    }

    /// With this limit, soft and hard.
    pub(crate) fn limit(self, resource: libc::__rlimit_resource_t, value: u64) -> Self {
        // SAFETY: setrlimit(2) is a bare system call.
        unsafe {
            self.before_exec(move || {
                let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
                check(libc::setrlimit(resource, &raw const limit)).map(drop)
            })
        }
    }

    /// The command line, as one could type it.
    fn what(&self) -> String {
        let mut words: Vec<_> =
            [self.program.as_os_str()].into_iter().chain(self.arguments.iter().map(|a| &**a)).collect();
        words.truncate(40);
        let mut text = String::new();
        for word in words {
            let shown = word.to_string_lossy();
            let end = shown.char_indices().nth(300).map_or(shown.len(), |(index, _)| index);
            text.push_str(&format!("{:?} ", &shown[..end]));
        }
        format!("{text}({}, in {})", self.who.label(), self.directory.display())
    }

    /// Starts it.
    #[track_caller]
    pub(crate) fn spawn(self) -> Running {
        let what = self.what();
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg0(&self.mark).env_clear().env(MARK, &self.mark).env("LC_ALL", "C");
        if self.path {
            command.env("PATH", PATH);
        }
        command.envs(self.environment).current_dir(&self.directory);
        if self.screen.is_none() {
            command.process_group(0);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if matches!(self.input, Input::Nothing) { Stdio::null() } else { Stdio::piped() });
        if self.who.is_other() {
            // Drops the supplementary groups as well.
            command.uid(self.who.uid()).gid(self.who.uid());
        }
        for hook in self.hooks {
            // SAFETY: `before_exec` has this same contract.
            unsafe { command.pre_exec(hook) };
        }
        let start = Instant::now();
        let mut child = loop {
            match command.spawn() {
                // Another test was starting a program while this one wrote its own: for a moment the child of that one
                // holds the file open, too.
                Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && start.elapsed() < DEADLINE => {
                    std::thread::yield_now();
                }
                result => break result.unwrap_or_else(|error| panic!("cannot start {what}: {error}")),
            }
        };
        let pid = i32::try_from(child.id()).unwrap();
        // SAFETY: pidfd_open(2) takes two integers; the child is not waited for yet, so the number is its own.
        let pidfd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        assert!(pidfd >= 0, "pidfd_open: {}", io::Error::last_os_error());
        // SAFETY: the kernel has just given us this descriptor.
        let pidfd = unsafe { OwnedFd::from_raw_fd(i32::try_from(pidfd).unwrap()) };
        // The hooks may hold the other end of a pipe or a terminal.
        drop(command);
        let stdin = child.stdin.take();
        let stdin = match self.input {
            Input::Bytes(bytes) => {
                let mut stdin = stdin.unwrap();
                std::thread::spawn(move || {
                    // A program that does not read its input to the end is none of our business.
                    drop(stdin.write_all(&bytes));
                });
                None
            }
            Input::Pipe | Input::Nothing => stdin,
        };
        let stdout = match self.screen {
            Some(screen) => Collected::of(screen),
            None => Collected::of(child.stdout.take().unwrap()),
        };
        let stderr = Collected::of(child.stderr.take().unwrap());
        Running { what, child, pid, pidfd, stdin, stdout, stderr, start, deadline: self.deadline, mark: self.mark }
    }

    /// Runs it to its end.
    #[track_caller]
    pub(crate) fn run(self) -> Outcome {
        self.spawn().finish()
    }
}

/// -1 as an error.
fn check(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// What came out of a pipe so far, filled by a thread of its own.
struct Collected(Arc<Shared>);

/// The bytes, whether the end has come, and news of either.
#[derive(Default)]
struct Shared {
    state: Mutex<(Vec<u8>, bool)>,
    news: Condvar,
}

impl Collected {
    fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            loop {
                let count = pipe.read(&mut buffer).unwrap_or(0);
                let mut state = theirs.state.lock().unwrap();
                state.0.extend_from_slice(&buffer[..count]);
                state.1 = count == 0;
                theirs.news.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        Self(shared)
    }

    /// Waits until what has come satisfies `enough`, the end has come, or `limit` is over; true in the first case.
    fn wait(&self, limit: Duration, enough: impl Fn(&[u8], bool) -> bool) -> bool {
        let state = self.0.state.lock().unwrap();
        let (state, _) =
            self.0.news.wait_timeout_while(state, limit, |(bytes, ended)| !enough(bytes, *ended) && !*ended).unwrap();
        enough(&state.0, state.1)
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.state.lock().unwrap().0.clone()
    }
}

/// A run under way. Whatever happens to the test, nothing of it outlives this value.
pub(crate) struct Running {
    what: String,
    child: Child,
    pid: i32,
    pidfd: OwnedFd,
    stdin: Option<ChildStdin>,
    stdout: Collected,
    stderr: Collected,
    start: Instant,
    deadline: Duration,
    mark: String,
}

impl Running {
    /// The program's own process: O, where it is engine.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }

    /// The only child of the process: I, where it is engine.
    #[track_caller]
    pub(crate) fn init(&self) -> i32 {
        wait_for("engine's child, the init", || match host::children(self.pid).as_slice() {
            [init] => Some(init.pid),
            _ => None,
        })
    }

    /// The same, where there is one at the moment.
    pub(crate) fn init_now(&self) -> Option<i32> {
        host::children(self.pid).first().map(|init| init.pid)
    }

    /// The command's processes: the children of init.
    pub(crate) fn command(&self) -> i32 {
        let init = self.init();
        wait_for("init's child, the command", || host::children(init).first().map(|command| command.pid))
    }

    pub(crate) fn signal(&self, signal: i32) {
        send(self.pid, signal);
    }

    pub(crate) fn write(&mut self, text: &str) {
        self.write_bytes(text.as_bytes());
    }

    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().expect("a pipe").write_all(bytes).unwrap();
    }

    /// Ends its standard input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Waits until standard output holds this text.
    #[track_caller]
    pub(crate) fn wait_for_output(&self, text: &str) {
        self.wait_for_times(text, 1);
    }

    /// Waits until standard output holds this text so many times.
    #[track_caller]
    pub(crate) fn wait_for_times(&self, text: &str, times: usize) {
        let holds =
            |bytes: &[u8], _| bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count() >= times;
        if !self.stdout.wait(self.deadline, holds) {
            let outcome = self.outcome(End::Exit(-1), false);
            outcome.fail(&format!("waited for {text:?} on standard output; how it ended is not known yet"));
        }
    }

    fn outcome(&self, end: End, dumped_core: bool) -> Outcome {
        Outcome {
            what: self.what.clone(),
            end,
            dumped_core,
            stdout: self.stdout.bytes(),
            stderr: self.stderr.bytes(),
            took: self.start.elapsed(),
            mark: self.mark.clone(),
        }
    }

    /// True once the process has ended.
    pub(crate) fn ended_within(&self, limit: Duration) -> bool {
        let mut entry = libc::pollfd { fd: self.pidfd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let start = Instant::now();
        loop {
            let left = limit.saturating_sub(start.elapsed());
            // SAFETY: one valid entry.
            let ready = unsafe { libc::poll(&raw mut entry, 1, i32::try_from(left.as_millis()).unwrap_or(i32::MAX)) };
            if ready > 0 {
                return true;
            }
            if left.is_zero() {
                return false;
            }
        }
    }

    /// Waits for its end, and for the end of both its outputs.
    #[track_caller]
    pub(crate) fn finish(self) -> Outcome {
        self.end(true)
    }

    /// Waits for its end. For a terminal that somebody else has open too, so that its output has no end.
    #[track_caller]
    pub(crate) fn finish_process(self) -> Outcome {
        self.end(false)
    }

    #[track_caller]
    fn end(mut self, outputs: bool) -> Outcome {
        self.end_input();
        if !self.ended_within(self.deadline) {
            let alive: Vec<_> = host::marked(&self.mark)
                .into_iter()
                .map(|process| {
                    let blocked_in =
                        std::fs::read_to_string(format!("/proc/{}/wchan", process.pid)).unwrap_or_default();
                    format!("{process:?} in {blocked_in}")
                })
                .collect();
            let outcome = self.outcome(End::Exit(-1), false);
            outcome.fail(&format!("it hangs; killed now. Its processes:\n    {}", alive.join("\n    ")));
        }
        let status = self.child.wait().unwrap();
        let closed = |_: &[u8], ended| ended;
        let both = !outputs || self.stdout.wait(self.deadline, closed) && self.stderr.wait(self.deadline, closed);
        let outcome = self.outcome(status.into(), status.core_dumped());
        if !both {
            host::kill(&self.mark);
        }
        outcome.must(both, "it ended, but something still holds its outputs open");
        outcome
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // SAFETY: kill(2) takes two integers. The process is not waited for, so its group is still its own.
            unsafe { libc::kill(-self.pid, libc::SIGKILL) };
            host::kill(&self.mark);
            // It is killed; how it ended is of no interest any more.
            drop(self.child.wait());
        }
    }
}

/// Sends a signal; to a process that is gone, none.
pub(crate) fn send(pid: i32, signal: i32) {
    // SAFETY: kill(2) takes two integers.
    unsafe { libc::kill(pid, signal) };
}

/// The argument as it is, for byte strings that are no text.
pub(crate) fn bytes(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}
