//! What was measured, as a Markdown table that explains itself.

use crate::budgets::{Row, yardstick};
use crate::contenders::Kind;
use crate::peers;
use crate::residents::Resident;
use crate::rounds::Timing;
use crate::support::world::PROJECT;
use crate::weights::{MANY, Scale, Weight};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What goes into the report.
pub(crate) struct Parts<'a> {
    pub(crate) rounds: usize,
    pub(crate) root: &'a str,
    pub(crate) load: &'a str,
    pub(crate) timings: &'a [Timing],
    pub(crate) budgets: &'a [Row],
    pub(crate) residents: &'a [Resident],
    pub(crate) weights: &'a [Weight],
    pub(crate) protections: &'a [String],
}

pub(crate) fn text(parts: &Parts<'_>) -> String {
    let mut text = String::from("# engine beside its peers\n\n");
    write!(
        text,
        "{}. {}. {}, {}. `/bin/true` in {}, {} interleaved rounds in random order,\nwithout a locale (LC_ALL=C) \
         but where a row says otherwise. A default run of engine is protected \
         thus: {}.\n\n",
        date(),
        kernel(),
        cpu(),
        parts.load,
        parts.root,
        parts.rounds,
        parts.protections.join("; "),
    )
    .unwrap();
    text.push_str(&times(parts.timings));
    text.push_str("\n## Budgets\n\n");
    text.push_str(&budgets(parts.budgets));
    text.push_str("\n## Memory\n\n");
    text.push_str(&memory(parts));
    text.push_str("\n## Programs\n\n");
    text.push_str(&programs());
    text
}

fn times(timings: &[Timing]) -> String {
    let yardstick = yardstick(timings);
    let lines = timings.iter().map(|timing| match &timing.samples {
        Ok(samples) => vec![
            timing.label.clone(),
            format!("{:.2}", samples.median()),
            format!("{:.2}–{:.2}", samples.percentile(25), samples.percentile(75)),
            yardstick.as_ref().map_or("—".into(), |yardstick| format!("{:.2}", samples.median() / yardstick)),
            samples.count().to_string(),
        ],
        Err(reason) => vec![timing.label.clone(), format!("not available: {reason}"), "".into(), "".into(), "".into()],
    });
    table(&["", "median ms", "middle half", "× chroot(1)", "runs"], lines)
}

fn budgets(rows: &[Row]) -> String {
    let lines = rows.iter().map(|row| {
        let (measured, met) = match &row.measured {
            Ok((text, true)) => (text.clone(), "yes"),
            Ok((text, false)) => (text.clone(), "**no**"),
            Err(reason) => (format!("not available: {reason}"), "?"),
        };
        vec![row.what.clone(), row.at_most.clone(), measured, met.into()]
    });
    table(&["what", "at most", "measured", "met"], lines)
}

fn memory(parts: &Parts<'_>) -> String {
    let mut lines: Vec<_> = parts
        .residents
        .iter()
        .map(|resident| {
            let held = resident.pss.as_ref().map_or_else(
                |reason| format!("not available: {reason}"),
                |pss| {
                    let each: Vec<_> = pss.iter().map(u64::to_string).collect();
                    format!("{} KiB", each.join(" + "))
                },
            );
            vec![format!("resident (Pss): {}", resident.label), held]
        })
        .collect();
    for weight in parts.weights {
        let name = match weight.kind {
            Kind::Chroot => "chroot(1), the command alone",
            Kind::Engine => "engine",
            _ => "bubblewrap",
        };
        let held = |scale: &Result<Scale, String>| match scale {
            Ok(scale) => {
                let [least, middle, most] = [0, 50, 100].map(|hundredths| scale.percentile(hundredths));
                format!("{middle:.0} KiB ({least:.0} to {most:.0})")
            }
            Err(reason) => format!("not available: {reason}"),
        };
        let scales = [(&weight.held, "Pss"), (&weight.charged, "charged"), (&weight.available, "MemAvailable")];
        for (scale, name_of_scale) in scales {
            let what = format!("one of {MANY} idle, {name_of_scale}: {name}, as {}", weight.who.label());
            lines.push(vec![what, held(scale)]);
        }
    }
    table(&["what", "memory"], lines)
}

fn programs() -> String {
    let lines = peers::installed()
        .into_iter()
        .map(|peer| vec![peer.name.to_owned(), peer.version, format!("{:.0} KiB", peer.size as f64 / 1024.0)]);
    table(&["program", "version", "size of its file"], lines)
}

/// A Markdown table that can also be read as it is.
fn table(head: &[&str], lines: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut rows = vec![head.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>()];
    rows.extend(lines.into_iter().map(|row| row.into_iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>()));
    // A reason is as long as it is; it is not to widen the column of numbers.
    let length = |cell: &String| if cell.starts_with("not available") { 0 } else { cell.chars().count() };
    let widths: Vec<_> =
        (0..head.len()).map(|column| rows.iter().map(|row| length(&row[column])).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            write!(text, "| {cell:width$} ").unwrap();
        }
        text.push_str("|\n");
        if number == 0 {
            text.extend(widths.iter().map(|width| format!("|{}", "-".repeat(width + 2))));
            text.push_str("|\n");
        }
    }
    text
}

fn date() -> String {
    let said = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]).output();
    said.map_or_else(|_| "date unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn kernel() -> String {
    format!("Linux {}", fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim())
}

/// What runs here.
fn cpu() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    format!("{} × {}", processors(), name.unwrap_or(std::env::consts::ARCH))
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How busy the machine is with other things. To be asked before the benchmark makes it busy.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    match text.split(' ').next().and_then(|load| load.parse::<f64>().ok()) {
        Some(load) if load > processors() as f64 / 2.0 => {
            format!("load {load} before: **busy with other things, so these times say little**")
        }
        Some(load) => format!("load {load} before"),
        None => "load unknown".into(),
    }
}

/// Writes the report and the chart; their names, as seen from the project.
pub(crate) fn write(text: &str, chart: &str) -> (&'static str, &'static str) {
    let names = ("bench-results/side_by_side.md", "bench-results/side_by_side.svg");
    let project = Path::new(PROJECT);
    fs::create_dir_all(project.join("bench-results")).unwrap();
    fs::write(project.join(names.0), text).unwrap();
    fs::write(project.join(names.1), chart).unwrap();
    names
}
