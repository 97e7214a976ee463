//! What nodes, and what stands outside a cluster, add to the history of a run.

mod lanes;

pub use lanes::{Actor, Deed, FIRST_ACTING_PROCESS, Lanes};
