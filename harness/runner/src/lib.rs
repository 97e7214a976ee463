//! One test against real processes: set-up, load, faults, heal, final phase, verdict.
//!
//! [`run_test`] carries a test through its phases and records it in a folder of its own; [`judge`] then
//! reaches a verdict from that folder alone. What is tested is a [`Target`], what is asked of it a
//! [`Workload`](ordalia_workload::Workload): this crate knows none of either by name.
//!
//! | part | does |
//! |---|---|
//! | `test` | the phases, in order |
//! | `world` | processes, ports and links of one test |
//! | `load`, `clients` | drives the clients through a workload |
//! | `recorder`, `journal` | the history, and what the faults did |
//! | `nemesis/` | carries out the schedule, with evidence |
//! | `monitor` | asks the nodes for their status |
//! | `disks` | how often the nodes call fsync |
//! | `heal` | makes the cluster whole, and sees that it is |
//! | `judge` | the verdict on a stored run |

mod builtin;
mod clients;
mod counts;
mod disks;
mod error;
mod heal;
mod journal;
mod judge;
mod load;
mod monitor;
mod nemesis;
mod observer;
mod outside;
mod recorder;
mod settings;
mod stamp;
mod target;
mod test;
mod world;

pub use builtin::BuiltIn;
pub use error::RunError;
pub use judge::{JudgeError, judge};
pub use observer::{Observer, Progress, Silent};
pub use recorder::Recorder;
pub use settings::TestSettings;
pub use stamp::{binary_checksum, time_stamp, time_stamp_before, time_text};
pub use target::{Async, Client, Companion, NodePlace, NodeReport, Target};
pub use test::run_test;
