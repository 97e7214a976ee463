//! The properties beside linearizability that `--checker` names.

use ordalia_checker::properties::{PROPERTIES, property};
use ordalia_checker::{Budget, Checker, History, TestVerdict};
use ordalia_history::Value;

use super::tell;
use crate::args::CheckArgs;
use crate::commands::verdict::print_json;
use crate::exit::{Failure, Outcome};
use crate::registry::unknown;

/// The checker that has models and algorithms.
pub const LINEARIZABLE: &str = "linearizable";

/// The checkers that are asked for, without linearizability.
///
/// # Errors
/// There is none of that name; lists those that there are.
pub fn named(args: &CheckArgs, initial: Option<&Value>) -> Result<Vec<Box<dyn Checker>>, Failure> {
    let names = || std::iter::once(LINEARIZABLE).chain(PROPERTIES.iter().map(|property| property.name));
    let make = |name: &String| {
        let info = property(name).ok_or_else(|| unknown("checker", name, names()))?;
        Ok((info.make)(initial.unwrap_or(&Value::Null)))
    };
    args.checkers.iter().filter(|name| *name != LINEARIZABLE).map(make).collect()
}

/// Adds what the checkers find to the verdict.
pub fn add(checkers: &[Box<dyn Checker>], budget: &Budget, history: &History, verdict: &mut TestVerdict) {
    for checker in checkers {
        verdict.add(checker.name(), checker.check(history, budget));
    }
}

/// Judges by these checkers alone.
pub fn judge(
    checkers: &[Box<dyn Checker>],
    args: &CheckArgs,
    history: &History,
    unknown_reads: usize,
) -> Outcome {
    let mut verdict = TestVerdict::reach(checkers, history, &super::budget(args));
    if unknown_reads > 0 {
        verdict.checkers.values_mut().for_each(|judgement| judgement.detail("unknown_reads", unknown_reads));
    }
    if args.json {
        print_json(&verdict)?;
    } else {
        tell::tell(&verdict, args)?;
    }
    Ok(Some(verdict.valid))
}
