//! Ten thousand orphans at once: how long PID 1 takes to bury them, and whether it grows.
//!
//! They are made first, which is the kernel's work, and stand waiting as I's children. What counts begins when all of
//! them are told to end, and is over when none is left, not even as a zombie.

use crate::idle::rollup;
use crate::support::{Run, Who, world};
use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

pub(crate) const COUNT: usize = 10_000;

/// What became of them.
pub(crate) struct Orphans {
    pub(crate) who: Who,
    /// Seconds to the last one's end, and PID 1's private memory before and after, KiB; or why that is not known.
    pub(crate) result: Result<(f64, u64, u64), String>,
}

/// In the root filesystem that has the harness's own executable in it.
pub(crate) fn run() -> Vec<Orphans> {
    Who::all().into_iter().map(|who| Orphans { who, result: one(who) }).collect()
}

fn one(who: Who) -> Result<(f64, u64, u64), String> {
    drop(world().rootfs(who));
    let mut running = Run::probe(who, [COUNT.to_string()]).piped().spawn();
    running.wait_for_output("made\n");
    let init = running.init();
    let memory = || rollup(init, "Private_Dirty");
    let before = memory()?;
    running.write("end\n");
    running.wait_for_output("over\n");
    let after = memory()?;
    let outcome = running.finish();
    let seconds = outcome.text().lines().nth(1).and_then(|line| line.parse().ok());
    Ok((seconds.ok_or_else(|| outcome.text() + &outcome.error_text())?, before, after))
}

/// Inside the container: makes so many orphans, tells them to end, and says how long it was until none was left.
pub(crate) fn probe(words: &[OsString]) -> ExitCode {
    let count: usize = words[0].to_str().unwrap().parse().unwrap();
    let say = |text: &str| {
        println!("{text}");
        std::io::stdout().flush().unwrap();
    };
    let mut ends = [0; 2];
    // SAFETY: there is one thread, and the new processes only make bare system calls.
    unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        let parent = libc::fork();
        if parent == 0 {
            libc::close(ends[1]);
            for _ in 0..count {
                match libc::fork() {
                    0 => {
                        let mut byte = 0_u8;
                        libc::read(ends[0], (&raw mut byte).cast(), 1);
                        libc::_exit(0);
                    }
                    ..0 => libc::_exit(1),
                    _ => {}
                }
            }
            libc::_exit(0);
        }
        let mut status = 0;
        libc::waitpid(parent, &raw mut status, 0);
        if status != 0 {
            eprintln!("cannot make {count} processes here");
            return ExitCode::FAILURE;
        }
    }
    say("made");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let start = Instant::now();
    // SAFETY: the descriptor is this program's own. Signal 0 only asks whether there is anybody but the caller and PID 1.
    unsafe {
        libc::close(ends[1]);
        while libc::kill(-1, 0) == 0 {
            libc::usleep(1_000);
        }
    }
    say(&start.elapsed().as_secs_f64().to_string());
    say("over");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    ExitCode::SUCCESS
}
