//! What a command leaves behind (`--grace`): it is asked to finish, and has some time for it.

use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::fields;
use crate::sys::Result;
use crate::sys::fd::Fd;
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Pid};
use crate::sys::signal::{self, Signal};
use crate::sys::usage::Usage;

/// Asks everyone to finish, and waits until all have, the time is over (milliseconds), or the `lifeline` ends. What
/// arrives meanwhile is for those who are left. Then who is left is killed: when PID 1 ends, the kernel does that.
///
/// # Errors
/// See poll(2) and wait(2).
pub fn finish(time: u64, signals: &Fd, lifeline: Option<&Fd>) -> core::result::Result<(), Error> {
    await_all(time, signals, lifeline).at(Step::Wait, Object::Place(Place::Remains))
}

fn await_all(time: u64, signals: &Fd, lifeline: Option<&Fd>) -> Result<()> {
    send(signal::TERM);
    // Who is stopped cannot finish.
    send(signal::CONT);
    signal::alarm(time)?;
    let mut in_time = true;
    while in_time && anyone_left()? {
        let mut events = [Waiting::to_read(signals), lifeline.map_or(Waiting::NOTHING, Waiting::for_hangup)];
        poll::wait(&mut events)?;
        let [_, lifeline] = &events;
        in_time = !lifeline.hung_up();
        while let Some(arrived) = signal::next(signals)? {
            if arrived.from_kernel {
                in_time &= arrived.signal != signal::ALRM;
            } else if arrived.signal != signal::CHLD {
                send(arrived.signal);
            }
        }
    }
    while !is_first() && anyone_left()? {
        send(signal::KILL);
        // One of those that have just been killed ends; or there is none any more, which is seen above.
        let _ = process::wait_any();
    }
    Ok(())
}

/// Whether the kernel kills everyone when the caller ends.
fn is_first() -> bool {
    process::own_pid() == 1
}

/// Sends a signal to all that PID 1 sees, or else to the caller's children: theirs become the caller's when they end.
fn send(signal: Signal) {
    if is_first() {
        // A failure means that there is nobody left.
        let _ = signal::send_to(signal::EVERYONE, signal);
        return;
    }
    let children = c"/proc/thread-self/children";
    // Where the kernel does not list them nobody is asked, and nobody is killed either.
    let _ = fields::read(children, &mut |line| {
        while let Some(child) = crate::sys::digits::read(line.field(b' ')) {
            // It cannot have been reaped yet, so the number is still its own.
            let _ = signal::send_to(child as Pid, signal);
        }
        true
    });
}

/// Reaps who has ended; says whether anyone is left.
fn anyone_left() -> Result<bool> {
    loop {
        match process::reap(None, &mut Usage::default()) {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(true),
            Err(Errno::CHILD) => return Ok(false),
            Err(errno) => return Err(errno),
        }
    }
}
