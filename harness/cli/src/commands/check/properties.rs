//! The properties beside linearizability that `--checker` names.

use ordalia_checker::linearizable::Progress;
use ordalia_checker::properties::{PROPERTIES, property};
use ordalia_checker::{Budget, Checker, History, Judgement, TestVerdict, Verdict};
use ordalia_history::Value;

use super::tell;
use crate::args::CheckArgs;
use crate::commands::verdict::print_json;
use crate::exit::{Failure, Outcome};
use crate::registry::unknown;

/// The checker that has models and algorithms.
pub const LINEARIZABLE: &str = "linearizable";

/// Whether linearizability is asked for.
pub fn with_linearizable(args: &CheckArgs) -> bool {
    args.checkers.iter().any(|name| name == LINEARIZABLE)
}

/// Checks that no file is asked for that none of the checkers writes.
///
/// # Errors
/// There is one.
pub fn check_files(args: &CheckArgs) -> Result<(), Failure> {
    let files = [
        ("--html", args.html.is_some()),
        ("--minimal", args.minimal.is_some()),
        ("--certificate", args.certificate.is_some()),
    ];
    match files.iter().find(|(_, asked)| *asked) {
        Some((flag, _)) if !with_linearizable(args) => Err(Failure::usage(format!(
            "{flag} is for the checker {LINEARIZABLE}, found --checker {}",
            args.checkers.join(",")
        ))),
        _ => Ok(()),
    }
}

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

/// Adds what the checkers find to the verdict. After an interrupt they look no more.
pub fn add(
    checkers: &[Box<dyn Checker>],
    budget: &Budget,
    history: &History,
    progress: &Progress,
    verdict: &mut TestVerdict,
) {
    for checker in checkers {
        let judgement = if progress.is_interrupted() {
            let mut judgement = Judgement::new(Verdict::Unknown);
            judgement.because(Verdict::Unknown, "the check was interrupted");
            judgement
        } else {
            checker.check(history, budget)
        };
        verdict.add(checker.name(), judgement);
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
