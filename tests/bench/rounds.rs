//! The rounds: everyone once in each, in an order that is thrown anew every time. Machines drift while they are measured;
//! so only what ran side by side is compared, and medians, not means.

use crate::contenders::{Contender, Kind};
use crate::spawn::{self, Program};
use crate::support::{End, Who};
use std::time::{Duration, Instant};

/// What the kernel still has to clear away after a run goes on in the background; the next one is not to pay for it.
const SETTLE: Duration = Duration::from_millis(2);

/// After this, no new round begins: the whole is to end while somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(100);

/// How often each runs before it counts, at most.
const WARM_UP: usize = 3;

/// Durations of one and the same thing.
#[derive(Clone, Default)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn push(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// In milliseconds. `hundredths` of them are below it.
    pub(crate) fn percentile(&self, hundredths: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let index = (sorted.len().saturating_sub(1) * hundredths + 50) / 100;
        sorted.get(index).map_or(f64::NAN, |duration| duration.as_secs_f64() * 1e3)
    }

    /// In milliseconds.
    pub(crate) fn median(&self) -> f64 {
        self.percentile(50)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// A contender and its times; or why there are none.
pub(crate) struct Timing {
    pub(crate) kind: Kind,
    pub(crate) who: Who,
    pub(crate) label: String,
    pub(crate) is_engine: bool,
    pub(crate) samples: Result<Samples, String>,
}

/// Times everyone who can take part.
pub(crate) fn run(contenders: &[Contender], rounds: usize) -> Vec<Timing> {
    let able: Vec<_> = contenders.iter().filter_map(|contender| contender.program.as_ref().ok()).collect();
    let mut results = interleave(&able, rounds).into_iter();
    let mut timings: Vec<_> = contenders
        .iter()
        .map(|contender| Timing {
            kind: contender.kind,
            who: contender.who,
            label: contender.label.clone(),
            is_engine: contender.is_engine(),
            samples: match &contender.program {
                Ok(_) => results.next().unwrap(),
                Err(reason) => Err(reason.clone()),
            },
        })
        .collect();
    timings.sort_by(|one, other| key(one).total_cmp(&key(other)));
    timings
}

/// Fastest first; without a time, last.
fn key(timing: &Timing) -> f64 {
    timing.samples.as_ref().map_or(f64::INFINITY, Samples::median)
}

/// Times these programs in turn. One that fails once is out, with the reason.
pub(crate) fn interleave(programs: &[&Program], rounds: usize) -> Vec<Result<Samples, String>> {
    let start = Instant::now();
    let mut results = vec![Ok(Samples::default()); programs.len()];
    let mut order: Vec<_> = (0..programs.len()).collect();
    let warm_up = WARM_UP.min(rounds);
    for round in 0..rounds + warm_up {
        if start.elapsed() > PATIENCE {
            eprintln!("bench: this machine is slow; stopping after {round} rounds");
            break;
        }
        fastrand::shuffle(&mut order);
        for &index in &order {
            spawn::stop_where_interrupted();
            let Ok(samples) = &mut results[index] else { continue };
            std::thread::sleep(SETTLE);
            spawn::bury_orphans();
            match programs[index].time() {
                (duration, End::Exit(0)) if round >= warm_up => samples.push(duration),
                (_, End::Exit(0)) => {}
                (_, end) => results[index] = Err(format!("failed in round {round}: {end:?}")),
            }
        }
    }
    results
}

/// The median of one contender; or why there is none.
pub(crate) fn median(timings: &[Timing], kind: Kind, who: Who) -> Result<f64, String> {
    let timing = timings.iter().find(|timing| timing.kind == kind && timing.who == who);
    let timing = timing.ok_or_else(|| format!("{kind:?} was not run as {}", who.label()))?;
    timing.samples.as_ref().map(Samples::median).map_err(|reason| format!("{}: {reason}", timing.label))
}

/// The ratio of the medians of two contenders; or why there is none.
pub(crate) fn ratio(timings: &[Timing], one: (Kind, Who), other: (Kind, Who)) -> Result<f64, String> {
    Ok(median(timings, one.0, one.1)? / median(timings, other.0, other.1)?)
}
