//! Terminals, sessions and process groups.

use super::fd::Fd;
use super::process::Pid;
use super::{Result, call, done, open};
use linux_raw_sys::{general as kernel, ioctl as requests};

/// Begins a session of the caller's own, without a terminal.
///
/// # Errors
/// EPERM where the caller leads a process group already.
pub fn new_session() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(setsid) }
}

/// Begins a process group of the caller's own.
///
/// # Errors
/// EPERM where the caller leads a session.
pub fn new_group() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(setpgid, 0, 0) }
}

/// The process group of the caller.
#[must_use]
pub fn own_group() -> Pid {
    // SAFETY: no memory is involved; it cannot fail.
    unsafe { call!(getpgid, 0) }.unwrap_or_default() as Pid
}

/// Whether the caller began its session.
#[must_use]
pub fn is_session_leader() -> bool {
    // SAFETY: no memory is involved; it cannot fail.
    unsafe { call!(getsid, 0) }.unwrap_or_default() as Pid == super::process::own_pid()
}

/// ioctl(2) with a structure that the kernel reads or writes.
///
/// # Safety
/// `argument` must be what the request wants.
unsafe fn control<T>(number: i32, request: u32, argument: *mut T) -> Result<()> {
    // SAFETY: the caller's contract.
    unsafe { done!(ioctl, number, request, argument) }
}

/// The foreground process group of the caller's controlling terminal, where the descriptor is that.
///
/// # Errors
/// ENOTTY where it is not.
pub fn foreground_group(number: i32) -> Result<Pid> {
    let mut group: Pid = 0;
    // SAFETY: `group` is valid for a write.
    unsafe { control(number, requests::TIOCGPGRP, &raw mut group) }?;
    Ok(group)
}

/// Puts a process group of the caller's session into the foreground. From the background, SIGTTOU must be blocked.
///
/// # Errors
/// See tcsetpgrp(3).
pub fn set_foreground_group(number: i32, mut group: Pid) -> Result<()> {
    // SAFETY: `group` is valid for reads.
    unsafe { control(number, requests::TIOCSPGRP, &raw mut group) }
}

/// Makes a terminal the controlling one of the caller, who leads a session without one.
///
/// # Errors
/// EPERM; see ioctl_tty(2).
pub fn take_control(terminal: &Fd) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(ioctl, terminal.number(), requests::TIOCSCTTY, 0) }
}

/// Opens the other end of a pseudoterminal whose first end was opened from a ptmx: no path is involved.
///
/// # Errors
/// See ioctl_tty(2).
pub fn open_other_end(master: &Fd) -> Result<Fd> {
    let mut locked = 0_i32;
    // SAFETY: `locked` is valid for reads.
    unsafe { control(master.number(), requests::TIOCSPTLCK, &raw mut locked) }?;
    let flags = kernel::O_RDWR | kernel::O_NOCTTY | kernel::O_CLOEXEC;
    // SAFETY: no memory is involved.
    unsafe { open!(ioctl, master.number(), requests::TIOCGPTPEER, flags) }
}

/// Gives a terminal the size of the first of these that has one; whoever is in its foreground gets SIGWINCH, where it is
/// another one than before. Where none has one, or the terminal is gone, nothing changes.
pub fn copy_size(sources: [i32; 3], terminal: i32) {
    let mut size = kernel::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    for source in sources {
        // SAFETY: `size` is valid for a write.
        if unsafe { control(source, requests::TIOCGWINSZ, &raw mut size) }.is_ok() {
            // A terminal that is gone needs no size.
            // SAFETY: `size` is valid for reads.
            let _ = unsafe { control(terminal, requests::TIOCSWINSZ, &raw mut size) };
            return;
        }
    }
}

/// What a terminal does with what passes through it (termios(3)).
#[derive(Clone, Copy)]
pub struct Modes(kernel::termios);

impl Modes {
    /// The same for a terminal that changes nothing and reacts to nothing (cfmakeraw(3)).
    #[must_use]
    pub const fn raw(self) -> Self {
        let Self(mut modes) = self;
        modes.c_iflag &= !(kernel::IGNBRK
            | kernel::BRKINT
            | kernel::PARMRK
            | kernel::ISTRIP
            | kernel::INLCR
            | kernel::IGNCR
            | kernel::ICRNL
            | kernel::IXON);
        modes.c_oflag &= !kernel::OPOST;
        modes.c_lflag &= !(kernel::ECHO | kernel::ECHONL | kernel::ICANON | kernel::ISIG | kernel::IEXTEN);
        modes.c_cflag = (modes.c_cflag & !(kernel::CSIZE | kernel::PARENB)) | kernel::CS8;
        // A read waits for one byte and no longer: VTIME, VMIN.
        let [_, _, _, _, _, time, least, ..] = &mut modes.c_cc;
        (*time, *least) = (0, 1);
        Self(modes)
    }

    /// The same without an echo.
    #[must_use]
    pub const fn silent(self) -> Self {
        let Self(mut modes) = self;
        modes.c_lflag &= !kernel::ECHO;
        Self(modes)
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
pub fn modes(number: i32) -> Result<Modes> {
    // SAFETY: the kernel's structure is plain numbers, for which zero is a value.
    let mut modes = Modes(unsafe { core::mem::zeroed() });
    // SAFETY: `modes` is valid for a write of the kernel's structure.
    unsafe { control(number, requests::TCGETS, &raw mut modes.0) }?;
    Ok(modes)
}

/// Sets the modes, at once: what was written before may be stuck for ever.
///
/// # Errors
/// ENOTTY, EIO. From the background, SIGTTOU must be blocked.
pub fn set_modes(number: i32, modes: &Modes) -> Result<()> {
    // SAFETY: the kernel only reads the structure.
    unsafe { control(number, requests::TCSETS, (&raw const modes.0).cast_mut()) }
}
