//! `ordalia check`: judges a recorded history.

use ordalia_checker::{Budget, History, TestVerdict, linearizable};
use ordalia_history::jsonl;

use crate::args::CheckArgs;
use crate::commands::verdict::{print_json, print_plain};
use crate::exit::{Failure, Outcome};

/// Judges a history.
pub fn check(args: &CheckArgs) -> Outcome {
    let initial = serde_json::from_str(&args.initial)
        .map_err(|error| Failure::usage(format!("--initial: expected a JSON value: {error}")))?;
    let checker = linearizable(&args.model, initial).map_err(|error| Failure::usage(error.to_string()))?;
    let recorded = jsonl::read(&args.file)?;
    if recorded.torn_tail {
        eprintln!("ordalia: the last line of {} is torn and is left out", args.file.display());
    }
    let history =
        History::new(recorded.events).map_err(|error| anyhow::anyhow!("{}: {error}", args.file.display()))?;
    let budget = Budget { time: args.time_limit, memory_bytes: args.memory };
    let verdict = TestVerdict::reach(&[checker], &history, &budget);
    if args.json {
        print_json(&verdict)?
    } else {
        print_plain(&verdict)?
    }
    Ok(Some(verdict.valid))
}
