//! What a campaign came to: `summary.json`.

use std::collections::BTreeMap;

use ordalia_checker::Verdict;
use serde::{Deserialize, Serialize};

use crate::{Cell, JobResult};

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

/// What one checker found in the runs of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The checker.
    pub checker: String,
    /// The worst that it came to.
    pub verdict: Verdict,
    /// The seeds with that verdict of this checker, ascending.
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
