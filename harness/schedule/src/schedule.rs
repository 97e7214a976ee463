//! A schedule and its file form.

use serde::{Deserialize, Serialize};

use crate::Fault;

/// A fault with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimedFault {
    /// Its number in the schedule, from 0 in order of time.
    pub id: u64,
    /// When it fires, in milliseconds since the start of the load.
    pub at_ms: u64,
    /// How long it lasts, in milliseconds, before it is healed.
    pub for_ms: u64,
    /// What it does.
    #[serde(flatten)]
    pub fault: Fault,
}

/// The faults of one test, in order of time: `schedule.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The version of this format, 1.
    pub version: u32,
    /// The size of the cluster that it was made for.
    pub nodes: u16,
    /// The seed that it was generated from; absent in a schedule made by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The faults.
    pub faults: Vec<TimedFault>,
}
