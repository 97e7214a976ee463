//! What one simulated test is told.

use std::time::Duration;

use ordalia_record::TargetSettings;
use ordalia_schedule::Schedule;
use serde::{Deserialize, Serialize};

/// How long something takes: at least so long, up to so much more with equal chance, and now and then up to so
/// much more again. In nanoseconds of virtual time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The least.
    pub least_ns: u64,
    /// Added to it, between nothing and this.
    pub spread_ns: u64,
    /// The probability of a tail, 0 to 1.
    pub tail: f64,
    /// Added in the tail, between nothing and this.
    pub tail_ns: u64,
}

impl Latency {
    /// From so many to so many microseconds, without a tail.
    pub const fn micros(least: u64, most: u64) -> Self {
        Self { least_ns: least * 1_000, spread_ns: (most - least) * 1_000, tail: 0.0, tail_ns: 0 }
    }
}

/// The nature of a virtual world.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nature {
    /// From node to node, one way.
    pub link: Latency,
    /// From client to node and back, each way.
    pub client: Latency,
    /// A write that is made durable.
    pub sync: Latency,
    /// From the start of a process until it runs.
    pub boot: Latency,
    /// The most by which a node's clock runs fast or slow, in parts of a million.
    pub drift_ppm: u32,
}

impl Default for Nature {
    /// Machines in one rack, with solid-state disks and cheap quartzes.
    fn default() -> Self {
        Self {
            link: Latency { tail: 0.01, tail_ns: 5_000_000, ..Latency::micros(100, 300) },
            client: Latency::micros(100, 300),
            sync: Latency { tail: 0.01, tail_ns: 10_000_000, ..Latency::micros(200, 1_000) },
            boot: Latency::micros(5_000, 20_000),
            drift_ppm: 50,
        }
    }
}

/// Everything that one simulated test is told, beside its target's code and its workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimSettings {
    /// Everything random derives from it.
    pub seed: u64,
    /// The target's options and planted bugs.
    pub target: TargetSettings,
    /// The number of nodes, at least 1.
    pub nodes: u16,
    /// The number of client threads, at least 1.
    pub concurrency: usize,
    /// Operations a second over all clients, for the record; the workload paces itself.
    pub rate: Option<f64>,
    /// The length of the load, in virtual time.
    pub time_limit: Duration,
    /// How long a client waits for an answer.
    pub client_timeout: Duration,
    /// After how many operations the load ends, if it does before its time.
    pub max_operations: Option<u64>,
    /// The faults.
    pub schedule: Schedule,
    /// The world.
    pub nature: Nature,
    /// Within how much virtual time after the last heal the cluster must agree and answer again.
    pub liveness: Duration,
}
