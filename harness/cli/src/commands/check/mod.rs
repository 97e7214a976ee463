//! `ordalia check`: judges a recorded history.

use ordalia_checker::{Budget, History, TestVerdict, examiner};
use ordalia_history::Value;

use crate::args::CheckArgs;
use crate::commands::verdict::{print_json, print_plain};
use crate::exit::{Failure, Outcome};

/// Judges a history.
pub fn check(args: &CheckArgs) -> Outcome {
    let initial: Value = serde_json::from_str(&args.initial)
        .map_err(|error| Failure::usage(format!("--initial: expected a JSON value: {error}")))?;
    let checker =
        examiner(&args.model, Some(&initial), "auto").map_err(|error| Failure::usage(error.to_string()))?;
    let mut recorded = match args.format.named() {
        Some(format) => ordalia_history::read(&args.file, format)?,
        None => ordalia_history::read_auto(&args.file)?,
    };
    if recorded.torn_tail {
        eprintln!("ordalia: the last line of {} is torn and is left out", args.file.display());
    }
    let unknown_reads = recorded.forget_unknown_reads(&initial);
    if unknown_reads > 0 {
        eprintln!(
            "ordalia: {unknown_reads} reads of nil are taken for reads of unknown values, as Knossos does, since the registers begin with {initial}"
        );
    }
    let history =
        History::new(recorded.events).map_err(|error| anyhow::anyhow!("{}: {error}", args.file.display()))?;
    let budget = Budget { time: args.time_limit, memory_bytes: args.memory };
    let mut verdict =
        TestVerdict::compose([(checker.name().to_owned(), checker.check(&history, &budget))].into());
    if unknown_reads > 0 {
        // A machine that reads the verdict must see it as well.
        verdict.checkers.values_mut().for_each(|judgement| judgement.detail("unknown_reads", unknown_reads));
    }
    if args.json {
        print_json(&verdict)?
    } else {
        print_plain(&verdict)?
    }
    Ok(Some(verdict.valid))
}
