//! The arguments of `gate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::values::duration;

/// Runs a campaign and holds it against a baseline: fails for what broke, and for nothing else.
#[derive(Debug, Args)]
pub struct GateArgs {
    /// The baseline.
    #[arg(long, value_name = "FILE")]
    pub baseline: PathBuf,
    /// The campaign [default: the one that the baseline names; for a new baseline, the TOML file beside it].
    #[arg(long, value_name = "FILE.toml")]
    pub campaign: Option<PathBuf>,
    /// Writes the baseline anew instead of holding against it.
    #[arg(long, conflicts_with_all = ["budget", "junit", "markdown", "github", "bugs"])]
    pub update: bool,
    /// With --update: why the findings that are not listed yet are no news.
    #[arg(long, value_name = "REASON", requires = "update")]
    pub accept: Option<String>,
    /// With --update: how often real runs are repeated, to know their noise.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(3..=100), requires = "update")]
    pub repetitions: u16,
    /// After this nothing is begun any more [default: all is run].
    #[arg(long, value_parser = duration)]
    pub budget: Option<Duration>,
    /// Compares the figures of real runs with those of another machine too.
    #[arg(long)]
    pub any_machine: bool,
    /// A defect to plant in every target that knows it, to see that the gate bites; may be repeated.
    #[arg(long = "bug", value_name = "NAME")]
    pub bugs: Vec<String>,
    /// Where to write the result as JUnit's XML.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Where to write a summary in Markdown, short enough for a pull request.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Annotates for GitHub, and adds the summary to that of the job.
    #[arg(long)]
    pub github: bool,
    /// How many simulated tests run side by side [default: the processors].
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// The folder that runs are kept in.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// Plain lines instead of a live display.
    #[arg(long)]
    pub plain: bool,
}
