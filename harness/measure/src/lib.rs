//! The figures of one run, and what can be said of the figures of several.
//!
//! [`figures`] takes what a run recorded and says in numbers how it went: how much was answered, how quickly, how
//! long nothing was, how soon it came back after each fault, and what it cost in messages and fsyncs.
//! [`comparison`] holds runs of several sides against each other.
//! [`figures_of`] reads a stored run for that. [`statistics`] compares the figures of runs that belong together in
//! pairs. `harness/docs/comparing.md` defines each figure for a reader.
//!
//! All of it is pure. This crate knows the record of a run and nothing of running things.

pub mod comparison;
mod faults;
mod figures;
mod latency;
mod load;
pub mod statistics;
mod stored;

pub use faults::{AfterFault, Mark};
pub use figures::{Figures, MIN_GAP, RunRecord, figures};
pub use latency::{Latency, Quantiles};
pub use stored::{MeasureError, figures_of};
