//! The arguments of `sim`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::BudgetArgs;
use crate::values::{Concurrency, Rate, duration, seed_range};

/// Runs tests in the simulator. Whatever is not fixed each seed draws for itself: the size of the cluster, the
/// clients, the load, the families of faults and how often they come, latencies, disks and clocks.
#[derive(Debug, Args)]
pub struct SimArgs {
    /// The system under test.
    #[arg(default_value = "raft-kv")]
    pub target: String,
    /// What the clients do and how the answers are judged [default: the target's own].
    #[arg(short, long)]
    pub workload: Option<String>,
    /// The seeds to sweep over, half open [default: 0..100].
    #[arg(long, value_name = "A..B", value_parser = seed_range, conflicts_with_all = ["seed", "repeat"])]
    pub seeds: Option<Range<u64>>,
    /// One seed: its run is kept whole, with trace and report.
    #[arg(long, conflicts_with = "repeat")]
    pub seed: Option<u64>,
    /// Repeats a stored simulated run exactly: its folder, or its sim.json.
    #[arg(long, value_name = "RUN")]
    pub repeat: Option<PathBuf>,
    /// The number of nodes [default: each seed draws it].
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub nodes: Option<u16>,
    /// The number of clients: a number, or 2n for twice the nodes [default: drawn].
    #[arg(short, long)]
    pub concurrency: Option<Concurrency>,
    /// Operations a second over all clients, or max [default: drawn].
    #[arg(short, long)]
    pub rate: Option<Rate>,
    /// How long the load lasts, in virtual time.
    #[arg(short, long, default_value = "30s", value_parser = duration)]
    pub time_limit: Duration,
    /// The faults: names from `ordalia list faults`, comma-separated, or none [default: drawn].
    #[arg(long)]
    pub faults: Option<String>,
    /// The mean time from one fault to the next [default: drawn].
    #[arg(long, value_parser = duration)]
    pub fault_interval: Option<Duration>,
    /// A recorded fault schedule to carry out instead.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["faults", "fault_interval"])]
    pub schedule: Option<PathBuf>,
    /// A defect to plant in the target; may be repeated.
    #[arg(long = "bug", value_name = "NAME")]
    pub bugs: Vec<String>,
    /// How long a client waits for an answer [default: drawn].
    #[arg(long, value_parser = duration)]
    pub client_timeout: Option<Duration>,
    /// Within how much virtual time after all faults are healed the cluster must agree and answer again: some 30
    /// election time-outs.
    #[arg(long, default_value = "10s", value_parser = duration)]
    pub liveness: Duration,
    /// Runs each seed twice and compares event by event.
    #[arg(long)]
    pub check_determinism: bool,
    /// Ends a sweep at the first failure.
    #[arg(long)]
    pub fail_fast: bool,
    /// How long a failing test may be made smaller; 0 seconds are written 1ms.
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub shrink_time: Duration,
    /// Tries what is left of a failure on real processes so many times, and tells how often it repeats there.
    #[arg(long, value_name = "TIMES", default_value_t = 0)]
    pub real: u32,
    /// How many tests run side by side [default: the processors].
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// The folder that runs are kept in.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    #[command(flatten)]
    pub budget: BudgetArgs,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
    /// Plain lines instead of a live display.
    #[arg(long)]
    pub plain: bool,
    /// The target's own options.
    #[arg(skip)]
    pub options: BTreeMap<String, String>,
}

/// What is asked for where nothing is said: as the command line has it.
impl Default for SimArgs {
    fn default() -> Self {
        Self {
            target: String::new(),
            workload: None,
            seeds: None,
            seed: None,
            repeat: None,
            nodes: None,
            concurrency: None,
            rate: None,
            time_limit: Duration::from_secs(30),
            faults: None,
            fault_interval: None,
            schedule: None,
            bugs: Vec::new(),
            client_timeout: None,
            liveness: Duration::from_secs(10),
            check_determinism: false,
            fail_fast: false,
            shrink_time: Duration::from_secs(30),
            real: 0,
            jobs: None,
            results: PathBuf::from("results"),
            budget: BudgetArgs::default(),
            json: false,
            plain: false,
            options: BTreeMap::new(),
        }
    }
}
