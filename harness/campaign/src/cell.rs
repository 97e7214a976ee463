//! Cells of a matrix, and the jobs that they come to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Where a test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// In the simulator, in virtual time.
    Sim,
    /// As real processes.
    Real,
}

impl Mode {
    /// As it is written in files.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Sim => "sim",
            Mode::Real => "real",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One cell of the matrix: everything that its tests have in common. What is absent a simulated test draws from its
/// seed, and a real one takes from the defaults of `ordalia run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Unique in its plan, for a person: `sim raft-kv --reads lease · register · kill,partition · n3`. Equal in two
    /// plans where the file says the same of the cell.
    pub name: String,
    /// Simulated or real.
    pub mode: Mode,
    /// The target's name.
    pub target: String,
    /// The target's options that were given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// The defects planted in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bugs: Vec<String>,
    /// The workload's name.
    pub workload: String,
    /// The faults, as on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<String>,
    /// The number of nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u16>,
    /// The length of the load.
    #[serde(rename = "time_limit_ms", with = "milliseconds")]
    pub time_limit: Duration,
    /// The number of clients, as on the command line: `8` or `2n`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<String>,
    /// Operations a second, as on the command line: a number or `max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// The mean time from one fault to the next.
    #[serde(
        rename = "fault_interval_ms",
        default,
        skip_serializing_if = "Option::is_none",
        with = "maybe_milliseconds"
    )]
    pub fault_interval: Option<Duration>,
    /// How long a client waits for an answer.
    #[serde(
        rename = "client_timeout_ms",
        default,
        skip_serializing_if = "Option::is_none",
        with = "maybe_milliseconds"
    )]
    pub client_timeout: Option<Duration>,
    /// Within how much virtual time a simulated cluster must agree and answer after the last heal.
    #[serde(
        rename = "liveness_ms",
        default,
        skip_serializing_if = "Option::is_none",
        with = "maybe_milliseconds"
    )]
    pub liveness: Option<Duration>,
    /// The file of a recorded fault schedule, carried out instead of one drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// The CRC-32 of that file, in hexadecimal: another schedule is another cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_checksum: Option<String>,
    /// The seeds, each once, ascending.
    pub seeds: Vec<u64>,
}

/// One test of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Job {
    /// The cell, by its place in the plan.
    pub cell: usize,
    /// Everything random in the test derives from it.
    pub seed: u64,
}

/// Durations as whole milliseconds.
mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Ok(Duration::from_millis(u64::deserialize(deserializer)?))
    }
}

/// Durations that may be absent.
mod maybe_milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(span: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => super::milliseconds::serialize(span, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}
