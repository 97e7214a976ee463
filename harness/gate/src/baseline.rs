//! The file that a campaign is held against.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ordalia_checker::Verdict;
use ordalia_record::{RecordError, read_json, write_json};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::figure::Figure;
use crate::noise::BySeed;
use crate::ran::Ran;

/// The version of the file that this program writes, and the only one that it reads.
pub const VERSION: u32 = 1;

/// What a campaign came to when it was as it should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// [`VERSION`].
    pub version: u32,
    /// The campaign's file, relative to the baseline's folder.
    pub campaign: String,
    /// The checksum of the campaign's matrix.
    pub plan: String,
    /// The version of Ordalia that wrote it, for a person.
    pub ordalia: String,
    /// The machine that it was measured on: figures of real runs are compared on the same one alone, for another is
    /// faster or slower by more than any noise.
    pub machine: String,
    /// How often real runs were repeated.
    pub repetitions: usize,
    /// What is known of each cell, by its name.
    pub cells: BTreeMap<String, CellBaseline>,
}

/// What is known of one cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CellBaseline {
    /// The findings that are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<KnownFinding>,
    /// How many runs it was measured with.
    pub ran: u64,
    /// How many of them were not valid: where findings are frequent, a limited time is spent first.
    pub failed: u64,
    /// The figures, by seed; repetitions in their order.
    pub figures: BTreeMap<Figure, BySeed>,
}

/// A finding that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownFinding {
    /// The checker that finds it.
    pub checker: String,
    /// What it says: `false` for a violation, `"unknown"` for what it cannot decide.
    pub verdict: Verdict,
    /// Why it is no news.
    pub reason: String,
    /// The seeds that it was found with in every repetition: one of them at least must find it again.
    pub seeds: Vec<u64>,
}

/// Why there is no baseline to hold anything against.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// It cannot be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Another program wrote it.
    #[error(
        "{}: expected a baseline of version {VERSION}, found {found}; write it anew with ordalia gate --update",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// It is of another matrix.
    #[error(
        "{}: expected the baseline of the campaign {campaign} as it stands, found one of another matrix ({found}, and it \
         is {plan}); write it anew with ordalia gate --update",
        path.display()
    )]
    Plan {
        /// The file.
        path: PathBuf,
        /// The campaign.
        campaign: String,
        /// The checksum that the baseline has.
        found: String,
        /// The checksum of the campaign.
        plan: String,
    },
    /// A known finding says nothing.
    #[error("{}: expected a reason why {checker} of {cell:?} is no news, found none", path.display())]
    Reason {
        /// The file.
        path: PathBuf,
        /// The cell.
        cell: String,
        /// The checker.
        checker: String,
    },
}

/// Read before all else, for other versions have other fields.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// It cannot be read, is of another version, or lists a finding without a reason.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let Versioned { version: found } = read_json(path, "a baseline, with its version")?;
        if found != VERSION {
            return Err(BaselineError::Version { path: path.to_owned(), found });
        }
        let baseline: Self = read_json(path, "a baseline")?;
        for (cell, known) in baseline.known() {
            if known.reason.trim().is_empty() {
                let (cell, checker) = (cell.to_owned(), known.checker.clone());
                return Err(BaselineError::Reason { path: path.to_owned(), cell, checker });
            }
        }
        Ok(baseline)
    }

    /// Checks that it is the baseline of this campaign. `path` is told in the error.
    ///
    /// # Errors
    /// It is of another matrix.
    pub fn check_plan(&self, path: &Path, plan: &str) -> Result<(), BaselineError> {
        if self.plan == plan {
            return Ok(());
        }
        let (campaign, found, plan) = (self.campaign.clone(), self.plan.clone(), plan.to_owned());
        Err(BaselineError::Plan { path: path.to_owned(), campaign, found, plan })
    }

    /// Writes it: whole, or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), BaselineError> {
        Ok(write_json(path, self)?)
    }

    /// All known findings with their cells.
    pub fn known(&self) -> impl Iterator<Item = (&str, &KnownFinding)> {
        self.cells.iter().flat_map(|(name, cell)| cell.known.iter().map(move |known| (name.as_str(), known)))
    }
}

impl CellBaseline {
    /// What repetitions of a cell came to. Findings get the reason that `reason` has for their checker; those
    /// that it has none for are left out, and are news again.
    pub fn of(repetitions: &[&Ran<'_>], reason: impl Fn(&str) -> Option<String>) -> Self {
        let mut cell = Self { known: known(repetitions, reason), ..Self::default() };
        for ran in repetitions {
            cell.ran += ran.runs.len() as u64;
            cell.failed += ran.failed();
            for figure in Figure::ALL {
                for (seed, values) in ran.figure(figure) {
                    cell.figures.entry(figure).or_default().entry(seed).or_default().extend(values);
                }
            }
        }
        cell
    }
}

/// The findings of repetitions, with the seeds that showed them every time.
fn known(repetitions: &[&Ran<'_>], reason: impl Fn(&str) -> Option<String>) -> Vec<KnownFinding> {
    let findings = repetitions.iter().flat_map(|ran| &ran.cell.findings);
    let mut worst: BTreeMap<&str, Verdict> = BTreeMap::new();
    for finding in findings {
        let verdict = worst.entry(&finding.checker).or_default();
        *verdict = finding.verdict.max(*verdict);
    }
    let known = worst.into_iter().filter_map(|(checker, verdict)| {
        let seeds = every_time(repetitions, checker);
        Some(KnownFinding { checker: checker.to_owned(), verdict, reason: reason(checker)?, seeds })
    });
    known.collect()
}

/// The seeds with which a checker found something in every repetition.
fn every_time(repetitions: &[&Ran<'_>], checker: &str) -> Vec<u64> {
    let seeds = |ran: &Ran<'_>| ran.finding(checker).map(|finding| finding.seeds.clone()).unwrap_or_default();
    let Some((first, others)) = repetitions.split_first() else { return Vec::new() };
    let others: Vec<Vec<u64>> = others.iter().map(|ran| seeds(ran)).collect();
    seeds(first).into_iter().filter(|seed| others.iter().all(|other| other.contains(seed))).collect()
}

#[cfg(test)]
mod tests;
