//! The settings of one test.

use std::path::PathBuf;
use std::time::Duration;

use ordalia_checker::Budget;
use ordalia_schedule::Schedule;

/// Everything that one test is told, beside its target and its workload.
#[derive(Clone, Debug, PartialEq)]
pub struct TestSettings {
    /// The number of nodes, at least 1.
    pub nodes: u16,
    /// The number of client threads, at least 1.
    pub concurrency: usize,
    /// Operations a second over all clients; `None` for as many as they can.
    pub rate: Option<f64>,
    /// The length of the load.
    pub time_limit: Duration,
    /// How long a client waits for an answer.
    pub client_timeout: Duration,
    /// Everything random derives from it.
    pub seed: u64,
    /// The faults.
    pub schedule: Schedule,
    /// What the schedule was asked for as, for `run.json`.
    pub faults: Vec<String>,
    /// The mean time between faults that was asked for.
    pub fault_interval: Duration,
    /// Whether peers speak through proxies. Without them links cannot be hurt.
    pub proxied: bool,
    /// The folder of all runs.
    pub results: PathBuf,
    /// The command that repeats the test.
    pub command: String,
    /// The version of the program, for `run.json`.
    pub version: String,
    /// What judging may spend.
    pub budget: Budget,
}

impl TestSettings {
    /// How long a node may take to answer after it was started.
    pub(crate) const READY_LIMIT: Duration = Duration::from_secs(20);

    /// How long the nodes may take to agree on a leader before the load begins all the same.
    pub(crate) const SETTLE_LIMIT: Duration = Duration::from_secs(10);

    /// How long the cluster may take to be whole again after everything was healed.
    pub(crate) const HEAL_LIMIT: Duration = Duration::from_secs(15);

    /// How long the closing operations may take.
    pub(crate) const CLOSING_LIMIT: Duration = Duration::from_secs(20);
}
