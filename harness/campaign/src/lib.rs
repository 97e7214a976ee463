//! A campaign: a matrix of tests, read from TOML, carried through in order, resumed after any interruption, and
//! summed up.
//!
//! | part | is |
//! |---|---|
//! | `cell`, `plan` | what is to be done |
//! | `known` | what must be known of targets, workloads and faults to check it |
//! | `carry` | how one test is carried out |
//! | `result`, `summary` | what came of it |
//!
//! The crate knows no target, workload or fault by name, and runs nothing itself.

mod carry;
mod cell;
mod known;
mod plan;
mod result;
mod summary;

pub use carry::{Carried, Carry};
pub use cell::{Cell, Job, Mode};
pub use known::Known;
pub use plan::{Plan, PlanRecord, StopEarly};
pub use result::{Complaint, JobResult, complaints};
pub use summary::{CellSummary, Finding, First, PlanId, Run, SUMMARY_VERSION, Spread, Summary, Totals};
