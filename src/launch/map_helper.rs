//! newuidmap(1) and newgidmap(1): the host's own programs that write a map of more ids than the caller's own, after
//! looking into /etc/subuid and /etc/subgid whether the caller may.

use crate::config::{IdRange, MAP_LINES_MAX, Words};
use crate::error::{Errno, Error, OWN_FAILURE, Object, Place, Step, Why};
use crate::id_map::Kind;
use crate::sys::digits::decimal;
use crate::sys::fd::{self, Dir};
use crate::sys::file;
use crate::sys::process::{self, Fork, Namespaces, Pid, PidFd};
use crate::sys::signal::{self, Set};
use crate::sys::text::terminated;
use core::ffi::{CStr, c_char};
use heapless::Vec;

/// Where they are looked for, and nowhere else: they are set-user-id root.
const NEWUIDMAP: [&CStr; 3] = [c"/usr/bin/newuidmap", c"/usr/local/bin/newuidmap", c"/run/wrappers/bin/newuidmap"];
const NEWGIDMAP: [&CStr; 3] = [c"/usr/bin/newgidmap", c"/usr/local/bin/newgidmap", c"/run/wrappers/bin/newgidmap"];

/// How many numbers there are at most: the process's, and three for each line.
const NUMBERS_MAX: usize = 1 + 3 * MAP_LINES_MAX;
/// Each has up to ten digits, and a NUL behind it.
type Text = Vec<u8, { 11 * NUMBERS_MAX }>;
/// With the program's name before them and NULL behind them.
type Arguments<'a> = Vec<Option<&'a c_char>, { NUMBERS_MAX + 2 }>;

/// Has a map of I written.
pub(super) fn write(init: &PidFd, kind: Kind, ranges: &[IdRange]) -> Result<(), Error> {
    let (paths, place) = match kind {
        Kind::Users => (&NEWUIDMAP, Place::NewUidMap),
        Kind::Groups => (&NEWGIDMAP, Place::NewGidMap),
    };
    let there = paths.iter().find_map(|path| Some((path, file::is_set_user_id(Dir::HERE, path).ok()?)));
    let (step, object) = (Step::UseHelper, Object::Place(place));
    Err(match there.map(|(path, privileged)| (run(path, init, ranges), privileged)) {
        Some((Ok(0), _)) => return Ok(()),
        Some((Err(errno), _)) => Error::new(step, object, errno),
        Some((_, true)) => Error::because(step, object, Why::HelperFailed),
        // It may have capabilities of its file instead, but then it would not have failed for want of them.
        Some((_, false)) => Error::because(step, object, Why::HelperNotSetuid),
        None => Error::because(step, object, Why::HelperMissing),
    })
}

/// Runs it to its end, and says its wait status.
fn run(path: &CStr, init: &PidFd, ranges: &[IdRange]) -> Result<i32, Errno> {
    match process::clone(Namespaces::default())? {
        Fork::Child => be(path, init.pid(), ranges),
        Fork::Parent(helper) => {
            let ended = process::wait(&helper);
            helper.close();
            ended
        }
    }
}

/// The life of the child, which is a copy of O and becomes the program.
fn be(path: &CStr, init: Pid, ranges: &[IdRange]) -> ! {
    // What went wrong does not matter: to O, any status but 0 says that there is no map.
    let _ = execute(path, init, ranges);
    process::exit(OWN_FAILURE)
}

/// Nothing of the caller's goes with it but who it is: no variable, no descriptor. What it says is said by O.
fn execute(path: &CStr, init: Pid, ranges: &[IdRange]) -> Result<(), Errno> {
    let null = file::open_read_write(Dir::HERE, c"/dev/null")?;
    for standard in 0..=2 {
        fd::duplicate_onto(&null, standard)?;
    }
    let mut text = Text::new();
    let mut put = |number| {
        text.extend_from_slice(decimal(b"", number, &mut [0; 40]).to_bytes_with_nul()).map_err(|_| Errno::TOO_BIG)
    };
    put(init.unsigned_abs())?;
    for range in ranges {
        put(range.inside)?;
        put(range.outside)?;
        put(range.count)?;
    }
    let mut arguments = Arguments::new();
    let (mut word, mut rest) = (path, text.as_slice());
    loop {
        arguments.push(Words::word(word)).map_err(|_| Errno::TOO_BIG)?;
        let Some(next) = terminated(rest) else { break };
        word = next;
        rest = rest.get(next.count_bytes() + 1..).unwrap_or_default();
    }
    arguments.push(None).map_err(|_| Errno::TOO_BIG)?;
    // O holds back what it will pass on; ^C may end this.
    signal::set_mask(Set::EMPTY)?;
    Err(process::execute(path, &arguments, Words(&[None])))
}
