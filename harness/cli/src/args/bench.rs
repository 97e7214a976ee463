//! The arguments of `bench`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use clap::Args;

use crate::values::{Rate, duration, seed_range};

/// The arguments of `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// The system under test.
    #[arg(default_value = "raft-kv")]
    pub target: String,
    /// The numbers of clients.
    #[arg(long, value_delimiter = ',', default_value = "1,10,50", conflicts_with = "sim")]
    pub clients: Vec<usize>,
    /// The number of nodes.
    #[arg(short, long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub nodes: u16,
    /// How long each measurement lasts [default: 5s]; with --sim, how long the load of each test lasts in virtual
    /// time [default: 30s].
    #[arg(short, long, value_parser = duration)]
    pub time_limit: Option<Duration>,
    /// How often each is repeated; the kinds take turns, so that the machine's noise falls on all.
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
    /// Real systems that are measured beside the target on the same workload, comma-separated: zookeeper, etcd.
    #[arg(long, value_name = "SYSTEMS", value_delimiter = ',', conflicts_with = "sim")]
    pub beside: Vec<String>,
    /// Measure how fast the simulator runs and judges tests, with and without faults, on one core and on all.
    #[arg(long)]
    pub sim: bool,
    /// With --sim, the tests of a measurement, half open.
    #[arg(long, value_name = "A..B", default_value = "0..60", value_parser = seed_range, requires = "sim")]
    pub seeds: Range<u64>,
    /// With --sim, operations a second of virtual time over all clients, or max.
    #[arg(short, long, default_value = "200", requires = "sim")]
    pub rate: Rate,
    /// Print the figures as JSON.
    #[arg(long)]
    pub json: bool,
    /// The target's own options.
    #[arg(skip)]
    pub options: BTreeMap<String, String>,
}
