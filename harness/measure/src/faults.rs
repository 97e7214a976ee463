//! What came after each fault, and after each heal.

use ordalia_checker::{Answers, Gap, recoveries};
use ordalia_history::FaultWindow;
use serde::{Deserialize, Serialize};

/// Whether a fault began or was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// It began.
    Start,
    /// It was healed.
    Heal,
}

/// What came after a fault's start, or after its heal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AfterFault {
    /// The fault's number in its schedule.
    pub fault: u64,
    /// The kind: `kill`, `partition`, …
    pub kind: String,
    /// For a person, roles resolved: `kill leader (n2)`.
    pub label: String,
    /// Which of the two.
    pub phase: Mark,
    /// When, in milliseconds since the start of the load.
    pub at_ms: f64,
    /// How long nobody was answered from there to the next start or heal of any fault, in milliseconds.
    pub unavailable_ms: f64,
    /// The time to the first answer to an operation invoked after it, in milliseconds. For a heal the time counts
    /// from when no fault was in force any more. `None` if there was no such answer, or none before the next fault
    /// began.
    pub recovery_ms: Option<f64>,
}

/// What came after all starts and heals, in time order. `gaps` are the spans in which nobody was answered.
pub(crate) fn after(
    windows: &[FaultWindow],
    answers: &Answers,
    gaps: &[Gap],
    end_ns: u64,
) -> Vec<AfterFault> {
    let mut marks: Vec<(u64, Mark, &FaultWindow, Option<u64>)> = Vec::new();
    for (window, recovery) in windows.iter().zip(recoveries(windows, answers)) {
        marks.push((window.start_ns, Mark::Start, window, after_start(window, windows, answers)));
        marks.extend(window.end_ns.map(|end| (end, Mark::Heal, window, recovery.recovery_ns)));
    }
    marks.sort_by_key(|(time, mark, window, _)| (*time, *mark, window.fault));
    let until =
        marks.iter().skip(1).map(|(time, ..)| *time).chain([end_ns.max(marks.last().map_or(0, |m| m.0))]);
    let until: Vec<u64> = until.collect();
    let measured = marks.iter().zip(until);
    measured
        .map(|((time, mark, window, recovery_ns), until)| AfterFault {
            fault: window.fault,
            kind: window.kind.clone(),
            label: window.label.clone(),
            phase: *mark,
            at_ms: milliseconds(*time),
            unavailable_ms: milliseconds(within(gaps, *time, until)),
            recovery_ms: recovery_ns.map(milliseconds),
        })
        .collect()
}

/// The time from a fault's start to the first answer to what was invoked after it, if it came before another fault
/// began.
fn after_start(window: &FaultWindow, windows: &[FaultWindow], answers: &Answers) -> Option<u64> {
    let answered = answers.first_from(window.start_ns)?;
    let later = |other: &&FaultWindow| other.start_ns > window.start_ns && other.fault != window.fault;
    let next = windows.iter().filter(later).map(|other| other.start_ns).min();
    next.is_none_or(|next| answered <= next).then(|| answered - window.start_ns)
}

/// How much of the gaps lies between two times.
fn within(gaps: &[Gap], from: u64, until: u64) -> u64 {
    gaps.iter().map(|gap| gap.end_ns.min(until).saturating_sub(gap.start_ns.max(from))).sum()
}

fn milliseconds(ns: u64) -> f64 {
    ns as f64 / 1e6
}
