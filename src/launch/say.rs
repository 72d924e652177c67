//! What engine says, each thing once: failures, usage, answers.

use crate::config::{Config, DEFAULT_HOSTNAME, Mount};
use crate::error::{Errno, Error, OWN_FAILURE, Object};
use crate::sys::file;
use crate::sys::process;
use crate::sys::signal::{self, Set, Signal};
use heapless::Vec;

const STDOUT: i32 = 1;
const STDERR: i32 = 2;

/// Text on its way to a descriptor: one write where it fits, several where it does not; nothing is cut off.
pub(super) struct Output {
    number: i32,
    buffer: Vec<u8, 1024>,
    failure: Option<Errno>,
}

impl Output {
    pub(super) const fn to(number: i32) -> Self {
        Self { number, buffer: Vec::new(), failure: None }
    }

    /// For what O says at its end. A reader that has gone is no reason to die of SIGPIPE: the status says what there is to
    /// say. Where the mask cannot be set, the signal says it.
    fn at_the_end(number: i32) -> Self {
        let _ = signal::set_mask(Set::all_but(&[]));
        Self::to(number)
    }

    /// Adds text as it is.
    pub(super) fn text(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.byte(byte);
        }
    }

    /// Adds a word of the user's: what would move the cursor or begin a new line is shown as `\xNN`.
    pub(super) fn word(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte < b' ' || byte == 0x7f {
                self.text(b"\\x");
                self.hexadecimal(byte);
            } else {
                self.byte(byte);
            }
        }
    }

    /// Adds two digits.
    pub(super) fn hexadecimal(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for digit in [byte >> 4, byte & 15] {
            self.byte(DIGITS.get(usize::from(digit)).copied().unwrap_or(b'?'));
        }
    }

    /// Adds a plain decimal number.
    pub(super) fn number(&mut self, value: u64) {
        if value >= 10 {
            self.number(value / 10);
        }
        self.byte(b'0' + (value % 10) as u8);
    }

    /// Adds what a failure is about, as the user wrote it; each byte by `put`.
    pub(super) fn object(&mut self, object: Object, config: &Config, put: fn(&mut Self, &[u8])) {
        let number = match object {
            Object::Preserved(index) => config.process.preserved.get(usize::from(index)).copied(),
            Object::StatusFd => config.process.status_fd,
            _ => match words(object, config) {
                b"" => return self.text(b"''"),
                words => return put(self, words),
            },
        };
        self.number(number.unwrap_or_default().unsigned_abs().into());
    }

    pub(super) fn byte(&mut self, byte: u8) {
        if self.buffer.push(byte).is_err() {
            // The next one says it again.
            let _ = self.flush();
            // There is room now.
            let _ = self.buffer.push(byte);
        }
    }

    /// Writes what is there. The first failure since the beginning is the result.
    pub(super) fn flush(&mut self) -> Result<(), Errno> {
        let result = file::write_all(self.number, &self.buffer);
        self.buffer.clear();
        self.failure = self.failure.or(result.err());
        self.failure.map_or(Ok(()), Err)
    }
}

/// `engine: cannot <step> <object>: <why> (<ERRNO>)`, and the end. Standard error may be closed, full or broken: the
/// status says it all the same.
pub(super) fn failure(error: &Error, config: &Config) -> ! {
    let mut line = Output::at_the_end(STDERR);
    line.text(b"engine: cannot ");
    line.text(error.step.text().as_bytes());
    line.text(b" ");
    line.object(error.object, config, Output::word);
    line.text(b": ");
    line.text(error.cause().as_bytes());
    line.text(b" (");
    line.text(error.errno.name().as_bytes());
    line.text(b")\n");
    if let Some(hint) = super::hints::hint(error) {
        line.text(b"engine: hint: ");
        line.text(hint.as_bytes());
        line.text(b"\n");
    }
    let _ = line.flush();
    process::exit(error.exit_status())
}

/// I was killed from outside.
pub(super) fn init_killed(signal: Signal) {
    let mut line = Output::at_the_end(STDERR);
    line.text(b"engine: init was killed by SIG");
    line.text(super::signals::name(signal).as_bytes());
    line.text(b"\n");
    let _ = line.flush();
}

/// The object as the user wrote it, where it is no number.
fn words(object: Object, config: &Config) -> &[u8] {
    let mount = |index: u16| config.files.mounts.get(usize::from(index));
    match object {
        Object::Place(place) => place.text().as_bytes(),
        Object::Rootfs => config.rootfs.map_or(b"", |path| path.to_bytes()),
        Object::Command => config.command_name().to_bytes(),
        Object::Workdir => config.surroundings.workdir.map_or(b"", |path| path.to_bytes()),
        Object::Hostname => config.surroundings.hostname.unwrap_or(DEFAULT_HOSTNAME).to_bytes(),
        Object::PidFile => config.process.pid_file.map_or(b"", |path| path.to_bytes()),
        Object::Preserved(_) | Object::StatusFd => b"",
        Object::MountSource(index) | Object::MountTarget(index) => match mount(index) {
            Some(Mount::Volume(volume)) if matches!(object, Object::MountSource(_)) => volume.source,
            Some(Mount::Volume(volume)) => volume.target,
            Some(Mount::Tmpfs(tmpfs)) => tmpfs.target,
            Some(Mount::Mask(path)) => path,
            None => b"",
        },
    }
}

/// A command line that makes no sense, in the words of whoever read it.
pub fn usage(words: &[&[u8]]) -> ! {
    let mut line = Output::at_the_end(STDERR);
    for word in words {
        line.text(word);
    }
    let _ = line.flush();
    process::exit(OWN_FAILURE)
}

/// What the user asked engine itself: on standard output, where someone may be reading.
pub fn answer(tell: impl FnOnce(&mut dyn FnMut(&[u8]))) -> ! {
    let mut output = Output::at_the_end(STDOUT);
    tell(&mut |text| output.text(text));
    process::exit(if output.flush().is_ok() { 0 } else { OWN_FAILURE })
}
