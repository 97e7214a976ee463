//! What was run of a cell.

use std::collections::BTreeMap;

use ordalia_campaign::{CellSummary, Finding, JobResult, Mode, Summary};
use ordalia_checker::Verdict;

use crate::figure::Figure;
use crate::noise::BySeed;

/// What was run of one cell of a campaign.
#[derive(Clone, Debug)]
pub struct Ran<'a> {
    /// The cell, and what was found in it.
    pub cell: &'a CellSummary,
    /// What was done, by seed.
    pub runs: BTreeMap<u64, &'a JobResult>,
}

impl<'a> Ran<'a> {
    /// The cells of a campaign with their runs, in the order of its plan.
    pub fn of(summary: &'a Summary) -> Vec<Self> {
        let mut runs: BTreeMap<&str, BTreeMap<u64, &JobResult>> = BTreeMap::new();
        for run in &summary.runs {
            runs.entry(&run.cell).or_default().insert(run.seed, &run.result);
        }
        let cells = summary.cells.iter();
        cells
            .map(|cell| Self { cell, runs: runs.remove(cell.cell.name.as_str()).unwrap_or_default() })
            .collect()
    }

    /// The cell's name.
    pub fn name(&self) -> &'a str {
        &self.cell.cell.name
    }

    /// Whether it is simulated.
    pub fn is_simulated(&self) -> bool {
        self.cell.cell.mode == Mode::Sim
    }

    /// What a checker found, if it did.
    pub fn finding(&self, checker: &str) -> Option<&'a Finding> {
        self.cell.findings.iter().find(|finding| finding.checker == checker)
    }

    /// How many of its runs were not valid.
    pub fn failed(&self) -> u64 {
        self.runs.values().filter(|run| run.verdict != Verdict::Valid).count() as u64
    }

    /// A figure of its runs, by seed.
    pub fn figure(&self, figure: Figure) -> BySeed {
        let of_run =
            |(seed, run): (&u64, &&JobResult)| Some((*seed, vec![figure.of(run.figures.as_ref()?)?]));
        self.runs.iter().filter_map(of_run).collect()
    }
}
