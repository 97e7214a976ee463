//! The arguments of `campaign`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ordalia_campaign::StopEarly;

use super::BudgetArgs;
use crate::values::duration;

/// Carries out a matrix of tests. An unfinished campaign of the same matrix and the same build is resumed: killed or
/// interrupted, it goes on where it was.
#[derive(Debug, Args)]
pub struct CampaignArgs {
    /// The matrix; harness/docs/campaigns.md has the form.
    #[arg(value_name = "FILE.toml")]
    pub file: PathBuf,
    /// How many simulated tests run side by side [default: as the file says, or the processors].
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// How many real tests run side by side [default: as the file says, or 1].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub real_jobs: Option<u16>,
    /// End at the first run that is invalid, or that is not valid: never, unknown or invalid [default: as the file
    /// says, or never].
    #[arg(long, value_name = "VERDICT", value_parser = |text: &str| text.parse::<StopEarly>())]
    pub stop_early: Option<StopEarly>,
    /// Begin anew, also where an unfinished campaign could be resumed.
    #[arg(long)]
    pub fresh: bool,
    /// Make simulated failures smaller before they are stored.
    #[arg(long)]
    pub shrink: bool,
    /// How long each may be made smaller.
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub shrink_time: Duration,
    /// The folder that campaigns and runs are kept in.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    #[command(flatten)]
    pub budget: BudgetArgs,
    /// Print the summary as JSON.
    #[arg(long)]
    pub json: bool,
    /// Plain lines instead of a live display.
    #[arg(long)]
    pub plain: bool,
}
