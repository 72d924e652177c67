//! The program that tests run inside containers, and sometimes in front of engine: `--probe NAME [WORDS...]`.
//!
//! It is the tests' own executable, so no compiler is needed to make it. What it prints, the tests read.

use std::ffi::{CString, OsString};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::ExitCode;
use std::ptr;

/// A probe: its words to its exit status.
type Probe = fn(&[OsString]) -> u8;

/// Every probe by its name.
const PROBES: &[(&str, Probe)] = &[
    ("abstract", crate::forbidden::abstract_socket),
    ("arguments", arguments),
    ("bare-exec", bare_exec),
    ("clocks", clocks),
    ("descriptors", descriptors),
    ("die", die),
    ("forbidden", crate::forbidden::forbidden),
    ("loopback", loopback),
    ("orphan", orphan),
    ("orphans", orphans),
    ("pty", pty),
    ("push", push),
    ("signals", signals),
    ("truncate", truncate),
    ("wait", wait),
];

/// Runs the probe that the first word names.
pub(crate) fn main(words: &[OsString]) -> ExitCode {
    let Some((name, words)) = words.split_first() else { return ExitCode::from(99) };
    match PROBES.iter().find(|(known, _)| name == known) {
        Some((_, probe)) => ExitCode::from(probe(words)),
        None => {
            eprintln!("probe: unknown: {}", name.display());
            ExitCode::from(99)
        }
    }
}

/// Prints a line at once.
fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().unwrap();
}

