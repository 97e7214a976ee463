//! What a campaign came to: `summary.json`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ordalia_checker::Verdict;
use ordalia_measure::Figures;
use ordalia_measure::statistics::{bootstrap_median, median};
use serde::{Deserialize, Serialize};

use crate::{Cell, Complaint, Ended, Job, JobResult, Plan, PlanRecord, Worked};

/// The version of the shape of `summary.json`.
pub const SUMMARY_VERSION: u32 = 1;

/// What a campaign came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SUMMARY_VERSION`].
    pub version: u32,
    /// The campaign's name.
    pub name: String,
    /// The worst of all runs; at least unknown where not all were run.
    pub verdict: Verdict,
    /// When it was begun, RFC 3339 in UTC.
    pub started: String,
    /// Whether it came to its end: all was done, or its own rule ended it early.
    pub finished: bool,
    /// Whether it was interrupted, and can be resumed.
    pub interrupted: bool,
    /// Why it ended before all was done, where its own rule says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// What was carried out, and by what.
    pub plan: PlanId,
    /// How many.
    pub totals: Totals,
    /// The cells, in the order of the plan.
    pub cells: Vec<CellSummary>,
    /// The runs that are done, by cell and seed.
    pub runs: Vec<Run>,
}

/// What tells one plan and build from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanId {
    /// [`Plan::checksum`](crate::Plan::checksum).
    pub checksum: String,
    /// The version of Ordalia.
    pub version: String,
    /// The checksum of the executable.
    pub binary: String,
}

/// How many runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Of the plan.
    pub jobs: u64,
    /// Done.
    pub done: u64,
    /// Valid, of those done.
    pub valid: u64,
    /// Unknown, of those done.
    pub unknown: u64,
    /// Invalid, of those done.
    pub invalid: u64,
}

/// What one cell came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellSummary {
    /// The cell itself.
    #[serde(flatten)]
    pub cell: Cell,
    /// Its valid runs.
    pub valid: u64,
    /// Its unknown runs.
    pub unknown: u64,
    /// Its invalid runs.
    pub invalid: u64,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// Figures over its runs, by name; in the units that the names end in.
    pub figures: BTreeMap<String, Spread>,
}

/// What one checker found in the runs of a cell, of one severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The checker.
    pub checker: String,
    /// Unknown or invalid.
    pub verdict: Verdict,
    /// The seeds, ascending.
    pub seeds: Vec<u64>,
    /// How many they are.
    pub count: u64,
    /// The first of them.
    pub first: First,
}

/// The first run in which something was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct First {
    /// Its seed.
    pub seed: u64,
    /// The checker's first reason.
    pub why: String,
    /// The command that repeats it.
    pub repeat: String,
    /// Its folder, relative to the folder of results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// The median of a figure over the runs of a cell, and the interval in which it lies with 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// A run that is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The cell's name.
    pub cell: String,
    /// The seed.
    pub seed: u64,
    /// What it came to.
    #[serde(flatten)]
    pub result: JobResult,
}

impl Summary {
    /// Sums up what was worked off of a plan.
    pub fn of(plan: &Plan, record: &PlanRecord, worked: &Worked) -> Self {
        let cells: Vec<CellSummary> =
            plan.cells.iter().enumerate().map(|(at, cell)| CellSummary::of(at, cell, worked)).collect();
        let jobs = plan.cells.iter().map(|cell| cell.seeds.len() as u64).sum();
        let sum = |count: fn(&CellSummary) -> u64| cells.iter().map(count).sum();
        let (valid, unknown, invalid) = (sum(|c| c.valid), sum(|c| c.unknown), sum(|c| c.invalid));
        let totals = Totals { jobs, done: valid + unknown + invalid, valid, unknown, invalid };
        let runs = worked.done.iter().filter_map(|(job, result)| {
            let cell = plan.cell(*job)?.name.clone();
            Some(Run { cell, seed: job.seed, result: result.clone() })
        });
        Self {
            version: SUMMARY_VERSION,
            name: record.name.clone(),
            verdict: totals.verdict(),
            started: record.started.clone(),
            finished: worked.ended != Ended::Interrupted,
            interrupted: worked.ended == Ended::Interrupted,
            stopped: match &worked.ended {
                Ended::Stopped(why) => Some(why.clone()),
                Ended::OutOfTime => Some("the time was over".to_owned()),
                Ended::All | Ended::Interrupted => None,
            },
            plan: PlanId {
                checksum: record.checksum.clone(),
                version: record.version.clone(),
                binary: record.binary.clone(),
            },
            totals,
            cells,
            runs: runs.collect(),
        }
    }
}

