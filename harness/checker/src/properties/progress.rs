//! `progress`: rounds go on once nothing is broken any more.
//!
//! Source: liveness after a heal, as in TigerBeetle's `vopr`: safety under faults, then a whole system must move.
//!
//! Assumes the acts `wait` and `release`, and that all faults are in the history. A round is reached when a release of it
//! or a pass through it is ok and no later round was before. After the last heal, or from the first act where there was no
//! fault, no span without a newly reached round is longer than the bound, up to the last sign of the test. Without it a
//! barrier is safe because nobody passes.
//!
//! The bound must exceed the longest round, with its sampling period and the session time-out after which a dead
//! sensor is given up. Too short a time after the last heal, a fault that was never healed, and too few rounds
//! are unknown.

use std::time::Duration;

use ordalia_history::{Operation, Outcome, fault_windows};

use super::acts::{end_ns, number, seconds};
use super::findings::Findings;
use crate::{Budget, Checker, History, Judgement};

/// Checks that rounds go on.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The longest time without a new round when all is whole.
    pub bound: Duration,
    /// So many rounds must have been reached in all for the test to prove anything.
    pub min_rounds: usize,
}

impl Default for Progress {
    /// Ten seconds, and five rounds.
    fn default() -> Self {
        Self { bound: Duration::from_secs(10), min_rounds: 5 }
    }
}

/// When a round was reached.
type Reached = (u64, u64);

impl Checker for Progress {
    fn name(&self) -> &str {
        "progress"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["stuck"]);
        let reached = reached(&history.operations);
        let faults = fault_windows(&history.events);
        let unhealed = faults.iter().find(|fault| fault.end_ns.is_none());
        let begin = history.operations.first().map_or(0, |first| first.invoked_ns);
        let healed = faults.iter().filter_map(|fault| fault.end_ns).max().unwrap_or(begin).max(begin);
        if reached.len() < self.min_rounds {
            let (count, least) = (reached.len(), self.min_rounds);
            findings.unknown("too_few", || format!("{count} rounds were reached; expected at least {least}"));
        }
        if let Some(fault) = unhealed {
            findings
                .unknown("unhealed", || format!("the fault {} {} was never healed", fault.kind, fault.label));
        } else {
            self.check_gaps(&reached, healed, end_ns(&history.operations), &mut findings);
        }
        findings.detail("rounds", reached.len());
        findings.conclude()
    }
}

/// The newly reached rounds, by time.
fn reached(operations: &[Operation]) -> Vec<Reached> {
    let done = operations
        .iter()
        .filter(|one| matches!(one.f.as_str(), "release" | "wait") && one.outcome == Outcome::Ok);
    let mut all: Vec<Reached> =
        done.filter_map(|one| Some((one.completed_ns?, number(one, "round")?))).collect();
    all.sort_unstable();
    let mut highest = None;
    all.retain(|(_, round)| {
        let new = highest.is_none_or(|highest| *round > highest);
        if new {
            highest = Some(*round);
        }
        new
    });
    all
}

impl Progress {
    fn check_gaps(&self, reached: &[Reached], healed: u64, end: u64, findings: &mut Findings) {
        let bound = u64::try_from(self.bound.as_nanos()).unwrap_or(u64::MAX);
        let before = reached.iter().rev().find(|(time, _)| *time <= healed).map(|(_, round)| *round);
        let (mut since, mut last, mut worst) = (healed, before, 0);
        let ends =
            reached.iter().filter(|(time, _)| *time > healed).map(|(time, round)| (*time, Some(*round)));
        for (time, round) in ends.chain([(end, None)]) {
            let gap = time.saturating_sub(since);
            worst = worst.max(gap);
            if gap > bound {
                findings.broken("stuck", || stuck(gap, bound, since, last, round, since == healed));
            }
            (since, last) = (time.max(since), round.or(last));
        }
        let moved = reached.iter().any(|(time, _)| *time > healed);
        if !moved && worst <= bound {
            let span = seconds(end.saturating_sub(healed));
            findings.unknown("short", || {
                format!("no round was reached after the last heal, but only {span} were left; expected at least {}", seconds(bound))
            });
        }
        findings.detail("longest_gap_ns", worst);
    }
}

fn stuck(gap: u64, bound: u64, since: u64, last: Option<u64>, next: Option<u64>, healed: bool) -> String {
    let from = match (healed, last) {
        (true, _) => format!("after all was whole at {}", seconds(since)),
        (false, Some(round)) => format!("after round {round} at {}", seconds(since)),
        (false, None) => format!("after {}", seconds(since)),
    };
    let until = next.map_or("when the test ended".to_owned(), |round| format!("until round {round}"));
    format!(
        "no round was reached for {} {from}, {until}; expected one within {}",
        seconds(gap),
        seconds(bound)
    )
}
