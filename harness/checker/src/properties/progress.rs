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

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_history::{Operation, Outcome, fault_windows};

use super::acts::{Acts, Step, end_ns, number, seconds};
use super::findings::{Findings, Place};
use super::wording::listed;
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
            let acts = Acts::of(&history.operations);
            self.check_gaps(&acts, &reached, (healed, end_ns(&history.operations)), &mut findings);
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
    fn check_gaps(
        &self,
        acts: &Acts<'_>,
        reached: &[Reached],
        (healed, end): (u64, u64),
        findings: &mut Findings,
    ) {
        let bound = u64::try_from(self.bound.as_nanos()).unwrap_or(u64::MAX);
        let before = reached.iter().rev().find(|(time, _)| *time <= healed).map(|(_, round)| *round);
        let (mut since, mut last, mut worst) = (healed, before, 0);
        let ends =
            reached.iter().filter(|(time, _)| *time > healed).map(|(time, round)| (*time, Some(*round)));
        for (time, round) in ends.chain([(end, None)]) {
            let gap = time.saturating_sub(since);
            worst = worst.max(gap);
            if gap > bound {
                let stand = standing(acts, since.saturating_add(bound));
                findings.broken_at("stuck", &places(&stand), || {
                    let text = stuck(gap, bound, since, last, round, since == healed);
                    format!("{text}{}", held_up(&stand))
                });
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

/// What a sensor had begun last, and whether it was still at it.
struct Stand<'a> {
    step: Step<'a>,
    is_open: bool,
}

/// Where all sensors stood at that time.
fn standing<'a>(acts: &Acts<'a>, time_ns: u64) -> BTreeMap<&'a str, Stand<'a>> {
    let begun = acts.steps.iter().filter(|step| step.operation.invoked_ns <= time_ns);
    let stand = |step: &Step<'a>| {
        let is_open = step.operation.completed_ns.is_none_or(|ended| ended > time_ns);
        (step.sensor, Stand { step: *step, is_open })
    };
    begun.map(stand).collect()
}

/// What did not go on: the steps that were open, or else the last that there were.
fn places<'a>(stand: &BTreeMap<&'a str, Stand<'a>>) -> Vec<Place<'a>> {
    let any = stand.values().any(|one| one.is_open);
    stand.values().filter(|one| one.is_open || !any).map(|one| one.step.place()).collect()
}

/// `; by then n4, n6 waited in round 8, and n5 did nothing more after round 7`
fn held_up(stand: &BTreeMap<&str, Stand<'_>>) -> String {
    let mut alike: BTreeMap<(u64, &str), Vec<&str>> = BTreeMap::new();
    for (who, one) in stand {
        let what = match (one.is_open, one.step.operation.f.as_str()) {
            (true, "measure") => "measured in",
            (true, "wait") => "waited in",
            (true, _) => "counted its pass in",
            (false, _) => "did nothing more after",
        };
        alike.entry((one.step.round, what)).or_default().push(who);
    }
    let told = alike.iter().rev().map(|((round, what), who)| format!("{} {what} round {round}", listed(who)));
    let told: Vec<String> = told.collect();
    if told.is_empty() { String::new() } else { format!("; by then {}", told.join(", and ")) }
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
