//! Terminals and sessions.
use super::fd::{Dir, Fd};
use super::file;
use super::process::{Pid, own_pid};
use super::{Result, call, done, open};
use crate::error::Errno;
use linux_raw_sys::{general as kernel, ioctl};

/// Begins a session of the caller's own, without a terminal.
///
/// # Errors
/// EPERM where the caller leads a process group already.
pub fn new_session() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(setsid) }
}

/// Whether the caller began its session.
#[must_use]
pub fn is_session_leader() -> bool {
    // SAFETY: no memory is involved; it cannot fail.
    let session = unsafe { call!(getsid, 0) };
    session == Ok(own_pid() as usize)
}

/// Opens the caller's controlling terminal.
///
/// # Errors
/// ENXIO where there is none, EIO where it is gone.
pub fn controlling() -> Result<Fd> {
    file::open_read_write(Dir::HERE, c"/dev/tty")
}

/// The caller's process group.
#[must_use]
pub fn own_group() -> Pid {
    // SAFETY: no memory is involved; it cannot fail.
    unsafe { call!(getpgid, 0) }.unwrap_or_default() as Pid
}

/// The process group in the foreground of the caller's controlling terminal, which this is; 0 where the caller's PID
/// namespace does not know it.
///
/// # Errors
/// ENOTTY where it is not, EIO where it is gone.
pub fn foreground_group(terminal: &Fd) -> Result<Pid> {
    let mut group: Pid = 0;
    // SAFETY: `group` is valid for a write.
    unsafe { done!(ioctl, terminal.number(), ioctl::TIOCGPGRP, &raw mut group) }?;
    Ok(group)
}

/// Puts a process group of the caller's session into the foreground. From the background, SIGTTOU must be blocked.
///
/// # Errors
/// See tcsetpgrp(3).
pub fn set_foreground_group(terminal: &Fd, group: Pid) -> Result<()> {
    // SAFETY: `group` is valid for reads.
    unsafe { done!(ioctl, terminal.number(), ioctl::TIOCSPGRP, &raw const group) }
}

/// Whether no process is left in a group. To kill(2) 0 and 1 mean others than a group; that of PID 1 has PID 1.
#[must_use]
pub fn is_deserted(group: Pid) -> bool {
    // SAFETY: no memory is involved.
    group > 1 && unsafe { done!(kill, -group, 0) } == Err(Errno::SRCH)
}

/// Begins a process group of the caller's own.
///
/// # Errors
/// EPERM where the caller leads a session.
pub fn new_group() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(setpgid, 0, 0) }
}

/// Makes a terminal the controlling one of the caller, who leads a session without one.
///
/// # Errors
/// EPERM; see ioctl_tty(2).
pub fn take_control(terminal: &Fd) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(ioctl, terminal.number(), ioctl::TIOCSCTTY, 0) }
}

/// Opens the other end of a pseudoterminal whose first end was opened from a ptmx: no path is involved.
///
/// # Errors
/// ENOTTY where it was not; EINVAL before Linux 4.13; see ioctl_tty(2).
pub fn open_other_end(master: &Fd) -> Result<Fd> {
    let locked = 0_i32;
    // SAFETY: `locked` is valid for reads.
    unsafe { done!(ioctl, master.number(), ioctl::TIOCSPTLCK, &raw const locked) }?;
    let flags = kernel::O_RDWR | kernel::O_NOCTTY | kernel::O_CLOEXEC;
    // SAFETY: no memory is involved.
    unsafe { open!(ioctl, master.number(), ioctl::TIOCGPTPEER, flags) }
}

/// Gives one terminal the size of the other's window, if that has one; whoever is in the foreground there gets SIGWINCH.
pub fn copy_size(from: &Fd, to: &Fd) {
    let mut size = kernel::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: `size` is valid for a write.
    if unsafe { done!(ioctl, from.number(), ioctl::TIOCGWINSZ, &raw mut size) }.is_ok() {
        // A terminal that is gone has no size.
        // SAFETY: `size` is valid for reads.
        let _ = unsafe { done!(ioctl, to.number(), ioctl::TIOCSWINSZ, &raw const size) };
    }
}

/// What a terminal does with what passes through it (termios(3)).
#[derive(Clone, Copy)]
pub struct Modes(kernel::termios);

impl Modes {
    /// The same for a terminal that changes nothing and reacts to nothing (cfmakeraw(3)).
    #[must_use]
    pub const fn raw(mut self) -> Self {
        self.0.c_iflag &= !(kernel::IGNBRK
            | kernel::BRKINT
            | kernel::PARMRK
            | kernel::ISTRIP
            | kernel::INLCR
            | kernel::IGNCR
            | kernel::ICRNL
            | kernel::IXON);
        self.0.c_oflag &= !kernel::OPOST;
        self.0.c_lflag &= !(kernel::ECHO | kernel::ECHONL | kernel::ICANON | kernel::ISIG | kernel::IEXTEN);
        self.0.c_cflag = (self.0.c_cflag & !(kernel::CSIZE | kernel::PARENB)) | kernel::CS8;
        // A read waits for one byte and no longer: VTIME, VMIN.
        let [_, _, _, _, _, time, least, ..] = &mut self.0.c_cc;
        (*time, *least) = (0, 1);
        self
    }

    /// The same without an echo.
    #[must_use]
    pub const fn silent(mut self) -> Self {
        self.0.c_lflag &= !kernel::ECHO;
        self
    }

    /// The byte that ends the input, where there is one: in the mode that hands over line by line.
    #[must_use]
    pub const fn end_of_input(&self) -> Option<u8> {
        let [_, _, _, _, end, ..] = self.0.c_cc;
        if self.0.c_lflag & kernel::ICANON == 0 { None } else { Some(end) }
    }
}

/// The modes of a terminal. Either end of a pseudoterminal tells those of both.
///
/// # Errors
/// ENOTTY.
pub fn modes(terminal: &Fd) -> Result<Modes> {
    // SAFETY: the kernel's structure is plain numbers, for which zero is a value.
    let mut modes = Modes(unsafe { core::mem::zeroed() });
    // SAFETY: `modes` is valid for a write of the kernel's structure.
    unsafe { done!(ioctl, terminal.number(), ioctl::TCGETS, &raw mut modes.0) }?;
    Ok(modes)
}

/// Sets the modes at once: to wait for what was written would be to wait for whoever reads it.
///
/// # Errors
/// ENOTTY, EIO. From the background, SIGTTOU must be blocked.
pub fn set_modes(terminal: &Fd, modes: &Modes) -> Result<()> {
    // SAFETY: `modes` is valid for reads of the kernel's structure.
    unsafe { done!(ioctl, terminal.number(), ioctl::TCSETS, &raw const modes.0) }
}