/// Reads standard input to its end.
fn await_end_of_input() {
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// `truncate FILE...`: empties the files without opening them, and says of each what came of it.
fn truncate(words: &[OsString]) -> u8 {
    for word in words {
        let path = CString::new(word.as_bytes()).unwrap();
        // SAFETY: the path ends in NUL.
        let done = unsafe { libc::truncate(path.as_ptr(), 0) };
        let error = std::io::Error::last_os_error().raw_os_error().unwrap_or_default();
        println!("{}", if done == 0 { 0 } else { error });
    }
    0
}

/// Prints its words, each with a NUL behind it.
fn arguments(words: &[OsString]) -> u8 {
    let mut out = std::io::stdout().lock();
    for word in words {
        out.write_all(word.as_bytes()).unwrap();
        out.write_all(&[0]).unwrap();
    }
    0
}

/// `bare-exec PROGRAM ARGC ARGUMENT... ENTRY...`: execve(2) with exactly these arguments, none where ARGC is 0, and
/// exactly these entries as the environment, whether or not they are well-formed.
fn bare_exec(words: &[OsString]) -> u8 {
    let count: usize = words[1].to_str().unwrap().parse().unwrap();
    let (arguments, environment) = words[2..].split_at(count);
    let texts =
        |words: &[OsString]| words.iter().map(|word| CString::new(word.as_bytes()).unwrap()).collect::<Vec<_>>();
    let program = CString::new(words[0].as_bytes()).unwrap();
    let (arguments, environment) = (texts(arguments), texts(environment));
    let pointers = |texts: &[CString]| texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect::<Vec<_>>();
    let (arguments, environment) = (pointers(&arguments), pointers(&environment));
    // SAFETY: both arrays end in a null pointer, and all they point to lives until the call is over.
    unsafe { libc::execve(program.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    eprintln!("probe: execve: {}", std::io::Error::last_os_error());
    98
}

/// Prints the seconds of the monotonic clock and of the time since boot.
fn clocks(_: &[OsString]) -> u8 {
    for clock in [libc::CLOCK_MONOTONIC, libc::CLOCK_BOOTTIME] {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the structure is there to be written to.
        assert_eq!(unsafe { libc::clock_gettime(clock, &raw mut time) }, 0);
        println!("{}", time.tv_sec);
    }
    0
}

/// Talks to itself over 127.0.0.1.
fn loopback(_: &[OsString]) -> u8 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    println!("127.0.0.1 answers");
    0
}

/// Prints `number target` for each open descriptor.
fn descriptors(_: &[OsString]) -> u8 {
    for number in 0..4096 {
        // SAFETY: F_GETFD only asks.
        if unsafe { libc::fcntl(number, libc::F_GETFD) } >= 0 {
            let target = std::fs::read_link(format!("/proc/self/fd/{number}"));
            println!("{number} {}", target.map_or_else(|error| error.to_string(), |path| path.display().to_string()));
        }
    }
    0
}

/// `die SIGNAL`: dies of it, at its default action.
fn die(words: &[OsString]) -> u8 {
    let signal = words[0].to_str().unwrap().parse().unwrap();
    // SAFETY: signal(2) and raise(3) on the only thread.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
    97
}

/// An orphan prints whose child it has become, while this process, whose grandchild it was, waits for it.
fn orphan(_: &[OsString]) -> u8 {
    let mut ends = [0; 2];
    // SAFETY: there is one thread only, so a fork is a copy of all there is; each branch of it ends in _exit or goes on
    // as the only copy.
    unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        let middle = libc::fork();
        if middle == 0 {
            if libc::fork() == 0 {
                let parent = libc::getppid();
                while libc::getppid() == parent && parent != 1 {
                    libc::sched_yield();
                }
                say(&format!("adopted by {}", libc::getppid()));
            }
            libc::_exit(0);
        }
        libc::close(ends[1]);
        libc::waitpid(middle, ptr::null_mut(), 0);
        // The end comes when the orphan, the last that has the other end open, is gone.
        let mut byte = 0_u8;
        libc::read(ends[0], (&raw mut byte).cast(), 1);
    }
    say("done");
    0
}

/// `orphans COUNT`: waits for a line, makes so many orphans that end at once, and waits until none is a zombie any more.
fn orphans(words: &[OsString]) -> u8 {
    let count: usize = words[0].to_str().unwrap().parse().unwrap();
    say("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    for _ in 0..count {
        // SAFETY: there is one thread only; both children do nothing but fork, wait and end.
        unsafe {
            let middle = libc::fork();
            if middle == 0 {
                libc::fork();
                libc::_exit(0);
            }
            assert!(middle > 0, "fork: {}", std::io::Error::last_os_error());
            libc::waitpid(middle, ptr::null_mut(), 0);
        }
    }
    say("made");
    let start = std::time::Instant::now();
    while zombies() > 0 {
        if start.elapsed() > std::time::Duration::from_secs(10) {
            say(&format!("{} zombies stay", zombies()));
            return 1;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    say("no zombie");
    await_end_of_input();
    0
}

/// How many processes here are dead and not waited for.
fn zombies() -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let stats = entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    stats.filter(|stat| stat.rsplit_once(") ").is_some_and(|(_, tail)| tail.starts_with('Z'))).count()
}

/// Opens a new pseudoterminal and prints the name of its other end.
fn pty(_: &[OsString]) -> u8 {
    // SAFETY: the calls as their manual pages want them; the buffer is as long as it says.
    unsafe {
        let master = libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY);
        assert!(master >= 0, "posix_openpt: {}", std::io::Error::last_os_error());
        assert_eq!(libc::grantpt(master), 0, "grantpt: {}", std::io::Error::last_os_error());
        assert_eq!(libc::unlockpt(master), 0, "unlockpt: {}", std::io::Error::last_os_error());
        let mut name = [0; 64];
        assert_eq!(libc::ptsname_r(master, name.as_mut_ptr(), name.len()), 0);
        let other = libc::open(name.as_ptr(), libc::O_RDWR | libc::O_NOCTTY);
        assert!(other >= 0, "open: {}", std::io::Error::last_os_error());
        say(std::ffi::CStr::from_ptr(name.as_ptr()).to_str().unwrap());
    }
    0
}

/// Tries to type into the terminal that is standard input, and says what came of it, and how much there is to read then.
fn push(_: &[OsString]) -> u8 {
    let high: libc::c_ulong = 7 << 32;
    // TIOCL_SETSEL and then TIOCL_PASTESEL would type what is on the screen; the latter alone types what was chosen last.
    let (letter, paste, mut count) = (b'x', 3_u8, 0_i32);
    let tries = [(libc::TIOCSTI, &letter), (libc::TIOCSTI | high, &letter), (0x541c, &paste), (0x541c | high, &paste)];
    let words = tries.map(|(request, byte)| {
        // SAFETY: the requests read one byte. By the raw call: the library may cut the number to its low half.
        let done = unsafe { libc::syscall(libc::SYS_ioctl, 0, request, byte) };
        let error = std::io::Error::last_os_error().raw_os_error();
        if done == 0 {
            "done".to_owned()
        } else if error == Some(libc::EPERM) {
            "EPERM".to_owned()
        } else {
            format!("{error:?}")
        }
    });
    // SAFETY: the number is there to be written to. Whole lines are not waited for.
    unsafe {
        let mut modes = std::mem::zeroed();
        libc::tcgetattr(0, &raw mut modes);
        modes.c_lflag &= !libc::ICANON;
        libc::tcsetattr(0, libc::TCSANOW, &raw const modes);
        libc::ioctl(0, libc::FIONREAD, &raw mut count);
    }
    say(&format!("{} {count}", words.join(" ")));
    0
}

/// `signals LAST`: prints the number of every signal that comes, and ends with status 9 at LAST.
fn signals(words: &[OsString]) -> u8 {
    let last: i32 = words[0].to_str().unwrap().parse().unwrap();
    // SAFETY: the set is initialised before it is used; there is one thread only.
    unsafe {
        let mut all = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const all, ptr::null_mut());
        say("ready");
        loop {
            let mut signal = 0;
            libc::sigwait(&raw const all, &raw mut signal);
            say(&format!("got {signal}"));
            if signal == last {
                return 9;
            }
        }
    }
}

/// Says that it is there and waits for the end of its input, with every signal at its default action.
fn wait(_: &[OsString]) -> u8 {
    say("ready");
    await_end_of_input();
    0
}
