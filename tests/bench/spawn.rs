//! Starting programs at the lowest cost that there is, the same for every contender: a child that shares the harness's
//! memory until it executes (as vfork(2)), becomes its user by itself, and has its output thrown away.

use crate::support::{End, Who};
use std::ffi::{CString, OsStr, OsString, c_void};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a run may take before it counts as one that hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// Set by SIGINT and SIGTERM: the benchmark stops where it is and cleans up.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The environment of every contender, which the locale is added to.
const ENVIRONMENT: &[&str] = &["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/"];

/// No locale: no C library reads a file for it.
pub(crate) const NO_LOCALE: &str = "LC_ALL=C";

/// Lets SIGINT and SIGTERM end the benchmark in an orderly way, and has orphans of the contenders come to the harness,
/// which ends them.
pub(crate) fn prepare() {
    extern "C" fn interrupt(_: i32) {
        INTERRUPTED.store(true, Ordering::Relaxed);
    }
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: the handler only stores to an atomic.
        unsafe { libc::signal(signal, interrupt as extern "C" fn(i32) as libc::sighandler_t) };
    }
    // SAFETY: no memory is involved.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
}

/// Panics once the benchmark has been interrupted; the end of `main` cleans up.
pub(crate) fn stop_where_interrupted() {
    assert!(!INTERRUPTED.load(Ordering::Relaxed), "interrupted");
}

/// A program with its arguments, ready to be executed at once.
pub(crate) struct Program {
    who: Who,
    /// Additional namespaces for it, as clone(2) names them.
    namespaces: i32,
    path: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
    null: File,
    /// Where to write `0` to become a member of a cgroup.
    cgroup: Option<File>,
}

impl Program {
    /// `words` without the program's own name.
    pub(crate) fn new<S: AsRef<OsStr>>(who: Who, path: &Path, words: impl IntoIterator<Item = S>) -> Self {
        let text = |word: &OsStr| CString::new(word.as_bytes()).unwrap();
        let words = words.into_iter().map(|word| text(word.as_ref()));
        Self {
            who,
            namespaces: 0,
            path: text(path.as_os_str()),
            arguments: [text(path.as_os_str())].into_iter().chain(words).collect(),
            environment: ENVIRONMENT.iter().chain([&NO_LOCALE]).map(|entry| CString::new(*entry).unwrap()).collect(),
            null: File::options().read(true).write(true).open("/dev/null").unwrap(),
            cgroup: None,
        }
    }

    /// With this variable for the locale.
    pub(crate) fn in_locale(mut self, variable: &str) -> Self {
        *self.environment.last_mut().unwrap() = CString::new(variable).unwrap();
        self
    }

    /// As the first process of a PID namespace.
    pub(crate) fn being_first_process(mut self) -> Self {
        self.namespaces =
            if self.who == Who::Root { libc::CLONE_NEWPID } else { libc::CLONE_NEWPID | libc::CLONE_NEWUSER };
        self
    }

    /// As a member of this cgroup.
    pub(crate) fn in_cgroup(mut self, directory: &Path) -> io::Result<Self> {
        self.cgroup = Some(File::options().write(true).open(directory.join("cgroup.procs"))?);
        Ok(self)
    }

    /// Its words, for messages.
    pub(crate) fn words(&self) -> Vec<OsString> {
        self.arguments.iter().map(|word| OsStr::from_bytes(word.as_bytes()).to_owned()).collect()
    }

    /// Starts it with nothing to read, its output thrown away.
    pub(crate) fn start(&self) -> Started {
        self.start_with(&self.null, &self.null, &self.null)
    }

    /// Starts it with these files as its standard input, output and error.
    pub(crate) fn start_with(&self, input: &File, output: &File, error: &File) -> Started {
        let pointers = |texts: &[CString]| -> Vec<_> {
            texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect::<Vec<_>>()
        };
        let (arguments, environment) = (pointers(&self.arguments), pointers(&self.environment));
        let become_user = self.who.is_other().then(|| self.who.uid());
        let mut plan = Plan {
            path: self.path.as_ptr(),
            arguments: arguments.as_ptr(),
            environment: environment.as_ptr(),
            files: [input.as_raw_fd(), output.as_raw_fd(), error.as_raw_fd()],
            become_user,
            cgroup: self.cgroup.as_ref().map(File::as_raw_fd),
            errno: 0,
        };
        let mut stack = vec![0_u128; 2048];
        let mut pidfd = -1_i32;
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD | self.namespaces;
        // SAFETY: the child has a stack of its own, aligned to 16; it reads `plan` and writes one field of it, and
        // CLONE_VFORK keeps this thread and all that it lent to the child waiting until the child has executed.
        let pid = unsafe {
            let top = stack.as_mut_ptr().add(stack.len()).cast::<c_void>();
            libc::clone(enter, top, flags, (&raw mut plan).cast(), &raw mut pidfd)
        };
        assert!(pid > 0, "cannot start {:?}: {}", self.words(), io::Error::last_os_error());
        // SAFETY: the kernel has just given us this descriptor.
        let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
        let mut started = Started { pid, pidfd, ended: None };
        if plan.errno != 0 {
            started.wait();
            panic!("cannot execute {:?}: {}", self.words(), io::Error::from_raw_os_error(plan.errno));
        }
        started
    }

