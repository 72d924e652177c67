//! A terminal of the tests' own: they hold the end that a user would sit at.

use super::wait_for;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

/// See the module. When it is dropped, the terminal is closed, as a window is.
pub(crate) struct Terminal {
    user: File,
    /// Open as long as the terminal is to be.
    _open: PipeWriter,
    closed: PipeReader,
}

/// Reads what programs write, until the terminal is closed or no program has it open any more.
pub(crate) struct Screen {
    user: File,
    closed: PipeReader,
}

impl Read for Screen {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let entry = |descriptor| libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
        let mut entries = [entry(self.user.as_raw_fd()), entry(self.closed.as_raw_fd())];
        // SAFETY: two valid entries.
        unsafe { libc::poll(entries.as_mut_ptr(), 2, -1) };
        if entries[1].revents != 0 { Ok(0) } else { self.user.read(buffer) }
    }
}

fn check(result: i32) -> i32 {
    assert!(result >= 0, "a terminal: {}", io::Error::last_os_error());
    result
}

impl Terminal {
    /// A new one, of 24 lines.
    pub(crate) fn new() -> Self {
        // SAFETY: the calls take integers; the kernel has just given us this descriptor.
        let user = unsafe {
            let master = check(libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC));
            check(libc::grantpt(master));
            check(libc::unlockpt(master));
            File::from_raw_fd(master)
        };
        let (closed, open) = io::pipe().unwrap();
        let terminal = Self { user, _open: open, closed };
        terminal.resize(24, 80);
        terminal
    }

    /// What the user sees.
    pub(crate) fn screen(&self) -> Screen {
        Screen { user: self.user.try_clone().unwrap(), closed: self.closed.try_clone().unwrap() }
    }

    /// The end of the programs.
    pub(crate) fn other_end(&self) -> OwnedFd {
        // SAFETY: the calls take integers, and the new descriptor is ours.
        unsafe {
            let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
            let other = check(libc::ioctl(self.user.as_raw_fd(), libc::TIOCGPTPEER, flags));
            // Whoever it is for may run as somebody else.
            check(libc::fchmod(other, 0o666));
            OwnedFd::from_raw_fd(other)
        }
    }

    /// Types.
    pub(crate) fn types(&self, keys: &str) {
        (&self.user).write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: `size` is valid for reads.
        check(unsafe { libc::ioctl(self.user.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) });
    }

    /// Everything that stty(1) would show: flags, speeds, characters.
    pub(crate) fn modes(&self) -> String {
        let modes = attributes(&self.user);
        format!("{:o} {:o} {:o} {:o} {:?}", modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag, modes.c_cc)
    }

    /// Waits until a shell is at its prompt and edits the line, or, the other way round, until a job of it reads whole lines.
    /// What is typed while the one becomes the other may be lost.
    #[track_caller]
    pub(crate) fn waits_for(&self, whose: Turn) {
        waits_for(&self.user, whose);
    }
}

fn attributes(terminal: &File) -> libc::termios {
    // SAFETY: the structure is plain numbers, and valid for a write.
    unsafe {
        let mut modes: libc::termios = std::mem::zeroed();
        check(libc::tcgetattr(terminal.as_raw_fd(), &raw mut modes));
        modes
    }
}

/// The same for any terminal, as one of a container.
#[track_caller]
pub(crate) fn waits_for(terminal: &File, whose: Turn) {
    wait_for(&format!("{whose:?} to have the terminal"), || {
        let whole_lines = attributes(terminal).c_lflag & libc::ICANON != 0;
        (whole_lines == (whose == Turn::Job)).then_some(())
    });
}

/// Who reads what is typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// A shell, with a prompt and an editor of lines.
    Shell,
    /// A program that a shell has started.
    Job,
}
