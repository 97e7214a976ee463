//! Verdicts, and the checkers that reach them.
//!
//! A [`Checker`] judges a [`History`] and answers with a [`Judgement`]: a [`Verdict`] of the lattice
//! valid < unknown < invalid, with its reasons. It knows nothing of processes, networks or targets.

mod check;
pub mod linearizable;
pub mod models;
mod verdict;

pub use check::{Budget, Checker, History, TestVerdict};
pub use linearizable::{Linearizable, linearizable};
pub use verdict::{Judgement, Verdict};
