//! How much of the time did the system answer?
//!
//! Loss of availability under faults breaks no promise of a consistent system, so the verdict is never
//! invalid. It is unknown where nothing was ever answered.

use std::time::Duration;

use ordalia_history::{FaultWindow, Operation, Outcome, fault_windows};
use serde::Serialize;

use crate::answer::is_answered;
use crate::{Budget, Checker, History, Judgement, Verdict};

/// Measures the fraction of operations that were ok, and the gaps in which clients waited and none was
/// answered. A refusal for the object's state is an answer.
#[derive(Clone, Copy, Debug)]
pub struct Availability {
    /// The least length of a gap.
    pub min_gap: Duration,
}

impl Default for Availability {
    /// Gaps of half a second and more.
    fn default() -> Self {
        Self { min_gap: Duration::from_millis(500) }
    }
}

/// A span in which some client waited and none was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// When somebody began to wait, or the last answer before it, in nanoseconds since the start of the load.
    pub start_ns: u64,
    /// When the next answer came, or the last sign of any client.
    pub end_ns: u64,
    /// The faults in force at some time in the gap, by number.
    pub during_faults: Vec<u64>,
}

impl Gap {
    /// Its length, in nanoseconds.
    pub fn length_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }
}

impl Checker for Availability {
    fn name(&self) -> &str {
        "availability"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut judgement = Judgement::new(Verdict::Valid);
        let operations = &*history.of_clients();
        let answered = operations.iter().filter(|operation| is_answered(operation)).count();
        let ok = operations.iter().filter(|operation| operation.outcome == Outcome::Ok).count();
        if answered == 0 {
            judgement
                .because(Verdict::Unknown, format!("none of {} operations was answered", operations.len()));
        }
        let faults = fault_windows(&history.events);
        let gaps = gaps(operations, &faults, self.min_gap);
        let min_gap_ns = nanoseconds(self.min_gap);
        let length = Gap::length_ns;
        let calm = gaps.iter().filter(|gap| gap.during_faults.is_empty());
        judgement.detail("ok_fraction", fraction(ok, operations.len()));
        judgement.detail("answered_fraction", fraction(answered, operations.len()));
        judgement.detail("min_gap_ns", min_gap_ns);
        judgement.detail("longest_gap_ns", gaps.iter().map(length).max().unwrap_or(0));
        judgement.detail("unavailable_ns", gaps.iter().map(length).sum::<u64>());
        judgement.detail("unavailable_without_fault_ns", calm.map(length).sum::<u64>());
        judgement.detail("gaps", gaps);
        judgement
    }
}

/// The part of the whole; `None` of nothing.
fn fraction(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn overlaps(fault: &FaultWindow, gap: &Gap) -> bool {
    fault.start_ns < gap.end_ns && fault.end_ns.is_none_or(|end| end > gap.start_ns)
}

/// What can happen to those who wait. At equal times answers count first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Answered,
    GaveUp,
    Invoked,
}

fn nanoseconds(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// The spans, at least `min_gap` long, in which somebody waited and nobody was answered, each with the faults of
/// that time.
pub fn gaps(operations: &[Operation], faults: &[FaultWindow], min_gap: Duration) -> Vec<Gap> {
    let mut gaps = unanswered(operations, nanoseconds(min_gap));
    for gap in &mut gaps {
        let overlapping = faults.iter().filter(|fault| overlaps(fault, gap));
        gap.during_faults = overlapping.map(|fault| fault.fault).collect();
    }
    gaps
}

/// The spans from when somebody waits until somebody is answered, as far as they are long enough.
fn unanswered(operations: &[Operation], min_gap_ns: u64) -> Vec<Gap> {
    let mut changes: Vec<(u64, Change)> = Vec::with_capacity(2 * operations.len());
    for operation in operations {
        changes.push((operation.invoked_ns, Change::Invoked));
        if let Some(completed) = operation.completed_ns {
            // An answer at the very time of its request comes after it.
            let at = completed.max(operation.invoked_ns.saturating_add(1));
            changes.push((at, if is_answered(operation) { Change::Answered } else { Change::GaveUp }));
        }
    }
    changes.sort_unstable();
    let mut gaps = Vec::new();
    let mut close = |since: Option<u64>, end_ns: u64| {
        if let Some(start_ns) = since.filter(|start| end_ns.saturating_sub(*start) >= min_gap_ns.max(1)) {
            gaps.push(Gap { start_ns, end_ns, during_faults: Vec::new() });
        }
    };
    let (mut open, mut since) = (0usize, None);
    for (time, change) in &changes {
        match change {
            Change::Invoked => {
                open += 1;
                since = since.or(Some(*time));
            }
            // Who gave up was not served, so the gap goes on.
            Change::GaveUp => open = open.saturating_sub(1),
            Change::Answered => {
                open = open.saturating_sub(1);
                close(since, *time);
                since = (open > 0).then_some(*time);
            }
        }
    }
    close(since, changes.last().map_or(0, |(time, _)| *time));
    gaps
}
