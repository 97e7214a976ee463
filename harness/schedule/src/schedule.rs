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

impl TimedFault {
    /// When it is healed, in milliseconds since the start of the load.
    pub fn end_ms(&self) -> u64 {
        self.at_ms.saturating_add(self.for_ms)
    }
}

impl Schedule {
    /// The version of the format that this crate reads and writes.
    pub const VERSION: u32 = 1;

    /// A schedule of faults in any order: sorts them by time and numbers them.
    pub fn new(nodes: u16, seed: Option<u64>, mut faults: Vec<TimedFault>) -> Self {
        faults.sort_by_key(|fault| fault.at_ms);
        for (id, fault) in (0..).zip(&mut faults) {
            fault.id = id;
        }
        Self { version: Self::VERSION, nodes, seed, faults }
    }

    /// A schedule without any fault.
    pub fn empty(nodes: u16) -> Self {
        Self::new(nodes, None, Vec::new())
    }

    /// When the last fault is healed, in milliseconds since the start of the load; 0 without faults.
    pub fn end_ms(&self) -> u64 {
        self.faults.iter().map(TimedFault::end_ms).max().unwrap_or(0)
    }
}
