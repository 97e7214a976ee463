//! What is recorded beside the history.

use ordalia_history::FaultPhase;
use ordalia_node::{NodeId, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a node said of itself at one time: a line of `status.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusSample {
    /// Nanoseconds since the start of the load.
    pub time: u64,
    /// The node.
    pub node: NodeId,
    /// What it said; absent if it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

/// What a fault did: a line of `faults.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultRecord {
    /// Nanoseconds since the start of the load.
    pub time: u64,
    /// The fault's number in the schedule.
    pub fault: u64,
    /// `kill`, `partition`, …
    pub kind: String,
    /// Where it stands.
    pub phase: FaultPhase,
    /// For a person, roles resolved: `kill leader (n2)`.
    pub label: String,
    /// The fault as resolved, so that a replay can pin it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub resolved: Value,
    /// Whether it took effect, where this phase shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<bool>,
    /// What shows it: exit signals, counters before and after.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub evidence: Value,
    /// What went wrong in carrying it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The totals of one directed link over a run: an element of `links.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkTotals {
    /// The sender, by name.
    pub from: String,
    /// The receiver, by name.
    pub to: String,
    /// Messages that were handed on.
    pub messages: u64,
    /// Bytes that were handed on.
    pub bytes: u64,
    /// Messages that were lost on purpose.
    pub dropped: u64,
    /// Messages that were doubled on purpose.
    pub duplicated: u64,
    /// Connections that were made through the link.
    pub connections: u64,
}

/// How often a node's disk was asked to make something durable: an element of `disks.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskTotals {
    /// The node, by name.
    pub node: String,
    /// The fsyncs of all its lives. In a real run each call counts, that of a folder too; in a simulated one each
    /// commit.
    pub fsyncs: u64,
    /// Whether there may have been more: a process was killed, and what it did after it was last asked is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}