impl Totals {
    /// The worst of what was done; what was not done nobody knows.
    fn verdict(&self) -> Verdict {
        match self {
            Totals { invalid: 1.., .. } => Verdict::Invalid,
            Totals { unknown: 1.., .. } => Verdict::Unknown,
            Totals { jobs, done, .. } if done < jobs => Verdict::Unknown,
            _ => Verdict::Valid,
        }
    }
}

impl CellSummary {
    fn of(at: usize, cell: &Cell, worked: &Worked) -> Self {
        let runs = || worked.done.range(Job { cell: at, seed: 0 }..=Job { cell: at, seed: u64::MAX });
        let count = |verdict| runs().filter(|(_, result)| result.verdict == verdict).count() as u64;
        Self {
            cell: cell.clone(),
            valid: count(Verdict::Valid),
            unknown: count(Verdict::Unknown),
            invalid: count(Verdict::Invalid),
            findings: findings(runs()),
            figures: spreads(runs().filter_map(|(_, result)| result.figures.as_ref())),
        }
    }
}

/// Takes one figure of a run, where it is known.
type Take = fn(&Figures) -> Option<f64>;

/// The figures that are summed up, each with what it is called.
const FIGURES: [(&str, Take); 11] = [
    ("ok_per_s", |f| Some(f.ok_per_s)),
    ("p50_us", |f| f.latency.as_ref().map(|latency| latency.invocation.p50_us)),
    ("p99_us", |f| f.latency.as_ref().map(|latency| latency.invocation.p99_us)),
    ("availability", |f| Some(f.availability)),
    ("unavailable_ms", |f| Some(f.unavailable_ms as f64)),
    ("longest_outage_ms", |f| Some(f.longest_outage_ms as f64)),
    ("recovery_ms", |f| slowest_recovery(f)),
    ("messages_per_op", |f| f.messages_per_op),
    ("bytes_per_op", |f| f.bytes_per_op),
    ("fsyncs_per_op", |f| f.fsyncs_per_op),
    ("elections", |f| f.elections.map(|elections| elections as f64)),
];

/// The slowest recovery of a run after a fault or a heal, in milliseconds; nothing where there was none.
fn slowest_recovery(figures: &Figures) -> Option<f64> {
    figures.after.iter().filter_map(|after| after.recovery_ms).max_by(f64::total_cmp)
}

/// The figures over several runs. The seed of the interval is fixed, so that equal runs have equal summaries.
fn spreads<'a>(runs: impl Iterator<Item = &'a Figures>) -> BTreeMap<String, Spread> {
    let runs: Vec<&Figures> = runs.collect();
    let spread = |figure: Take| {
        let values: Vec<f64> = runs.iter().filter_map(|run| figure(run)).collect();
        let (median, interval) = (median(&values)?, bootstrap_median(&values, 0)?);
        Some(Spread { median, low: interval.low, high: interval.high })
    };
    let named = FIGURES.into_iter().filter_map(|(name, figure)| Some((name.to_owned(), spread(figure)?)));
    named.collect()
}

/// What was found in runs in order of their seeds: by checker and verdict, the worst first.
fn findings<'a>(runs: impl Iterator<Item = (&'a Job, &'a JobResult)>) -> Vec<Finding> {
    let mut found: BTreeMap<(Reverse<Verdict>, &str), Finding> = BTreeMap::new();
    for (job, result) in runs {
        for complaint in &result.complaints {
            let key = (Reverse(complaint.verdict), complaint.checker.as_str());
            let finding = found.entry(key).or_insert_with(|| Finding::first(job.seed, complaint, result));
            finding.seeds.push(job.seed);
            finding.count += 1;
        }
    }
    found.into_values().collect()
}

impl Finding {
    /// A finding without seeds yet, whose first is this.
    fn first(seed: u64, complaint: &Complaint, result: &JobResult) -> Self {
        let first = First {
            seed,
            why: complaint.why.clone(),
            repeat: result.repeat.clone(),
            folder: result.folder.clone(),
        };
        let (checker, verdict) = (complaint.checker.clone(), complaint.verdict);
        Self { checker, verdict, seeds: Vec::new(), count: 0, first }
    }
}
