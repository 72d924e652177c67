//! What a run costs more where the host has many mounts or many processes, for engine and for bubblewrap.

use crate::contenders::{self, Kind};
use crate::rounds::{self, Samples};
use crate::support::{Who, world};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io, ptr};

const MOUNTS: usize = 1_000;
const PROCESSES: usize = 2_000;
/// Loads come and go this often, so that a drift of the machine meets all alike.
const BLOCKS: usize = 3;

/// How the host is loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Load {
    None,
    Mounts,
    Processes,
}

impl Load {
    pub(crate) fn label(self) -> String {
        match self {
            Self::None => "nothing".into(),
            Self::Mounts => format!("{MOUNTS} host mounts"),
            Self::Processes => format!("{PROCESSES} host processes"),
        }
    }
}

/// The samples of a contender under a load; or why there are none.
pub(crate) struct Loaded {
    pub(crate) load: Load,
    pub(crate) kind: Kind,
    pub(crate) who: Who,
    pub(crate) samples: Result<Samples, String>,
}

/// Gives the benchmark a mount table of its own: what it mounts, the host does not see, and it goes with the benchmark.
/// To be called before anything has been made.
pub(crate) fn leave_host_mounts() -> Result<(), String> {
    // SAFETY: bare system calls with constants.
    let fine = unsafe {
        libc::unshare(libc::CLONE_NEWNS) == 0
            && libc::mount(ptr::null(), c"/".as_ptr(), ptr::null(), libc::MS_REC | libc::MS_PRIVATE, ptr::null()) == 0
    };
    if fine { Ok(()) } else { Err(format!("a mount namespace of its own: {}", io::Error::last_os_error())) }
}

pub(crate) fn run(root: &Path, rounds: usize, own_mounts: Result<(), String>) -> Vec<Loaded> {
    let mut results = Vec::new();
    for load in [Load::None, Load::Mounts, Load::Processes] {
        for kind in [Kind::Engine, Kind::BubblewrapShareNet] {
            for who in Who::all() {
                let samples = match &own_mounts {
                    Err(reason) if load == Load::Mounts => Err(reason.clone()),
                    _ => Ok(Samples::default()),
                };
                results.push(Loaded { load, kind, who, samples });
            }
        }
    }
    for _ in 0..BLOCKS {
        for load in [Load::None, Load::Mounts, Load::Processes] {
            if load == Load::Mounts && own_mounts.is_err() {
                continue;
            }
            let _stands = Stands::new(load);
            block(root, rounds.div_ceil(BLOCKS), results.iter_mut().filter(|result| result.load == load));
        }
    }
    results
}

/// Some rounds under a load that stands.
fn block<'a>(root: &Path, rounds: usize, results: impl Iterator<Item = &'a mut Loaded>) {
    let mut results: Vec<_> = results.filter(|result| result.samples.is_ok()).collect();
    let programs: Vec<_> =
        results.iter().map(|result| contenders::program(result.kind, result.who, root, &["/bin/true"])).collect();
    let able: Vec<_> = programs.iter().filter_map(|program| program.as_ref().ok()).collect();
    let mut times = rounds::interleave(&able, rounds).into_iter();
    for (result, program) in results.iter_mut().zip(&programs) {
        let new = match program {
            Ok(_) => times.next().unwrap(),
            Err(reason) => Err(reason.clone()),
        };
        match (&mut result.samples, new) {
            (Ok(samples), Ok(new)) => samples.extend(new),
            (samples, Err(reason)) => *samples = Err(reason),
            (Err(_), Ok(_)) => {}
        }
    }
}

/// A load, as long as this value lives.
enum Stands {
    Nothing,
    Mounts(Vec<PathBuf>),
    /// The process whose end ends all others.
    Processes(i32),
}

impl Stands {
    fn new(load: Load) -> Self {
        match load {
            Load::None => Self::Nothing,
            Load::Mounts => Self::mounts(),
            Load::Processes => Self::processes(),
        }
    }

    fn mounts() -> Self {
        let base = world().directory(Who::User).keep();
        let places = (0..MOUNTS).map(|number| {
            let place = base.join(number.to_string());
            fs::create_dir(&place).unwrap();
            let path = text(&place);
            // SAFETY: the texts are NUL-terminated and outlive the call.
            let result = unsafe { libc::mount(path.as_ptr(), path.as_ptr(), ptr::null(), libc::MS_BIND, ptr::null()) };
            assert_eq!(result, 0, "mounting {}: {}", place.display(), io::Error::last_os_error());
            place
        });
        Self::Mounts(places.collect())
    }

    fn processes() -> Self {
        let mut ends = [0; 2];
        // SAFETY: the harness has one thread, and each new process only makes bare system calls until it is killed.
        unsafe {
            assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
            let leader = libc::fork();
            assert!(leader >= 0, "fork: {}", io::Error::last_os_error());
            if leader == 0 {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                let mut made = 0;
                while made < PROCESSES {
                    match libc::fork() {
                        0 => {
                            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                            libc::close(ends[1]);
                            loop {
                                libc::pause();
                            }
                        }
                        ..0 => libc::_exit(1),
                        _ => made += 1,
                    }
                }
                libc::write(ends[1], c"!".as_ptr().cast(), 1);
                loop {
                    libc::pause();
                }
            }
            libc::close(ends[1]);
            let mut byte = 0_u8;
            let count = libc::read(ends[0], (&raw mut byte).cast(), 1);
            libc::close(ends[0]);
            let stands = Self::Processes(leader);
            assert_eq!(count, 1, "cannot make {PROCESSES} processes here");
            stands
        }
    }
}

impl Drop for Stands {
    fn drop(&mut self) {
        match self {
            Self::Nothing => {}
            Self::Mounts(places) => {
                for place in places {
                    // SAFETY: the text is NUL-terminated. What stays mounted goes with the benchmark's mount namespace.
                    unsafe { libc::umount2(text(place).as_ptr(), libc::MNT_DETACH) };
                    drop(fs::remove_dir(place));
                }
            }
            Self::Processes(leader) => {
                // SAFETY: the leader is a child that nobody has waited for.
                unsafe { libc::kill(*leader, libc::SIGKILL) };
                // The others die with it and come to the harness, which has no other child now.
                // SAFETY: no status is asked for.
                while unsafe { libc::waitpid(-1, ptr::null_mut(), libc::__WALL) } > 0 {}
            }
        }
    }
}

fn text(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}
