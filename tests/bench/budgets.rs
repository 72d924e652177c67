//! The project's budgets, each with what was measured for it. A miss is a row like any other.

use crate::contenders::Kind;
use crate::exit_latency::Latency;
use crate::host_load::{Load, Loaded};
use crate::idle::{Idle, WATCHED};
use crate::orphans::{COUNT, Orphans};
use crate::rounds::{Samples, Timing, median, ratio};
use crate::support::{Who, world};
use crate::weights::{MANY, Scale, Weight};

const BINARY_KIB: f64 = 64.0;
const PRIVATE_DIRTY_KIB: u64 = 12;
const CONTAINER_KIB: f64 = 64.0;
const EXIT_LATENCY_MS: f64 = 0.1;
const ORPHANS_SECONDS: f64 = 1.0;

/// At most so many times what another takes.
struct Ratio {
    what: &'static str,
    kind: Kind,
    yardstick: Kind,
    at_most: f64,
}

/// The yardstick of all: chroot(1), by root; see `contenders` for why it is there twice. Others are run by the same user.
const RATIOS: &[(Who, Ratio)] = &[
    (Who::User, chroot(1.1)),
    (Who::Root, chroot(1.3)),
    (Who::User, chroot_with_locale(1.1)),
    (Who::Root, chroot_with_locale(1.3)),
    (Who::User, SHARE_NET),
    (Who::Root, SHARE_NET),
    (Who::User, NET_NONE),
    (Who::Root, NET_NONE),
];

const fn chroot(at_most: f64) -> Ratio {
    Ratio { what: "default run ÷ chroot(1) by root, no locale", kind: Kind::Engine, yardstick: Kind::Chroot, at_most }
}

const fn chroot_with_locale(at_most: f64) -> Ratio {
    let what = "default run ÷ chroot(1) by root, LANG=C.UTF-8";
    Ratio { what, kind: Kind::EngineLocale, yardstick: Kind::ChrootLocale, at_most }
}

const SHARE_NET: Ratio = Ratio {
    what: "default run ÷ bubblewrap --unshare-all --share-net",
    kind: Kind::Engine,
    yardstick: Kind::BubblewrapShareNet,
    at_most: 0.5,
};

const NET_NONE: Ratio = Ratio {
    what: "--net none ÷ bubblewrap --unshare-all",
    kind: Kind::EngineNetNone,
    yardstick: Kind::BubblewrapAll,
    at_most: 0.65,
};

/// All that was measured.
pub(crate) struct Measured<'a> {
    pub(crate) timings: &'a [Timing],
    pub(crate) loads: &'a [Loaded],
    pub(crate) latencies: &'a [Latency],
    pub(crate) idle: &'a [Idle],
    pub(crate) weights: &'a [Weight],
    pub(crate) orphans: &'a [Orphans],
}

/// A row of the table of budgets.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) at_most: String,
    /// What was measured, and whether it is within the budget; or why there is nothing.
    pub(crate) measured: Result<(String, bool), String>,
}

fn row(what: impl Into<String>, at_most: impl Into<String>, measured: Result<(String, bool), String>) -> Row {
    Row { what: what.into(), at_most: at_most.into(), measured }
}

/// Every budget.
pub(crate) fn rows(measured: &Measured<'_>) -> Vec<Row> {
    let mut rows = vec![binary()];
    rows.extend(ratios(measured.timings));
    for idle in measured.idle {
        rows.extend(processes(idle));
    }
    let engines = measured.weights.iter().filter(|weight| weight.kind == Kind::Engine);
    rows.extend(engines.flat_map(|one| weight(one, measured.weights)));
    rows.extend(measured.latencies.iter().map(latency));
    rows.extend(measured.orphans.iter().map(orphans));
    for load in [Load::Mounts, Load::Processes] {
        rows.extend(Who::all().into_iter().map(|who| host_load(load, who, measured.loads)));
    }
    rows
}

fn binary() -> Row {
    let kib = std::fs::metadata(world().engine()).unwrap().len() as f64 / 1024.0;
    row("the binary", format!("{BINARY_KIB} KiB"), Ok((format!("{kib:.1} KiB"), kib <= BINARY_KIB)))
}

fn ratios(timings: &[Timing]) -> impl Iterator<Item = Row> {
    RATIOS.iter().map(|(who, Ratio { what, kind, yardstick, at_most })| {
        let other = if matches!(yardstick, Kind::Chroot | Kind::ChrootLocale) { Who::Root } else { *who };
        let measured = ratio(timings, (*kind, *who), (*yardstick, other));
        let measured = measured.map(|ratio| (format!("{ratio:.2} ×"), ratio <= *at_most));
        row(format!("{what}, as {}", who.label()), format!("{at_most} ×"), measured)
    })
}

