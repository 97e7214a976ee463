//! The arguments of `results`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::values::{age, duration};

/// The record: lists, shows, compares and clears away what is stored.
#[derive(Debug, Args)]
pub struct ResultsArgs {
    /// The folder that runs are kept in.
    #[arg(long, value_name = "DIR", default_value = "results", global = true)]
    pub results: PathBuf,
    #[command(subcommand)]
    pub what: ResultsCommand,
}

/// What to do with the record.
#[derive(Debug, Subcommand)]
pub enum ResultsCommand {
    /// The stored runs, the newest first.
    List(ListResultsArgs),
    /// One run: verdict, figures, and the command that repeats it.
    Show(ShowArgs),
    /// Removes what is named: runs, campaigns, comparisons.
    Rm(RmArgs),
    /// Compresses what is judged, and removes what is old; without --yes it only tells.
    Gc(GcArgs),
    /// How two runs differ: settings, verdicts, figures.
    Diff(DiffArgs),
}

/// The arguments of `results list`.
#[derive(Debug, Args)]
pub struct ListResultsArgs {
    /// Only runs of this target.
    #[arg(long)]
    pub target: Option<String>,
    /// Only runs with this verdict.
    #[arg(long, value_enum)]
    pub verdict: Option<Judged>,
    /// Only runs that began within this time: 30m, 12h, 7d.
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub since: Option<Duration>,
    /// At most so many; 0 for all.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// Print them as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What a stored run was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Judged {
    /// Valid.
    Valid,
    /// Unknown.
    Unknown,
    /// Invalid.
    Invalid,
    /// Not at all: it is under way, or its controller died.
    Unjudged,
}

/// The arguments of `results show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The folder of the run; with or without the folder of results before it.
    #[arg(default_value = "latest")]
    pub run: PathBuf,
    /// Print settings, verdict and figures as JSON.
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `results rm`.
#[derive(Debug, Args)]
pub struct RmArgs {
    /// The folders of runs, campaigns or comparisons; with or without the folder of results before them.
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
}

/// The arguments of `results gc`.
#[derive(Debug, Args)]
pub struct GcArgs {
    /// Remove valid runs that are older than this: 12h, 30d.
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub older_than: Option<Duration>,
    /// Remove valid runs apart from the newest so many of each target and workload.
    #[arg(long, value_name = "N")]
    pub keep: Option<usize>,
    /// Do it, and do not only tell.
    #[arg(long)]
    pub yes: bool,
    /// Leave runs alone that began within this time: they may be under way.
    #[arg(long, value_name = "AGE", default_value = "1m", value_parser = duration)]
    pub spare: Duration,
}

/// The arguments of `results diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A run.
    pub first: PathBuf,
    /// Another.
    pub second: PathBuf,
    /// Print the differences as JSON.
    #[arg(long)]
    pub json: bool,
}
