//! A campaign held against a baseline, so that continuous integration hears of a regression and of nothing else.
//!
//! A [`Baseline`] is a file that is kept with the code: which findings are known, with their reasons, and how
//! available, how quick to recover and how fast each cell of a campaign was, in several repetitions. [`examine`] holds
//! what was just run against it:
//!
//! - a violation that is not known fails, and so does a verdict that became unknown;
//! - a known finding must be found again: one that vanished says that it was mended, or that the checks lost their bite;
//! - a figure fails where it is worse by more than the noise that the baseline recorded ([`noise`]).
//!
//! [`markdown`], [`junit`] and [`annotations`] tell it to people and machines; [`order`] says what a
//! limited time is spent on.

pub mod annotations;
mod baseline;
mod examine;
mod figure;
pub mod junit;
pub mod markdown;
pub mod noise;
pub mod order;
mod ran;
#[cfg(test)]
mod stage;
mod words;

pub use baseline::{Baseline, BaselineError, CellBaseline, KnownFinding, VERSION};
pub use examine::{Concern, Examination, KnownFound, examine};
pub use figure::Figure;
pub use ran::Ran;
