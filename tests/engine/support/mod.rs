//! What the tests and the benchmark share: the world that engine is tried in, the runs, and looking at the host.

pub(crate) mod host;
pub(crate) mod outcome;
pub(crate) mod run;
pub(crate) mod terminal;
pub(crate) mod trial;
pub(crate) mod world;

pub(crate) use outcome::{End, Outcome};
pub(crate) use run::Run;
pub(crate) use terminal::{Terminal, Turn};
pub(crate) use trial::{Skip, Test, Verdict, each, once};
pub(crate) use world::{Who, world};

use std::time::{Duration, Instant};

/// How long anything may take before it counts as a hang. Nothing waits this long unless something is wrong.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// How many times to do what is worth doing often: `soak` with `ENGINE_SOAK=1`.
pub(crate) fn rounds(usual: usize, soak: usize) -> usize {
    if std::env::var_os("ENGINE_SOAK").is_some_and(|value| value == "1") { soak } else { usual }
}

/// Waits until `look` sees it, and returns what it saw; `None` where it does not within `limit`.
pub(crate) fn wait_within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if start.elapsed() > limit {
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until `look` sees it. Fails after [`DEADLINE`], saying what it waited for.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    match wait_within(DEADLINE, look) {
        Some(seen) => seen,
        None => panic!("waited {DEADLINE:?} in vain for {what}"),
    }
}
