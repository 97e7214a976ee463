//! The arguments of `mutants`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::values::duration;

/// Plants every known defect of a target, one at a time, and sees how soon the simulator finds it: the mutation
/// score of the harness.
#[derive(Debug, Args)]
pub struct MutantsArgs {
    /// The system under test [default: all].
    pub target: Option<String>,
    /// A defect to plant [default: all of the target's]; may be repeated.
    #[arg(long = "bug", value_name = "NAME")]
    pub bugs: Vec<String>,
    /// What is asked of it [default: the workloads that are known to show the defect, or else each that the target answers, with every seed].
    #[arg(short, long, value_name = "NAME")]
    pub workload: Option<String>,
    /// How many seeds each defect is given before it counts as missed.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
    /// How often each defect is looked for, with seeds of its own each time.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    pub rounds: u64,
    /// How long each load lasts, in virtual time.
    #[arg(short, long, default_value = "30s", value_parser = duration)]
    pub time_limit: Duration,
    /// How many tests run side by side [default: the processors].
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Makes the first failure of each defect smaller for that long, and tells what is left.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub shrink: Option<Duration>,
    /// Where the schedules that are left are kept, one file a defect.
    #[arg(long, value_name = "DIR", requires = "shrink")]
    pub keep: Option<PathBuf>,
    /// Print the table as JSON.
    #[arg(long)]
    pub json: bool,
    /// Plain lines instead of a live display.
    #[arg(long)]
    pub plain: bool,
}
