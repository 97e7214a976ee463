//! Verdicts, and the checkers that reach them.
//!
//! A [`Checker`] judges a [`History`] and answers with a [`Judgement`]: a [`Verdict`] of the lattice
//! valid < unknown < invalid, with its reasons. It knows nothing of processes, networks or targets.

mod answer;
mod availability;
pub mod certificate;
mod check;
mod initial;
pub mod linearizable;
pub mod models;
pub mod properties;
mod recovery;
mod stats;
mod verdict;

pub use answer::is_answered;
pub use availability::{Availability, Gap, gaps};
pub use certificate::Certificate;
pub use check::{Budget, Checker, History, TestVerdict};
pub use initial::{NoValue, initial_value};
pub use linearizable::{Linearizable, examiner};
pub use recovery::{Answers, FaultRecovery, Recovery, recoveries};
pub use stats::Stats;
pub use verdict::{Judgement, Verdict};

/// The checkers of this crate by the names that they have in verdicts, with a line on each.
pub const CHECKERS: [(&str, &str); 4] = [
    ("linearizable", "each operation seems to take effect at one moment between invocation and completion"),
    ("stats", "each kind of operation was answered, and succeeded, often enough to prove something"),
    ("availability", "how much was answered, and when nothing was; never invalid by itself"),
    ("recovery", "how soon after each heal an operation succeeded again"),
];