/// What O and I of an idle container hold, and whether they wake up.
fn processes(idle: &Idle) -> [Row; 2] {
    let who = idle.who.label();
    let list = |text: &dyn Fn(&crate::idle::Member) -> String, fine: &dyn Fn(&crate::idle::Member) -> bool| {
        idle.processes.as_ref().map_err(String::clone).map(|members| {
            let texts: Vec<_> = members.iter().map(|member| format!("{} {}", member.name, text(member))).collect();
            (texts.join(", "), members.iter().all(fine))
        })
    };
    [
        row(
            format!("private dirty memory of O and I, which share theirs, idle, as {who}"),
            format!("2 × {PRIVATE_DIRTY_KIB} KiB"),
            // Each shows all of it, so the largest is what there is.
            idle.processes.as_ref().map_err(String::clone).map(|members| {
                let dirty = members.iter().map(|member| member.dirty).max().unwrap_or_default();
                (format!("{dirty} KiB"), dirty <= 2 * PRIVATE_DIRTY_KIB)
            }),
        ),
        row(
            format!("wake-ups in {} s idle, as {who}", WATCHED.as_secs()),
            "0",
            list(&|member| member.switches.to_string(), &|member| member.switches == 0),
        ),
    ]
}

/// What its processes hold, which is engine's doing; and with what the kernel charges for them, which mostly is not.
fn weight(weight: &Weight, all: &[Weight]) -> [Row; 2] {
    let command = all.iter().find(|weight| weight.kind == Kind::Chroot).unwrap();
    let middle = |scale: &Result<Scale, String>| scale.clone().map(|scale| scale.percentile(50));
    let verdict = |cost: f64| (format!("{cost:.0} KiB"), cost <= CONTAINER_KIB);
    let charged = middle(&weight.charged).and_then(|charged| Ok(verdict(charged - middle(&command.charged)?)));
    let what = format!("an idle container beyond its command ({MANY} at once), as {}", weight.who.label());
    let at_most = || format!("{CONTAINER_KIB} KiB");
    [
        row(format!("{what}: what its processes hold"), at_most(), middle(&weight.held).map(verdict)),
        row(format!("{what}: with the kernel's own"), at_most(), charged),
    ]
}

fn latency(latency: &Latency) -> Row {
    let measured = latency.samples.as_ref().map_err(String::clone).map(|(whole, kernel)| {
        let own = whole.median() - kernel.median();
        let text = format!("{own:.3} ms ({:.3} − {:.3})", whole.median(), kernel.median());
        (text, own <= EXIT_LATENCY_MS)
    });
    let what = format!("command ends → engine returns, beyond the kernel's teardown, as {}", latency.who.label());
    row(what, format!("{EXIT_LATENCY_MS} ms"), measured)
}

fn orphans(orphans: &Orphans) -> Row {
    let measured = orphans.result.as_ref().map_err(String::clone).map(|(seconds, before, after)| {
        (format!("{seconds:.2} s, PID 1 {before} → {after} KiB"), *seconds <= ORPHANS_SECONDS && after <= before)
    });
    let what = format!("{COUNT} orphans end and are reaped, as {}", orphans.who.label());
    row(what, format!("{ORPHANS_SECONDS} s, no memory growth"), measured)
}

/// What a load of the host adds to a run, against what it adds to bubblewrap's.
fn host_load(load: Load, who: Who, loads: &[Loaded]) -> Row {
    let median = |load, kind| {
        let loaded = loads.iter().find(|it| it.load == load && it.kind == kind && it.who == who).unwrap();
        loaded.samples.as_ref().map(Samples::median).map_err(|reason| format!("{kind:?}: {reason}"))
    };
    let added = |kind| -> Result<f64, String> { Ok(median(load, kind)? - median(Load::None, kind)?) };
    let measured = added(Kind::Engine).and_then(|own| {
        let other = added(Kind::BubblewrapShareNet)?;
        Ok((format!("{own:+.2} ms against {other:+.2} ms"), own <= other))
    });
    row(format!("{} add, as {}", load.label(), who.label()), "what they add to bubblewrap", measured)
}

/// The yardstick, in milliseconds.
pub(crate) fn yardstick(timings: &[Timing]) -> Result<f64, String> {
    median(timings, Kind::Chroot, Who::Root)
}
