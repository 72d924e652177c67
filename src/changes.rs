//! `--changes`: what a run changed in its root, told after its end.
//!
//! A record for each path: `A` added, `M` modified, `D` deleted, a blank, the path. In a file every record ends in a NUL
//! and the path is as it is, as `find -print0` has it. On standard error, which people read, a record is a line, and
//! what would break it is written `\xNN`, the backslash too.
//!
//! I makes the list, from the upper directory of the overlay and what lies below it. A directory is modified where its
//! mode or owner is: what happened in it has records of its own. Of what was deleted or added with everything below it,
//! what was deleted has one record and what was added has one for each path.

use crate::error::{At, Errno, Error, Object, Step};
use crate::sys::Result;
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, Kind};
use crate::sys::process;
use crate::sys::signal;
use crate::sys::tree::{self, Rights};
use core::ffi::CStr;
use heapless::Vec;

/// A list that is to be made.
#[derive(Debug)]
pub struct Pending {
    /// The overlay's upper directory.
    pub upper: Fd,
    /// What it lies on.
    pub below: Fd,
    /// Where the list goes.
    pub output: Fd,
    /// Whether people read it there.
    pub is_text: bool,
}

impl Pending {
    /// Makes the list. The command has ended; whatever else is in the container ends here, so that nothing changes any
    /// more.
    ///
    /// # Errors
    /// Where the container made paths too long or too deep to be listed, or the list cannot be written.
    // Its buffers are no part of the frame that I lives on.
    #[inline(never)]
    pub fn write(&self) -> core::result::Result<(), Error> {
        // ESRCH: nothing is left.
        let _ = signal::send_to(signal::EVERYONE, signal::KILL);
        while process::wait_any().is_ok() {}
        let mut list = List { path: Vec::new(), output: Output { pending: self, buffer: Vec::new() } };
        list.directory(&self.upper, Some(&self.below))
            .and_then(|()| list.output.flush())
            .at(Step::ListChanges, Object::Changes)
    }
}

/// A list in the making.
struct List<'a> {
    /// Of what is looked at; a slash before each name.
    path: Vec<u8, 4096>,
    output: Output<'a>,
}

/// Records on their way.
struct Output<'a> {
    pending: &'a Pending,
    buffer: Vec<u8, 1024>,
}

/// The owner of what belongs to nobody in this user namespace: an overlay cannot keep it.
const NOBODY: u32 = 65_534;

impl List<'_> {
    /// Everything in an upper directory; `below` is what it is merged with, if anything.
    fn directory(&mut self, upper: &Fd, below: Option<&Fd>) -> Result<()> {
        let merged = below.filter(|_| tree::is_opaque(upper) != Ok(true));
        if let (Some(below), None) = (below, merged) {
            tree::entries(below, &mut |name| match tree::hold_entry(upper, name) {
                Err(Errno::NOENT) => self.at(name, |list| list.record(b'D')),
                result => result.map(Fd::close),
            })?;
        }
        tree::entries(upper, &mut |name| self.at(name, |list| list.entry(upper, below, name)))
    }

    /// Whether an entry of an upper directory is new, changed or the mark of something deleted.
    fn entry(&mut self, upper: &Fd, below: Option<&Fd>, name: &CStr) -> Result<()> {
        let entry = tree::hold_entry(upper, name)?;
        let kind = file::kind(Dir::at(&entry), c"")?;
        let old = match below.map(|below| tree::hold_entry(below, name)) {
            None | Some(Err(Errno::NOENT)) => None,
            Some(result) => Some(result?),
        };
        let old_directory = old.as_ref().filter(|old| file::kind(Dir::at(old), c"") == Ok(Kind::Directory));
        let is_directory = kind == Kind::Directory;
        match (&old, old_directory) {
            _ if kind == Kind::character(0, 0) => self.record(b'D')?,
            (None, _) => self.record(b'A')?,
            (Some(_), Some(old)) if is_directory && same(tree::rights(&entry)?, tree::rights(old)?) => {}
            _ => self.record(b'M')?,
        }
        if is_directory {
            self.directory(&entry, old_directory)?;
        }
        entry.close();
        if let Some(old) = old {
            old.close();
        }
        Ok(())
    }

    /// Does something with a name added to the path.
    fn at(&mut self, name: &CStr, action: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let length = self.path.len();
        self.path.push(b'/').map_err(|_| Errno::NAMETOOLONG)?;
        self.path.extend_from_slice(name.to_bytes()).map_err(|_| Errno::NAMETOOLONG)?;
        action(self)?;
        self.path.truncate(length);
        Ok(())
    }

    fn record(&mut self, letter: u8) -> Result<()> {
        self.output.byte(letter)?;
        self.output.byte(b' ')?;
        let is_text = self.output.pending.is_text;
        for &byte in &self.path {
            if is_text && (byte < b' ' || byte == 0x7f || byte == b'\\') {
                for shown in &[b'\\', b'x', digit(byte >> 4), digit(byte & 15)] {
                    self.output.byte(*shown)?;
                }
            } else {
                self.output.byte(byte)?;
            }
        }
        self.output.byte(if is_text { b'\n' } else { 0 })
    }
}

impl Output<'_> {
    fn byte(&mut self, byte: u8) -> Result<()> {
        if self.buffer.is_full() {
            self.flush()?;
        }
        self.buffer.push(byte).map_err(|_| Errno::NOSPC)
    }

    fn flush(&mut self) -> Result<()> {
        let result = file::write_all(self.pending.output.number(), &self.buffer);
        self.buffer.clear();
        result
    }
}

const fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + value - 10 }
}

/// Whether nobody changed mode or owner: an owner that cannot be kept does not count.
const fn same(new: Rights, old: Rights) -> bool {
    new.mode == old.mode
        && (new.user == old.user || old.user == NOBODY)
        && (new.group == old.group || old.group == NOBODY)
}
