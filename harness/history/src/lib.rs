//! The record of a test: what clients asked, what they were told, and when.
//!
//! A history is a list of [`Event`]s in time order. Each client operation is an `invoke`
//! followed by at most one completion of the same process: `ok` (it happened), `fail` (it
//! certainly did not happen) or `info` (nobody knows). The field meanings are Jepsen's. Faults
//! appear in the same list as events of the process `"nemesis"`.
//!
//! [`pair`] turns events into [`Operation`]s, [`jsonl`] reads and writes the file form, [`edn`] and
//! [`porcupine`] read those of other tools, [`read_auto`] finds out which it is, and [`fault_windows`]
//! finds the spans of time in which a fault was in force.
//!
//! This crate knows nothing of processes, networks, checkers or targets.

pub mod edn;
mod event;
mod faults;
mod format;
pub mod jsonl;
mod lines;
mod name;
mod operation;
mod parallel;
pub mod porcupine;
mod read_error;
mod recorded;
mod sink;
mod source;
mod zstd;

pub use event::{Event, EventType, OpError, Process};
pub use faults::{FaultPhase, FaultWindow, fault_event_value, fault_windows};
pub use format::{Format, detect, read, read_auto, read_with};
pub use lines::Lines;
pub use name::Name;
pub use operation::{FIRST_ACTING_PROCESS, Operation, Outcome, PairError, pair};
pub use read_error::{ParseError, ReadError};
pub use recorded::Recorded;
pub use sink::Sink;
pub use source::open;

pub use serde_json::Value;
