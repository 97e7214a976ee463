//! A campaign held against its baseline.

use std::collections::BTreeMap;

use ordalia_campaign::{Finding, Summary};
use ordalia_checker::Verdict;

use crate::baseline::{Baseline, CellBaseline, KnownFinding};
use crate::figure::Figure;
use crate::noise::{self, Held, Worsening};
use crate::ran::Ran;

/// Something that speaks against landing a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Concern {
    /// A checker found what is not known, or found worse.
    News {
        /// The cell.
        cell: String,
        /// What was found.
        finding: Finding,
        /// How many runs of the cell there were.
        runs: usize,
    },
    /// A figure is worse by more than noise.
    Worse {
        /// The cell.
        cell: String,
        /// The figure.
        figure: Figure,
        /// Before and now.
        worsening: Worsening,
    },
    /// A known finding was not found again, though a seed that had always shown it was run.
    Vanished {
        /// The cell.
        cell: String,
        /// The checker that found it.
        checker: String,
        /// Why it was no news.
        reason: String,
        /// How many runs of the cell there were.
        runs: usize,
    },
    /// No run of a cell was done: the time allowed was too short, or the campaign was interrupted.
    Untried {
        /// The cell.
        cell: String,
    },
}

impl Concern {
    /// What it does to the verdict. A finding that vanished or a cell that was not tried leaves it open whether the
    /// checks would have found anything.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::News { finding, .. } => finding.verdict,
            Self::Worse { .. } => Verdict::Invalid,
            Self::Vanished { .. } | Self::Untried { .. } => Verdict::Unknown,
        }
    }

    /// The cell.
    pub fn cell(&self) -> &str {
        match self {
            Self::News { cell, .. }
            | Self::Worse { cell, .. }
            | Self::Vanished { cell, .. }
            | Self::Untried { cell } => cell,
        }
    }
}

/// A known finding that was found again.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownFound {
    /// The cell.
    pub cell: String,
    /// The checker.
    pub checker: String,
    /// Why it is no news.
    pub reason: String,
}

/// What a comparison of a campaign with its baseline came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Examination {
    /// What speaks against the change, the worst first.
    pub concerns: Vec<Concern>,
    /// The known findings that were found again.
    pub known: Vec<KnownFound>,
    /// What was not compared, and why.
    pub notes: Vec<String>,
    /// The cells that were tried, in order.
    pub cells: Vec<String>,
    /// How many figures were compared.
    pub compared: usize,
    /// How many runs were done.
    pub done: u64,
    /// How many runs the campaign has.
    pub planned: u64,
}

impl Examination {
    /// The worst that speaks against the change.
    pub fn verdict(&self) -> Verdict {
        self.concerns.iter().map(Concern::verdict).max().unwrap_or_default()
    }
}

/// Holds what was run on that machine against the baseline; `None` for a machine that counts as the baseline's.
pub fn examine(summary: &Summary, baseline: &Baseline, machine: Option<&str>) -> Examination {
    let mut found =
        Examination { done: summary.totals.done, planned: summary.totals.jobs, ..Examination::default() };
    let same_machine = machine.is_none_or(|machine| machine == baseline.machine);
    for ran in Ran::of(summary) {
        // A cell without a baseline has no known findings and no figures to compare.
        let nothing = CellBaseline::default();
        let known = baseline.cells.get(ran.name()).unwrap_or(&nothing);
        found.cell(&ran, known, same_machine);
    }
    if !same_machine {
        found.notes.push(format!(
            "figures of real runs were not compared: the baseline is of another machine, {}",
            baseline.machine
        ));
    }
    found.concerns.sort_by_key(|concern| std::cmp::Reverse(concern.verdict()));
    found
}

impl Examination {
    fn cell(&mut self, ran: &Ran<'_>, known: &CellBaseline, same_machine: bool) {
        let cell = ran.name().to_owned();
        if ran.runs.is_empty() {
            return self.concerns.push(Concern::Untried { cell });
        }
        self.cells.push(cell.clone());
        let listed: BTreeMap<&str, &KnownFinding> =
            known.known.iter().map(|known| (known.checker.as_str(), known)).collect();
        for finding in &ran.cell.findings {
            match listed.get(finding.checker.as_str()) {
                Some(known) if finding.verdict <= known.verdict => {
                    let (checker, reason) = (known.checker.clone(), known.reason.clone());
                    self.known.push(KnownFound { cell: cell.clone(), checker, reason });
                }
                _ => {
                    let (finding, runs) = (finding.clone(), ran.runs.len());
                    self.concerns.push(Concern::News { cell: cell.clone(), finding, runs });
                }
            }
        }
        listed.values().filter(|known| vanished(ran, known)).for_each(|known| {
            let (checker, reason) = (known.checker.clone(), known.reason.clone());
            let cell = cell.clone();
            self.concerns.push(Concern::Vanished { cell, checker, reason, runs: ran.runs.len() });
        });
        if ran.is_simulated() || same_machine {
            Figure::ALL.into_iter().for_each(|figure| self.figure(ran, known, figure));
        }
    }

    fn figure(&mut self, ran: &Ran<'_>, known: &CellBaseline, figure: Figure) {
        let Some(before) = known.figures.get(&figure) else { return };
        let now = ran.figure(figure);
        let hold = if ran.is_simulated() { noise::simulated } else { noise::real };
        let cell = ran.name().to_owned();
        match hold(figure, before, &now) {
            Held::Within => self.compared += 1,
            Held::Worse(worsening) => {
                self.compared += 1;
                self.concerns.push(Concern::Worse { cell, figure, worsening });
            }
            Held::Untold(why) => {
                self.notes.push(format!("{} of {cell} was not compared: {why}", figure.name()))
            }
        }
    }
}

/// Whether a known violation should have been found, and was not. What could not be decided and now can be is no loss.
fn vanished(ran: &Ran<'_>, known: &KnownFinding) -> bool {
    known.verdict == Verdict::Invalid
        && ran.finding(&known.checker).is_none()
        && known.seeds.iter().any(|seed| ran.runs.contains_key(seed))
}

#[cfg(test)]
mod tests;
