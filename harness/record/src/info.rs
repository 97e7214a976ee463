//! `run.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The target and how it was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSettings {
    /// Its name.
    pub name: String,
    /// Its own options that differ from their defaults.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// The defects planted in it.
    #[serde(default)]
    pub bugs: Vec<String>,
}

/// A span of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// `load`, `heal` or `closing`.
    pub name: String,
    /// In nanoseconds since the start of the load.
    pub start_ns: u64,
    /// In nanoseconds since the start of the load.
    pub end_ns: u64,
}

/// How the cluster came back after all faults were healed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealInfo {
    /// From the heal until the cluster was seen to be whole, in milliseconds.
    pub took_ms: u64,
    /// What was not whole when the time allowed was over; empty if all was.
    #[serde(default)]
    pub problems: Vec<String>,
}

/// A process that ended though nobody had asked it to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeDeath {
    /// When it was noticed, in nanoseconds since the start of the load.
    pub time: u64,
    /// The node, by name.
    pub node: String,
    /// How it ended: `ended with status 101`.
    pub how: String,
    /// The last lines of its log.
    #[serde(default)]
    pub log_tail: Vec<String>,
}

/// Every setting of a run: `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The version of Ordalia that ran it.
    pub version: String,
    /// The CRC-32 of the executable, in hexadecimal, to tell builds of one version apart.
    pub binary: String,
    /// The command that repeats the run.
    pub command: String,
    /// When it started, RFC 3339 in UTC.
    pub started: String,
    /// The system under test.
    pub target: TargetSettings,
    /// The workload's name.
    pub workload: String,
    /// Everything random in the run derives from it.
    pub seed: u64,
    /// The number of nodes.
    pub nodes: u16,
    /// The number of client threads.
    pub concurrency: usize,
    /// Operations a second asked for; absent for as many as the clients can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// The length of the load, in milliseconds.
    pub time_limit_ms: u64,
    /// How long a client waits for an answer, in milliseconds.
    pub client_timeout_ms: u64,
    /// The fault profile by its names; `schedule` if a schedule was given; empty for none.
    pub faults: Vec<String>,
    /// The mean time between faults, in milliseconds.
    pub fault_interval_ms: u64,
    /// Whether peers spoke through the proxies.
    pub proxied: bool,
    /// Whether the run was simulated: its times are virtual.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// The phases that were reached.
    #[serde(default)]
    pub phases: Vec<Phase>,
    /// How the cluster came back after the faults; absent if the run did not get that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heal: Option<HealInfo>,
    /// The processes that ended by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deaths: Vec<NodeDeath>,
    /// Why the run ended early, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_early: Option<String>,
}
