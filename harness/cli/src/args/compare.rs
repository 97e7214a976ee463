//! The arguments of `compare`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, FromArgMatches};

use super::BudgetArgs;
use crate::values::{Concurrency, Rate, duration, seed_range};

/// Holds targets against each other, or one target with different options or builds: the same faults at the same
/// times and the same operations for all of them, seed by seed, in turns.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// A target with its options, in quotes: 'raft-kv --reads lease', 'raft-kv --bug NAME', etcd. The others are
    /// held against the first.
    #[arg(required_unless_present = "runs", conflicts_with = "runs")]
    pub sides: Vec<String>,
    /// Stored runs to compare instead.
    #[arg(long, value_name = "RUN", num_args = 1..)]
    pub runs: Vec<PathBuf>,
    /// The seeds, half open: each is one fault schedule and one sequence of operations for all sides.
    #[arg(long, value_name = "A..B", default_value = "0..5", value_parser = seed_range)]
    pub seeds: Range<u64>,
    /// What the clients do and how the answers are judged [default: the first side's own].
    #[arg(short, long)]
    pub workload: Option<String>,
    /// The number of nodes [default: the least of the sides' own].
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub nodes: Option<u16>,
    /// The number of clients: a number, or 2n for twice the nodes.
    #[arg(short, long, default_value = "3n")]
    pub concurrency: Concurrency,
    /// Operations a second over all clients, or max.
    #[arg(short, long, default_value = "1000")]
    pub rate: Rate,
    /// How long the load lasts.
    #[arg(short, long, default_value = "20s", value_parser = duration)]
    pub time_limit: Duration,
    /// The faults: names from `ordalia list faults`, comma-separated, or none. Those that a side does not bear are
    /// left out for all.
    #[arg(long, default_value = "kill,partition")]
    pub faults: String,
    /// The mean time from one fault to the next.
    #[arg(long, default_value = "1500ms", value_parser = duration)]
    pub fault_interval: Duration,
    /// A recorded fault schedule to carry out instead, for every seed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["faults", "fault_interval"])]
    pub schedule: Option<PathBuf>,
    /// How long a client waits for an answer.
    #[arg(long, default_value = "1s", value_parser = duration)]
    pub client_timeout: Duration,
    /// In the simulator instead of with real processes.
    #[arg(long)]
    pub sim: bool,
    /// Runs each side once for so long first, without faults, and leaves that out.
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with_all = ["sim", "runs"])]
    pub warm_up: Option<Duration>,
    /// The folder that runs and comparisons are kept in.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    #[command(flatten)]
    pub budget: BudgetArgs,
    /// Print compare.json.
    #[arg(long)]
    pub json: bool,
    /// Plain lines instead of a live display.
    #[arg(long)]
    pub plain: bool,
}

/// One side in words: a target with what belongs to it.
#[derive(Clone, Debug, Args)]
pub struct SideArgs {
    /// The system under test.
    pub target: String,
    /// A defect to plant in it; may be repeated.
    #[arg(long = "bug", value_name = "NAME")]
    pub bugs: Vec<String>,
    /// Another build of Ordalia, whose nodes are put to trial.
    #[arg(long, value_name = "FILE")]
    pub executable: Option<PathBuf>,
    /// The target's own options.
    #[arg(skip)]
    pub options: BTreeMap<String, String>,
}

impl SideArgs {
    /// Reads a side's words.
    ///
    /// # Errors
    /// They name no target, or something that does not belong to one; says what is near.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = words(text).map_err(|why| format!("side {text:?}: {why}"))?;
        let command = super::with_target_options(Self::augment_args(clap::Command::new("side")));
        let command = command.no_binary_name(true).disable_help_flag(true);
        let refused = |error: &clap::Error| {
            let told = error.render().to_string();
            let told = told.split("\n\nUsage:").next().unwrap_or_default();
            let lines: Vec<&str> = told.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            format!("side {text:?}: {}", lines.join("; ").trim_start_matches("error: "))
        };
        let matches = command.try_get_matches_from(words).map_err(|error| refused(&error))?;
        let mut side = Self::from_arg_matches(&matches).map_err(|error| refused(&error))?;
        side.options = super::target_options(&matches);
        Ok(side)
    }
}

/// Cuts a text into words, as a shell does with quotes.
fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        Some(open) => Err(format!("the quote {open} is not closed")),
        None if words.is_empty() => Err("expected a target".to_owned()),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_as_by_a_shell() {
        let cut = words("raft-kv  --executable 'old build/ordalia' --reads \"\"").unwrap();
        assert_eq!(cut, ["raft-kv", "--executable", "old build/ordalia", "--reads", ""]);
        assert!(words(" ").is_err() && words("a 'b").is_err());
    }

    #[test]
    fn a_side_knows_its_options_and_nothing_else() {
        let side = SideArgs::parse("raft-kv --reads lease --bug lost-session").unwrap();
        assert_eq!((side.target.as_str(), side.options["reads"].as_str()), ("raft-kv", "lease"));
        assert_eq!(side.bugs, ["lost-session"]);
        let near = SideArgs::parse("raft-kv --reeds lease").unwrap_err();
        assert!(near.contains("--reeds") && near.contains("--reads"), "{near}");
        let foreign = SideArgs::parse("raft-kv -t 10s").unwrap_err();
        assert!(foreign.contains("-t"), "{foreign}");
    }
}
