//! What engine says, each thing once: failures, usage, answers.

use crate::config::{Changes, Config, DEFAULT_HOSTNAME, EnvEdit, Mount, Net, Writes, ulimit};
use crate::error::{Errno, Error, OWN_FAILURE, Object, Place};
use crate::sys::digits::{self, Base, Room};
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
    /// For what is written while O's signals are blocked.
    pub(super) const fn new(number: i32) -> Self {
        Self { number, buffer: Vec::new(), failure: None }
    }

    /// For what O says at its end. A reader that has gone is no reason to die of SIGPIPE: the status says what there is
    /// to say. Where the mask cannot be set, the signal says it.
    fn to(number: i32) -> Self {
        let _ = signal::set_mask(Set::all_but(&[]));
        Self::new(number)
    }

    /// Adds text as it is.
    pub(super) fn text(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.byte(byte);
        }
    }

    /// Adds a word of the user's: what would move the cursor or begin a new line is shown as `\xNN`.
    fn word(&mut self, bytes: &[u8]) {
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
        for digit in [byte >> 4, byte & 15] {
            self.byte(if digit < 10 { b'0' } else { b'a' - 10 } + digit);
        }
    }

    /// Adds a plain decimal number.
    pub(super) fn number(&mut self, value: u64) {
        self.text(digits::write(b"", value, Base::Decimal, &mut [0; 40]).to_bytes());
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
        self.failure = self.failure.or(file::write_all(self.number, &self.buffer).err());
        self.buffer.clear();
        self.failure.map_or(Ok(()), Err)
    }

    /// The same for what the status says, too.
    fn say(&mut self) {
        let _ = self.flush();
    }
}

/// `engine: cannot <step> <object>: <why> (<ERRNO>)`, and the end. Standard error may be closed, full or broken: the
/// status says it all the same.
pub(super) fn failure(error: &Error, config: &Config) -> ! {
    let mut line = Output::to(STDERR);
    describe(&mut line, error, config);
    line.text(b"\n");
    if let Some(hint) = super::hints::hint(error) {
        line.text(b"engine: hint: ");
        line.text(hint.as_bytes());
        line.text(b"\n");
    }
    line.say();
    process::exit(error.exit_status())
}

fn describe(line: &mut Output, error: &Error, config: &Config) {
    line.text(b"engine: cannot ");
    line.text(error.step.text().as_bytes());
    line.text(b" ");
    match object(error.object, config, &mut [0; 40]) {
        b"" => line.text(b"''"),
        object => line.word(object),
    }
    line.text(b": ");
    line.text(error.cause().as_bytes());
    line.text(b" (");
    line.text(error.errno.name().as_bytes());
    line.text(b")");
}

/// I was killed from outside.
pub(super) fn init_killed(signal: Signal) {
    let mut line = Output::to(STDERR);
    line.text(b"engine: init was killed by SIG");
    line.text(super::signals::name(signal).as_bytes());
    line.text(b"\n");
    line.say();
}

/// The object as the user wrote it; a number in the room that is given.
pub(super) fn object<'a>(object: Object, config: &'a Config, room: &'a mut Room) -> &'a [u8] {
    let number = |number: Option<i32>| digits::decimal(b"", number.unwrap_or_default().unsigned_abs(), room).to_bytes();
    let mount = |index: u16| config.files.mounts.get(usize::from(index));
    match object {
        Object::Place(place) => place.text().as_bytes(),
        Object::Rootfs => config.rootfs.map_or(b"", |path| path.to_bytes()),
        Object::Upper => match config.files.writes {
            Writes::Upper(path) => path.to_bytes(),
            _ => config.rootfs.map_or(b"", |path| path.to_bytes()),
        },
        Object::Changes => match config.files.changes {
            Changes::File(path) => path.to_bytes(),
            _ => Place::Descriptor2.text().as_bytes(),
        },
        Object::Command => config.command_name().to_bytes(),
        Object::Workdir => config.surroundings.workdir.map_or(b"", |path| path.to_bytes()),
        Object::Hostname => config.surroundings.hostname.unwrap_or(DEFAULT_HOSTNAME).to_bytes(),
        Object::User => config.identity.user.map_or(b"", |user| user.user),
        Object::Group => config.identity.user.and_then(|user| user.group).unwrap_or_default(),
        Object::EnvFile(index) => match config.surroundings.environment.get(usize::from(index)) {
            Some(EnvEdit::File(path)) => path.to_bytes(),
            _ => b"",
        },
        Object::Network => match config.namespaces.net {
            Net::Join(path) => path.to_bytes(),
            _ => b"",
        },
        Object::MountSource(index) | Object::MountTarget(index) => match mount(index) {
            Some(Mount::Volume(volume)) if matches!(object, Object::MountSource(_)) => volume.source,
            Some(mount) => mount.target(),
            None => b"",
        },
        Object::Preserved(index) => number(config.process.preserved.get(usize::from(index)).copied()),
        Object::StatusFd => number(config.process.status_fd),
        Object::PidFile => config.process.pid_file.map_or(b"", |path| path.to_bytes()),
        Object::Ulimit(index) => {
            config.limits.ulimits.get(usize::from(index)).map_or(b"", |ulimit| ulimit::name(ulimit.resource))
        }
    }
}

/// A command line that makes no sense, in the words of whoever read it.
pub fn usage(words: &[&[u8]]) -> ! {
    let mut line = Output::to(STDERR);
    for word in words {
        line.text(word);
    }
    line.say();
    process::exit(OWN_FAILURE)
}

/// What the user asked engine itself: on standard output, where someone may be reading.
pub fn answer(tell: impl FnOnce(&mut dyn FnMut(&[u8]))) -> ! {
    let mut output = Output::to(STDOUT);
    tell(&mut |text| output.text(text));
    process::exit(if output.flush().is_ok() { 0 } else { OWN_FAILURE })
}