    /// How long it takes from the clone to its end, and how it ended.
    pub(crate) fn time(&self) -> (Duration, End) {
        let start = Instant::now();
        let end = self.start().wait();
        (start.elapsed(), end)
    }

    /// Runs it to its end; how it ended and what it said on standard error.
    pub(crate) fn listen(&self) -> (End, String) {
        let directory = tempfile::tempfile().unwrap();
        let end = self.start_with(&self.null, &self.null, &directory).wait();
        (end, read_from_start(&directory))
    }
}

/// All that is in a file, wherever its offset stands.
fn read_from_start(file: &File) -> String {
    let mut bytes = vec![0; 4096];
    let count = std::os::unix::fs::FileExt::read_at(file, &mut bytes, 0).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

/// What the child needs, made before it exists.
struct Plan {
    path: *const libc::c_char,
    arguments: *const *const libc::c_char,
    environment: *const *const libc::c_char,
    files: [i32; 3],
    become_user: Option<u32>,
    cgroup: Option<i32>,
    errno: i32,
}

/// The child: bare system calls only, since the memory is the harness's own. The C library's setuid(3) would change
/// every thread.
extern "C" fn enter(plan: *mut c_void) -> i32 {
    // SAFETY: `start_with` lends a `Plan` that is nobody else's until this process has executed or ended. The calls get
    // what they want, and none of them touches memory.
    unsafe {
        let plan = &mut *plan.cast::<Plan>();
        let mut fine = true;
        for (target, source) in plan.files.iter().enumerate() {
            fine &= libc::dup2(*source, target as i32) >= 0;
        }
        fine &= libc::chdir(c"/".as_ptr()) == 0;
        if let Some(cgroup) = plan.cgroup {
            fine &= libc::write(cgroup, c"0".as_ptr().cast(), 1) == 1;
        }
        if let Some(user) = plan.become_user {
            fine &= libc::syscall(libc::SYS_setgroups, 0, ptr::null::<u32>()) == 0;
            fine &= libc::syscall(libc::SYS_setresgid, user, user, user) == 0;
            fine &= libc::syscall(libc::SYS_setresuid, user, user, user) == 0;
        }
        if fine {
            libc::execve(plan.path, plan.arguments, plan.environment);
        }
        plan.errno = *libc::__errno_location();
        libc::_exit(127)
    }
}

/// A process that was started. It does not outlive this value.
pub(crate) struct Started {
    pub(crate) pid: i32,
    pidfd: OwnedFd,
    ended: Option<End>,
}

impl Started {
    /// Waits for its end. One that hangs is killed, and counts as killed.
    pub(crate) fn wait(&mut self) -> End {
        if let Some(end) = self.ended {
            return end;
        }
        if !ends_within(&self.pidfd, LIMIT) {
            self.kill();
        }
        let mut status = 0;
        // SAFETY: `status` is valid for a write.
        let pid = unsafe { libc::waitpid(self.pid, &raw mut status, libc::__WALL) };
        assert_eq!(pid, self.pid, "waitpid: {}", io::Error::last_os_error());
        *self.ended.insert(ExitStatus::from_raw(status).into())
    }

    pub(crate) fn kill(&self) {
        send(&self.pidfd, libc::SIGKILL);
    }

    /// True once it has ended.
    pub(crate) fn ends_within(&self, limit: Duration) -> bool {
        ends_within(&self.pidfd, limit)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.kill();
            self.wait();
        }
    }
}

/// Takes what has ended of the contenders' orphans, which have come to the harness: the kernel goes through every process
/// of the host in some calls, the dead ones too. Not while any [`Started`] is under way: it could be taken as well.
pub(crate) fn bury_orphans() {
    // SAFETY: no status is asked for.
    while unsafe { libc::waitpid(-1, ptr::null_mut(), libc::WNOHANG | libc::__WALL) } > 0 {}
}

/// A process that is not a child, held by a descriptor.
pub(crate) fn hold(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: pidfd_open(2) takes two integers, and the descriptor it returns is nobody else's.
    unsafe {
        match libc::syscall(libc::SYS_pidfd_open, pid, 0) {
            ..0 => Err(io::Error::last_os_error()),
            descriptor => Ok(OwnedFd::from_raw_fd(descriptor as i32)),
        }
    }
}

/// Sends a signal; to a process that is gone, none.
pub(crate) fn send(process: &OwnedFd, signal: i32) {
    // SAFETY: no siginfo is passed.
    unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, process.as_raw_fd(), signal, ptr::null::<libc::siginfo_t>(), 0)
    };
}

/// True once the process has ended.
pub(crate) fn ends_within(process: &OwnedFd, limit: Duration) -> bool {
    let start = Instant::now();
    let mut entry = libc::pollfd { fd: process.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    loop {
        let left = limit.saturating_sub(start.elapsed());
        // SAFETY: one valid entry.
        let ready = unsafe { libc::poll(&raw mut entry, 1, i32::try_from(left.as_millis()).unwrap_or(i32::MAX)) };
        if ready > 0 {
            return true;
        }
        if left.is_zero() || INTERRUPTED.load(Ordering::Relaxed) {
            return false;
        }
    }
}
