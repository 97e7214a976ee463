//! The rows of the table.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Entry, Middle, Row, Unit};
use crate::faults::Mark;
use crate::statistics::{median, paired_difference};
use crate::{AfterFault, Figures, Quantiles};

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// More is.
    Higher,
    /// Less is.
    Lower,
    /// Neither is by itself.
    Neither,
}

/// A figure that a comparison has a row of.
#[derive(Clone, Copy, Debug)]
pub struct FigureInfo {
    /// Its name in `compare.json`.
    pub name: &'static str,
    /// Its name for a reader.
    pub title: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// The figure of a run; `None` if the run has none.
    pub of: fn(&Figures) -> Option<f64>,
}

const fn info(
    name: &'static str,
    title: &'static str,
    unit: Unit,
    better: Better,
    of: fn(&Figures) -> Option<f64>,
) -> FigureInfo {
    FigureInfo { name, title, unit, better, of }
}

fn latency(figures: &Figures, of: fn(&Quantiles) -> f64) -> Option<f64> {
    figures.latency.map(|latency| of(&latency.invocation))
}

/// The median over what followed all starts, or all heals, of a run.
fn recovery(figures: &Figures, mark: Mark) -> Option<f64> {
    let marks = figures.after.iter().filter(|after| after.phase == mark);
    median(&marks.filter_map(|after| after.recovery_ms).collect::<Vec<_>>())
}

use Better::{Higher, Lower, Neither};
use Unit::{BytesPerOperation, Count, Fraction, Microseconds, Milliseconds, PerOperation, PerSecond};

/// The figures of a run as a whole, in the order of the table.
pub const FIGURES: [FigureInfo; 19] = [
    info("ok_per_s", "throughput", PerSecond, Higher, |run| Some(run.ok_per_s)),
    info("p50_us", "p50 latency", Microseconds, Lower, |run| latency(run, |all| all.p50_us)),
    info("p99_us", "p99 latency", Microseconds, Lower, |run| latency(run, |all| all.p99_us)),
    info("p999_us", "p99.9 latency", Microseconds, Lower, |run| latency(run, |all| all.p999_us)),
    info("max_us", "greatest latency", Microseconds, Lower, |run| latency(run, |all| all.max_us)),
    info("intended_p99_us", "p99 from the intended start", Microseconds, Lower, |run| {
        run.latency?.intended.map(|all| all.p99_us)
    }),
    info("availability", "answered", Fraction, Higher, |run| Some(run.availability)),
    info("unavailable_ms", "unavailable in all", Milliseconds, Lower, |run| Some(run.unavailable_ms as f64)),
    info("longest_outage_ms", "longest outage", Milliseconds, Lower, |run| {
        Some(run.longest_outage_ms as f64)
    }),
    info("recovery_start_ms", "answers again after a fault", Milliseconds, Lower, |run| {
        recovery(run, Mark::Start)
    }),
    info("recovery_heal_ms", "answers again after a heal", Milliseconds, Lower, |run| {
        recovery(run, Mark::Heal)
    }),
    info("heal_ms", "whole again at the end", Milliseconds, Lower, |run| run.heal_ms.map(|ms| ms as f64)),
    info("messages_per_op", "messages an operation", PerOperation, Lower, |run| run.messages_per_op),
    info("bytes_per_op", "bytes an operation", BytesPerOperation, Lower, |run| run.bytes_per_op),
    info("fsyncs_per_op", "fsyncs an operation", PerOperation, Lower, |run| run.fsyncs_per_op),
    info("elections", "elections", Count, Neither, |run| run.elections.map(|number| number as f64)),
    info("ok", "ok", Count, Higher, |run| Some(run.ok as f64)),
    info("fail", "fail", Count, Neither, |run| Some(run.fail as f64)),
    info("info", "info (nobody knows)", Count, Lower, |run| Some(run.info as f64)),
];

/// The rows of whole runs, and those after faults.
pub(super) fn rows(sides: usize, entries: &[Entry]) -> (Vec<Row>, Vec<Row>) {
    let whole = FIGURES.iter().map(|figure| {
        let head = (figure.name.to_owned(), figure.title.to_owned(), figure.unit, figure.better);
        row(sides, entries, head, figure.of)
    });
    let kinds: BTreeSet<(&str, Mark)> = entries
        .iter()
        .flat_map(|entry| entry.figures.after.iter().map(|after| (after.kind.as_str(), after.phase)))
        .collect();
    let after = kinds.into_iter().flat_map(|(kind, mark)| after_rows(sides, entries, kind, mark));
    (whole.collect(), after.collect())
}

/// The two rows of what followed one kind of fault, or its heals.
fn after_rows(sides: usize, entries: &[Entry], kind: &str, mark: Mark) -> [Row; 2] {
    let (name, word) = match mark {
        Mark::Start => ("start", "after it began"),
        Mark::Heal => ("heal", "after its heal"),
    };
    let of = |figures: &Figures, value: fn(&AfterFault) -> Option<f64>| {
        let marks = figures.after.iter().filter(|after| after.kind == kind && after.phase == mark);
        marks.filter_map(value).collect::<Vec<f64>>()
    };
    let head = |figure: &str, title: &str| {
        (format!("{figure}/{kind}/{name}"), format!("{kind}: {title} {word}"), Milliseconds, Lower)
    };
    let unavailable = |figures: &Figures| {
        let all = of(figures, |after| Some(after.unavailable_ms));
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    };
    [
        row(sides, entries, head("unavailable_ms", "unavailable"), unavailable),
        row(sides, entries, head("recovery_ms", "answers again"), |figures| {
            median(&of(figures, |after| after.recovery_ms))
        }),
    ]
}

fn row(
    sides: usize,
    entries: &[Entry],
    (figure, title, unit, better): (String, String, Unit, Better),
    of: impl Fn(&Figures) -> Option<f64>,
) -> Row {
    let by_side: Vec<BTreeMap<u64, f64>> = (0..sides)
        .map(|side| {
            let own = entries.iter().filter(|entry| entry.side == side);
            own.filter_map(|entry| Some((entry.info.seed, of(&entry.figures)?))).collect()
        })
        .collect();
    let seed = bootstrap_seed(&figure);
    let difference = |other: &BTreeMap<u64, f64>| {
        let first = by_side.first().into_iter().flatten();
        let pairs = first.filter_map(|(seed, value)| Some((*value, *other.get(seed)?)));
        paired_difference(&pairs.collect::<Vec<_>>(), seed)
    };
    Row {
        differences: by_side.iter().skip(1).map(difference).collect(),
        sides: by_side.iter().map(middle).collect(),
        figure,
        title,
        unit,
        better,
    }
}

fn middle(values: &BTreeMap<u64, f64>) -> Middle {
    let values: Vec<f64> = values.values().copied().collect();
    Middle {
        runs: values.len(),
        median: median(&values),
        least: values.iter().copied().reduce(f64::min),
        greatest: values.iter().copied().reduce(f64::max),
    }
}

/// A seed of its own for each figure, so that no two intervals share their luck (FNV-1a).
fn bootstrap_seed(figure: &str) -> u64 {
    figure.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
