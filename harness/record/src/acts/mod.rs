//! What nodes, and what stands outside a cluster, add to the history of a run.

mod lanes;
mod merge;

pub use lanes::{Actor, Deed, Lanes};
pub use merge::{ActsInfo, MergedActs, merge_acts};
pub use ordalia_history::FIRST_ACTING_PROCESS;
