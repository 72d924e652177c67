//! At random: signals at any moment. The generator is seeded by the clock and says so where something fails.

use crate::support::{Run, Test, Verdict, Who, each, rounds};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) const TESTS: &[Test] = &[
    each("S6 STOP and CONT of O and I at any moment do no harm", s6_stops),
    each("L5 SIGKILL to O or to I at any moment leaves nothing", l5_kills),
    each("S4 SIGTERM at any moment: all or nothing", s4_terms),
];

/// xorshift64*.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self(u64::try_from(now.as_nanos() & u128::from(u64::MAX)).unwrap() | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    fn pause(&mut self, most: u64) {
        std::thread::sleep(Duration::from_micros(self.below(most)));
    }
}

fn s6_stops(who: Who) -> Verdict {
    let mut random = Random::new();
    let mut sent = 0;
    while sent < rounds(200, 1_000) {
        let script = "i=0; while [ $i -lt 40 ]; do (true &); i=$((i+1)); done; wait; echo over; exit 11";
        let running = Run::script(who, script).spawn();
        for _ in 0..10 {
            random.pause(1_500);
            let target = if random.below(2) == 0 { Some(running.pid()) } else { running.init_now() };
            let Some(target) = target else { continue };
            crate::support::run::send(target, libc::SIGSTOP);
            random.pause(1_500);
            crate::support::run::send(target, libc::SIGCONT);
            sent += 1;
        }
        running.finish().exits(11).prints("over").silent_on_stderr().left_nothing();
    }
    Ok(())
}

fn l5_kills(who: Who) -> Verdict {
    let mut random = Random::new();
    for _ in 0..rounds(100, 2_000) {
        let running = Run::script(who, "setsid sleep 88 & (trap '' TERM HUP; sleep 88) & wait").spawn();
        random.pause(12_000);
        if random.below(2) == 0 {
            running.signal(libc::SIGKILL);
            running.finish().dies_of(libc::SIGKILL).leaves_nothing();
        } else if let Some(init) = running.init_now() {
            crate::support::run::send(init, libc::SIGKILL);
            running.finish().exits(125).left_nothing();
        } else {
            running.signal(libc::SIGKILL);
            running.finish().leaves_nothing();
        }
    }
    Ok(())
}

fn s4_terms(who: Who) -> Verdict {
    let mut random = Random::new();
    for _ in 0..rounds(100, 2_000) {
        let running = Run::inside(who, ["sleep", "88"]).spawn();
        random.pause(8_000);
        running.signal(libc::SIGTERM);
        assert!(running.ended_within(crate::support::DEADLINE), "SIGTERM should have ended it");
        running.finish().dies_of(libc::SIGTERM).left_nothing();
    }
    Ok(())
}
