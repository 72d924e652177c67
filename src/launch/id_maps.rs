//! Who is who: the user and group ids of the new user namespace (user_namespaces(7)).
//!
//! O writes the maps, from outside and through the host's own procfs: only there does the caller still have what the
//! kernel asks of who maps more than itself.

use crate::config::Config;
use crate::error::Errno;
use crate::error::{At, Error, Object, Place, Step, Why};
use crate::sys::fd::{Dir, Fd};
use crate::sys::file;
use crate::sys::process::{Credentials, PidFd};
use heapless::{CString, Vec};

/// Room for a map: the kernel takes no more than a page.
type Lines = Vec<u8, 4096>;

/// Writes the maps of I's user namespace. Not inlined, so that its buffers are gone when it returns.
#[inline(never)]
pub(super) fn write(init: &PidFd, _config: &Config, credentials: &Credentials) -> Result<(), Error> {
    let process = host_proc(init)?;
    if credentials.euid == 0 && write_identity(&process)? {
        return Ok(());
    }
    // Who may not set groups may not drop them either: a group can be a reason to be refused something.
    write_file(&process, c"setgroups", Place::Setgroups, b"deny")?;
    let mut line = Lines::new();
    push_range(&mut line, 0, credentials.euid, 1).at(Step::MapIds, Object::Place(Place::UidMap))?;
    write_file(&process, c"uid_map", Place::UidMap, &line)?;
    line.clear();
    push_range(&mut line, 0, credentials.egid, 1).at(Step::MapIds, Object::Place(Place::GidMap))?;
    write_file(&process, c"gid_map", Place::GidMap, &line)
}

/// As root, maps every id of the caller's own namespace onto itself. False where root is not all that it seems: it may
/// not map what is not its own.
fn write_identity(process: &Fd) -> Result<bool, Error> {
    for (own, name, place) in
        [(c"/proc/self/uid_map", c"uid_map", Place::UidMap), (c"/proc/self/gid_map", c"gid_map", Place::GidMap)]
    {
        let object = Object::Place(place);
        let mut text = [0; 4096];
        let own = file::open_read(Dir::Here, own).at(Step::Read, object)?;
        let length = file::read_full(&own, &mut text).at(Step::Read, object)?;
        let mut lines = Lines::new();
        let mut numbers = text.get(..length).unwrap_or_default().split(u8::is_ascii_whitespace).filter_map(number);
        while let (Some(inside), Some(_), Some(count)) = (numbers.next(), numbers.next(), numbers.next()) {
            push_range(&mut lines, inside, inside, count).at(Step::MapIds, object)?;
        }
        match write_map(process, name, &lines) {
            Ok(()) => {}
            // Root without CAP_SETUID or CAP_SETFCAP: it maps itself alone, as everyone can.
            Err(Errno::PERM) if place == Place::UidMap => return Ok(false),
            Err(errno) => return Err(Error::new(Step::MapIds, object, errno)),
        }
    }
    Ok(true)
}

/// A plain decimal number; `None` for an empty word.
fn number(word: &[u8]) -> Option<u32> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0_u32, |value, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// Adds a line to a map. E2BIG where it does not fit.
fn push_range(lines: &mut Lines, inside: u32, outside: u32, count: u32) -> Result<(), Errno> {
    for (value, end) in [(inside, b' '), (outside, b' '), (count, b'\n')] {
        push_number(lines, value)?;
        lines.push(end).map_err(|_| Errno::TOO_BIG)?;
    }
    Ok(())
}

fn push_number(lines: &mut Lines, value: u32) -> Result<(), Errno> {
    if value >= 10 {
        push_number(lines, value / 10)?;
    }
    lines.push(b'0' + (value % 10) as u8).map_err(|_| Errno::TOO_BIG)
}

/// I's directory in the host's procfs; checked to be one, since whoever can put another filesystem there could make
/// engine believe in maps that were never written.
fn host_proc(init: &PidFd) -> Result<Fd, Error> {
    let proc = Object::Place(Place::Proc);
    let mut path: Vec<u8, 4096> = Vec::new();
    let mut name = CString::<32>::new();
    path.extend_from_slice(b"/proc/").map_err(|_| Errno::TOO_BIG).at(Step::Open, proc)?;
    push_number(&mut path, init.pid().unsigned_abs()).at(Step::Open, proc)?;
    name.extend_from_bytes(&path).map_err(|_| Errno::TOO_BIG).at(Step::Open, proc)?;
    let process = file::open_directory(Dir::Here, &name).at(Step::Open, proc)?;
    if !file::is_procfs(&process).at(Step::Open, proc)? {
        return Err(Error::new(Step::Open, proc, Errno::INVAL).because(Why::NotProcfs));
    }
    Ok(process)
}

fn write_file(process: &Fd, name: &core::ffi::CStr, place: Place, text: &[u8]) -> Result<(), Error> {
    write_map(process, name, text).at(Step::MapIds, Object::Place(place))
}

/// The kernel takes a map in one write or not at all.
fn write_map(process: &Fd, name: &core::ffi::CStr, text: &[u8]) -> Result<(), Errno> {
    let fd = file::open_write(Dir::At(process), name)?;
    file::write_all(fd.number(), text)
}
