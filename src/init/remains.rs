//! What a command leaves behind (`--grace`): it is asked to finish, and has some time for it.

use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::sys::children;
use crate::sys::fd::Fd;
use crate::sys::poll::{self, Waiting};
use crate::sys::signal::{self, Signal};
use crate::sys::time::Deadline;

/// Whom it is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// All that PID 1 sees. When PID 1 ends, the kernel kills them.
    Everyone,
    /// The caller's children, and theirs when they have ended.
    Children,
}

impl Whose {
    fn send(self, signal: Signal) {
        // A failure means that there is nobody left; who is left all the same is seen by the caller.
        let _ = match self {
            Self::Everyone => signal::send_to_all(signal),
            Self::Children => children::each(|child| {
                // It cannot have been reaped yet, so the number is still its own.
                let _ = signal::send_to_child(child, signal);
            }),
        };
    }
}

/// Asks everyone to finish, and waits until all have, the time is over, or the `lifeline` ends. What arrives meanwhile is
/// for those who are left. Without a time, there is nothing to wait for.
///
/// # Errors
/// See poll(2) and wait(2).
pub fn finish(whose: Whose, time: Option<u64>, signals: &Fd, lifeline: Option<&Fd>) -> Result<(), Error> {
    let Some(time) = time else { return Ok(()) };
    let object = Object::Place(Place::Command);
    let deadline = Deadline::after(Some(time));
    whose.send(signal::TERM);
    // Who is stopped cannot finish.
    whose.send(signal::CONT);
    while anyone_left().at(Step::Wait, object)? {
        let lifeline = lifeline.map_or(Waiting::for_nothing(), Waiting::for_hangup);
        let mut events = [Waiting::to_read(signals), lifeline];
        let in_time = poll::wait(&mut events, deadline.left()).at(Step::Wait, object)?;
        let [_, lifeline] = &events;
        if !in_time || lifeline.hung_up() {
            break;
        }
        while let Some(arrived) = signal::next(signals).at(Step::Wait, object)? {
            if arrived.signal != signal::CHLD && !arrived.from_kernel {
                whose.send(arrived.signal);
            }
        }
    }
    if whose == Whose::Children {
        end_children().at(Step::Wait, object)?;
    }
    Ok(())
}

/// Reaps who has ended; says whether anyone is left.
fn anyone_left() -> crate::sys::Result<bool> {
    loop {
        match children::reap(None) {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(true),
            Err(Errno::CHILD) => return Ok(false),
            Err(errno) => return Err(errno),
        }
    }
}

/// Kills the caller's children and the orphans that this makes its children, until there are none.
fn end_children() -> crate::sys::Result<()> {
    while anyone_left()? {
        Whose::Children.send(signal::KILL);
        // One of those that have just been killed ends.
        match children::wait_for_any() {
            Ok(()) => {}
            Err(Errno::CHILD) => return Ok(()),
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
