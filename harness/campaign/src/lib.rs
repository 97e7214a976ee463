//! A campaign: a matrix of tests, read from TOML, carried through in order, resumed after any interruption, and
//! summed up.
//!
//! | part | is |
//! |---|---|
//! | `cell`, `plan` | what is to be done |
//! | `file/` | the TOML that says so |
//! | `known` | what must be known of targets, workloads and faults to check it |
//! | `carry` | how one test is carried out |
//! | `work` | which is carried out next, and on how many threads |
//! | `folder`, `journal` | what is kept of it, and what it is resumed from |
//! | `result`, `summary` | what came of it |
//!
//! The crate knows no target, workload or fault by name, and runs no test itself.

mod carry;
mod cell;
mod error;
mod file;
mod folder;
mod journal;
mod known;
mod plan;
mod result;
mod summary;
mod words;
mod work;

pub use carry::{Carried, Carry};
pub use cell::{Cell, Job, Mode};
pub use error::CampaignError;
pub use file::{FileError, parse_plan, read_plan};
pub use folder::{CampaignFolder, Stored};
pub use journal::{JobId, Journal, Line, Past};
pub use known::Known;
pub use plan::{Plan, PlanRecord, StopEarly};
pub use result::{Complaint, JobResult, complaints, storable};
pub use summary::{CellSummary, Finding, First, PlanId, Run, SUMMARY_VERSION, Spread, Summary, Totals};
pub use words::Words;
pub use work::{Ended, Limits, Watcher, Work, Worked};
