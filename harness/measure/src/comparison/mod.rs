//! Sides held against each other: runs of the same seeds under the same faults, figure by figure.
//!
//! [`compare`] takes runs that were made or stored and refuses those that cannot be compared; what it gives is
//! `compare.json`. The first side is what the others are held against.

mod alike;
mod table;
mod unit;

use ordalia_checker::{TestVerdict, Verdict};
use ordalia_record::{RunInfo, TargetSettings};
use ordalia_schedule::Schedule;
use serde::{Deserialize, Serialize};

use crate::Figures;
use crate::statistics::Difference;

pub use alike::Unlike;
pub use table::{Better, FIGURES, FigureInfo};
pub use unit::Unit;

/// The version of `compare.json`.
pub const COMPARISON_VERSION: u32 = 1;

/// One run of one side, as it goes into a comparison.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The side, by its position.
    pub side: usize,
    /// Its settings.
    pub info: RunInfo,
    /// Its faults.
    pub schedule: Schedule,
    /// What it came to.
    pub verdict: TestVerdict,
    /// How it went.
    pub figures: Figures,
    /// Its folder, as the page and `compare.json` name it.
    pub folder: String,
}

/// Several sides, and how they differ: `compare.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The version of this form, 1.
    pub version: u32,
    /// When it was made, RFC 3339 in UTC.
    pub made: String,
    /// The command that makes it again.
    pub command: String,
    /// The worst verdict of all sides.
    pub verdict: Verdict,
    /// What all runs have in common.
    pub conditions: Conditions,
    /// The sides, the first being the one that the others are held against.
    pub sides: Vec<Side>,
    /// All runs, by seed and then by side.
    pub runs: Vec<ComparedRun>,
    /// The figures of a run as a whole, one row each.
    pub rows: Vec<Row>,
    /// The figures after faults, one row for each kind of fault, mark and figure.
    pub after_faults: Vec<Row>,
    /// What a reader must know: faults that were left out, sides that were skipped.
    pub notes: Vec<String>,
}

/// What all runs of a comparison have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// The workload.
    pub workload: String,
    /// The number of nodes.
    pub nodes: u16,
    /// The number of clients.
    pub concurrency: usize,
    /// Operations a second asked for; `None` for as many as the clients can.
    pub rate: Option<f64>,
    /// The length of the load, in milliseconds.
    pub time_limit_ms: u64,
    /// How long a client waits for an answer, in milliseconds.
    pub client_timeout_ms: u64,
    /// Whether the runs were simulated.
    pub simulated: bool,
    /// The seeds, each with one schedule and one sequence of operations for all sides.
    pub seeds: Vec<u64>,
}

/// One side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// What it was asked for as: `raft-kv --reads lease`.
    pub name: String,
    /// The target with its options.
    pub target: TargetSettings,
    /// The worst verdict of its runs.
    pub verdict: Verdict,
    /// Its runs that are valid.
    pub valid: u64,
    /// Its runs of which nobody can tell.
    pub unknown: u64,
    /// Its runs that are invalid.
    pub invalid: u64,
    /// Why it is not valid: checker and reason, of its worst run; empty where it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedRun {
    /// The side, by its position.
    pub side: usize,
    /// The seed.
    pub seed: u64,
    /// What it came to.
    pub verdict: Verdict,
    /// Checker and first reason of what was held against it, the worst; empty where it is valid.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Its folder, relative to that of `compare.json` where it can be.
    pub folder: String,
    /// The command that repeats it.
    pub repeat: String,
    /// How it went.
    pub figures: Figures,
}

/// One figure of all sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name: `ok_per_s`, `unavailable_ms/kill/start`, …
    pub figure: String,
    /// The name for a reader.
    pub title: String,
    /// What it is counted in.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// Each side's own runs, in the order of the sides.
    pub sides: Vec<Middle>,
    /// How each further side differs from the first, in their order.
    pub differences: Vec<Difference>,
}

/// Where the runs of one side lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Middle {
    /// How many of its runs have the figure.
    pub runs: usize,
    /// The median; `None` where no run has it.
    pub median: Option<f64>,
    /// The least.
    pub least: Option<f64>,
    /// The greatest.
    pub greatest: Option<f64>,
}

/// Holds the runs against each other. `names` are the sides' names, in their order; `made` and `command` are left
/// to the caller.
///
/// # Errors
/// The runs cannot be compared; says which two, and why.
pub fn compare(names: &[String], mut entries: Vec<Entry>) -> Result<Comparison, Unlike> {
    entries.sort_by_key(|entry| (entry.info.seed, entry.side));
    let conditions = alike::conditions(names, &entries)?;
    let sides: Vec<Side> = names.iter().enumerate().map(|(at, name)| side(at, name, &entries)).collect();
    let (rows, after_faults) = table::rows(sides.len(), &entries);
    Ok(Comparison {
        version: COMPARISON_VERSION,
        made: String::new(),
        command: String::new(),
        verdict: sides.iter().map(|side| side.verdict).max().unwrap_or(Verdict::Unknown),
        conditions,
        rows,
        after_faults,
        runs: entries.into_iter().map(compared).collect(),
        sides,
        notes: Vec::new(),
    })
}

fn side(at: usize, name: &str, entries: &[Entry]) -> Side {
    let own: Vec<&Entry> = entries.iter().filter(|entry| entry.side == at).collect();
    let count = |verdict| own.iter().filter(|entry| entry.verdict.valid == verdict).count() as u64;
    let worst = own.iter().rev().max_by_key(|entry| entry.verdict.valid);
    Side {
        name: name.to_owned(),
        target: own.first().map(|entry| entry.info.target.clone()).unwrap_or_default(),
        verdict: worst.map_or(Verdict::Unknown, |entry| entry.verdict.valid),
        valid: count(Verdict::Valid),
        unknown: count(Verdict::Unknown),
        invalid: count(Verdict::Invalid),
        why: worst.map_or_else(|| "it has no run".to_owned(), |entry| why(&entry.verdict)),
    }
}

fn compared(entry: Entry) -> ComparedRun {
    ComparedRun {
        side: entry.side,
        seed: entry.info.seed,
        verdict: entry.verdict.valid,
        why: why(&entry.verdict),
        folder: entry.folder,
        repeat: entry.info.command,
        figures: entry.figures,
    }
}

/// The worst checker with its first reason; nothing where all are satisfied.
fn why(verdict: &TestVerdict) -> String {
    let worst = verdict.checkers.iter().filter(|(_, judged)| judged.valid != Verdict::Valid);
    let worst = worst.max_by_key(|(_, judged)| judged.valid);
    worst.map_or_else(String::new, |(checker, judged)| match judged.reasons.first() {
        Some(reason) => format!("{checker}: {reason}"),
        None => checker.clone(),
    })
}
