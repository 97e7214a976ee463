//! What nodes, and what stands outside a cluster, add to the history of a run.

mod lanes;
mod merge;

pub use lanes::{Actor, Deed, FIRST_ACTING_PROCESS, Lanes};
pub use merge::{ActsInfo, MergedActs, merge_acts};
