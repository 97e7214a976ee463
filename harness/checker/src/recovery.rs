//! How soon after a fault was healed did the system answer again?

use std::time::Duration;

use ordalia_history::{FaultWindow, Operation, fault_windows};
use serde::Serialize;

use crate::answer::{is_answered, seconds};
use crate::{Budget, Checker, History, Judgement, Verdict};

/// Measures the time from each heal to the next answer to an operation that was *invoked after the
/// heal*. Where faults overlap, the time counts from when none is in force.
///
/// A system that never answers again after the last heal is invalid, if clients tried for long enough;
/// if they did not, the verdict is unknown.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// How long clients must have tried in vain.
    pub bound: Duration,
}

impl Default for Recovery {
    /// Ten seconds.
    fn default() -> Self {
        Self { bound: Duration::from_secs(10) }
    }
}

/// The recovery from one fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultRecovery {
    /// The fault's number in its schedule.
    pub fault: u64,
    /// The kind: `kill`, `partition`, …
    pub kind: String,
    /// For a person.
    pub label: String,
    /// When the fault was healed, in nanoseconds since the start of the load, as all times here.
    pub healed_ns: Option<u64>,
    /// When no fault was in force any more.
    pub clear_ns: Option<u64>,
    /// When the first answer came.
    pub first_ok_ns: Option<u64>,
    /// The time between the two.
    pub recovery_ns: Option<u64>,
    /// The fault that began before there was an answer, so that nothing was measured.
    pub interrupted_by: Option<u64>,
}

impl Checker for Recovery {
    fn name(&self) -> &str {
        "recovery"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let faults = fault_windows(&history.events);
        let operations = history.of_clients();
        let answers = Answers::new(&operations);
        let recoveries = recoveries(&faults, &answers);
        let mut judgement = Judgement::new(Verdict::Valid);
        self.judge_the_end(&faults, &operations, &answers, &mut judgement);
        judgement.detail("worst_ns", recoveries.iter().filter_map(|recovery| recovery.recovery_ns).max());
        judgement.detail("recoveries", recoveries);
        judgement
    }
}

impl Recovery {
    /// Whether the system came back after the last heal.
    fn judge_the_end(
        &self,
        faults: &[FaultWindow],
        operations: &[Operation],
        answers: &Answers,
        judgement: &mut Judgement,
    ) {
        if let Some(fault) = faults.iter().find(|fault| fault.end_ns.is_none()) {
            judgement.because(Verdict::Unknown, format!("the fault {} was never healed", name(fault)));
            return;
        }
        let Some(last) = faults.iter().max_by_key(|fault| fault.end_ns) else { return };
        let healed = last.end_ns.unwrap_or(u64::MAX);
        if answers.first_from(healed).is_some() {
            return;
        }
        let tried_ns = tried_ns(operations, healed);
        let (fault, tried) = (name(last), seconds(tried_ns));
        if u128::from(tried_ns) >= self.bound.as_nanos() {
            let reason = format!(
                "the system did not recover: no operation was answered in the {tried} after {fault} was healed"
            );
            judgement.because(Verdict::Invalid, reason);
        } else {
            let bound = self.bound;
            let reason = format!(
                "no operation was answered after {fault} was healed, but clients tried for {tried} only; expected {bound:?}"
            );
            judgement.because(Verdict::Unknown, reason);
        }
    }
}

fn name(fault: &FaultWindow) -> &str {
    if fault.label.is_empty() { &fault.kind } else { &fault.label }
}

/// How long clients tried, from the first invocation after the heal to the last sign of any of them.
fn tried_ns(operations: &[Operation], healed_ns: u64) -> u64 {
    let after = || operations.iter().filter(|operation| operation.invoked_ns >= healed_ns);
    let first = after().map(|operation| operation.invoked_ns).min();
    let last = after().map(|operation| operation.completed_ns.unwrap_or(operation.invoked_ns)).max();
    first.zip(last).map_or(0, |(first, last)| last.saturating_sub(first))
}

/// The recovery from each fault, in the order of the faults, which is that of their start.
pub fn recoveries(faults: &[FaultWindow], answers: &Answers) -> Vec<FaultRecovery> {
    faults.iter().map(|fault| measure(fault, faults, answers)).collect()
}

fn measure(fault: &FaultWindow, faults: &[FaultWindow], answers: &Answers) -> FaultRecovery {
    let clear_ns = fault.end_ns.and_then(|end| clear_from(end, faults));
    let first_ok_ns = clear_ns.and_then(|clear| answers.first_from(clear));
    let next = |clear: u64| {
        faults.iter().filter(move |other| other.start_ns >= clear).min_by_key(|other| other.start_ns)
    };
    let interrupted_by = clear_ns
        .and_then(next)
        .filter(|next| first_ok_ns.is_none_or(|first| first > next.start_ns))
        .map(|next| next.fault);
    let first_ok_ns = first_ok_ns.filter(|_| interrupted_by.is_none());
    FaultRecovery {
        fault: fault.fault,
        kind: fault.kind.clone(),
        label: fault.label.clone(),
        healed_ns: fault.end_ns,
        clear_ns,
        first_ok_ns,
        recovery_ns: first_ok_ns.zip(clear_ns).map(|(first, clear)| first - clear),
        interrupted_by,
    }
}

/// The first time from there on at which no fault is in force; `None` if there is none. Faults come in
/// order of their start.
fn clear_from(time: u64, faults: &[FaultWindow]) -> Option<u64> {
    let mut clear = time;
    for fault in faults {
        if fault.start_ns < clear && fault.end_ns.is_none_or(|end| end > clear) {
            clear = fault.end_ns?;
        }
    }
    Some(clear)
}

/// The answered operations, by invocation, each with the earliest answer to it or to a later one.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    by_invocation: Vec<(u64, u64)>,
}

impl Answers {
    /// Those among these operations.
    pub fn new(operations: &[Operation]) -> Self {
        let answered = operations.iter().filter(|operation| is_answered(operation));
        let mut by_invocation: Vec<(u64, u64)> =
            answered.filter_map(|operation| Some((operation.invoked_ns, operation.completed_ns?))).collect();
        by_invocation.sort_unstable();
        for at in (1..by_invocation.len()).rev() {
            by_invocation[at - 1].1 = by_invocation[at - 1].1.min(by_invocation[at].1);
        }
        Self { by_invocation }
    }

    /// When an operation invoked at that time or later was first answered; `None` if none was.
    pub fn first_from(&self, time: u64) -> Option<u64> {
        let at = self.by_invocation.partition_point(|(invoked, _)| *invoked < time);
        self.by_invocation.get(at).map(|(_, answered)| *answered)
    }
}
