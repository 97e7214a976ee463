//! Verdicts, and the checkers that reach them.
//!
//! A [`Checker`] judges a [`History`] and answers with a [`Judgement`]: a [`Verdict`] of the lattice
//! valid < unknown < invalid, with its reasons. It knows nothing of processes, networks or targets.

mod answer;
mod availability;
mod check;
pub mod linearizable;
pub mod models;
mod recovery;
mod stats;
mod verdict;

pub use availability::Availability;
pub use check::{Budget, Checker, History, TestVerdict};
pub use linearizable::{Linearizable, linearizable};
pub use recovery::Recovery;
pub use stats::Stats;
pub use verdict::{Judgement, Verdict};
