//! What an init does for life: reaps, passes signals on, keeps the time, and tells how the command ended.

use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::report::Record;
use crate::sys::Result;
use crate::sys::clock::Timer;
use crate::sys::fd::Fd;
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Pid};
use crate::sys::signal::{self, Arrived, Signal};
use crate::sys::terminal;

/// Whom an init looks after.
#[derive(Clone, Copy)]
pub struct Charge {
    /// The process whose end is told.
    pub command: Pid,
    /// Who gets the signals, as kill(2) has it.
    pub target: Pid,
    /// Who is killed in the end, and gets the signals once the command has ended.
    pub everyone: Pid,
}

/// The exit status where the time ran out, as timeout(1) has it.
const TIMED_OUT: u32 = 124;
/// The same where it took SIGKILL.
const KILLED: u32 = 137;

/// Serves until the command has ended, and what it left behind had its time; or until `lifeline` hangs up. On entry all
/// signals that `signals` gives are blocked. Whether the command has ended.
pub fn serve(
    config: &Config,
    mut charge: Charge,
    signals: &Fd,
    lifeline: Waiting,
    tell: &mut dyn FnMut(Record),
) -> core::result::Result<bool, Error> {
    // A constant, so that nothing is told it at run time.
    const INIT: Object = Object::Place(Place::Init);
    let times = &config.process;
    let timer = if times.timeout | times.grace == 0 { None } else { Some(Timer::new().at(Step::SetTimer, INIT)?) };
    let set = |milliseconds| timer.as_ref().map_or(Ok(()), |timer| timer.set(milliseconds)).at(Step::SetTimer, INIT);
    set(times.timeout)?;
    let (mut over, mut late) = (false, None);
    let mut events = [Waiting::to_read(signals), lifeline];
    loop {
        poll::wait(&mut events).at(Step::Wait, INIT)?;
        let [_, lifeline] = &events;
        if lifeline.hung_up() {
            return Ok(false);
        }
        while let Some(arrived) = signal::next(signals).at(Step::Wait, INIT)? {
            if arrived.signal() == signal::CHLD {
                let mut ended = None;
                let others = reap_all(charge.command, config, &mut ended).at(Step::Wait, INIT)?;
                if let Some(status) = ended {
                    tell(late.map_or(Record::Ended(status), Record::TimedOut));
                    over = true;
                    charge.target = charge.everyone;
                    set(times.grace)?;
                    if times.grace != 0 {
                        ask_to_end(charge.target);
                    }
                }
                if over && (times.grace == 0 || !others) {
                    return Ok(true);
                }
            } else if arrived.is_from_timer() {
                if over {
                    return Ok(true);
                }
                if late.replace(TIMED_OUT).is_none() {
                    ask_to_end(charge.target);
                    set(times.kill_after)?;
                } else {
                    late = Some(KILLED);
                    let _ = signal::send_to(charge.everyone, signal::KILL);
                }
            } else if is_for_command(arrived, config) {
                // The command cannot have been reaped yet, so the number is still its own. ESRCH: nobody is left.
                let _ = signal::send_to(charge.target, arrived.signal());
            }
        }
    }
}

/// Whether the command is to get a signal. What the terminal sends to its foreground, the command has already, if it is the
/// command's terminal. Of a hangup, which comes with SIGCONT, it tells the leader of the session alone.
#[inline(never)]
pub fn is_for_command(arrived: Arrived, config: &Config) -> bool {
    let hangup = arrived.signal() == signal::HUP || arrived.signal() == signal::CONT;
    !arrived.is_from_terminal() || config.process.has_own_session() || hangup && terminal::is_session_leader()
}

/// SIGTERM, which who is stopped does not notice before SIGCONT.
fn ask_to_end(target: Pid) {
    for signal in [signal::TERM, signal::CONT] {
        let _ = signal::send_to(target, signal);
    }
}

/// Takes every child that has ended, whoever's it was, and notes how the command did. Whether there are others.
fn reap_all(command: Pid, config: &Config, status: &mut Option<i32>) -> Result<bool> {
    loop {
        match process::reap(None) {
            Ok(Some(ended)) if ended.pid == command => match ended.stopped_by() {
                None => *status = Some(ended.status),
                // SIGSTOP is somebody's will, and SIGCONT will come from there.
                Some(signal) if config.process.group && signal != signal::STOP => {
                    stop_too(command, signal);
                }
                Some(_) => {}
            },
            Ok(Some(_)) => {}
            Ok(None) => return Ok(true),
            Err(Errno::CHILD) => return Ok(false),
            Err(errno) => return Err(errno),
        }
    }
}

/// The terminal has stopped the command, whose group is its own: the job that it is part of stops as well, so that the
/// shell knows, and when that has brought the job to the foreground, the command gets it. Where nothing stops, since there
/// is no such shell, the command goes on, as the kernel would have it.
fn stop_too(group: Pid, signal: Signal) {
    let Ok(terminal) = terminal::controlling() else { return };
    let own = terminal::own_group();
    let in_front = || terminal::foreground_group(&terminal).unwrap_or_default();
    if in_front() != own {
        let _ = signal::send_to(0, signal);
    }
    let front = in_front();
    // 0: a group of another PID namespace, and nobody knows which.
    if front == own && own != 0 {
        let _ = terminal::set_foreground_group(&terminal, group);
    }
    if in_front() == group {
        let _ = signal::send_to(-group, signal::CONT);
    }
    terminal.close();
}
