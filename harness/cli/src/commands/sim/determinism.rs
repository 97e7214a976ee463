//! Whether a simulated test is what it claims to be: the same, event by event, each time.

use std::io::Write;

use ordalia_checker::Verdict;
use ordalia_sim::{SimRun, Watch};

use super::case::Case;
use crate::exit::{Failure, Outcome};

/// Everything is compared.
const WATCH: Watch = Watch { status: true, trace: true };

/// Runs a test twice; the answer is where the two first differ, for a person.
pub fn difference(case: &Case) -> Result<Option<String>, Failure> {
    Ok(first_difference(&case.run(WATCH)?, &case.run(WATCH)?))
}

/// Runs one test twice.
pub fn check_one(case: &Case) -> Outcome {
    let mut out = std::io::stdout().lock();
    let seed = case.settings.seed;
    match difference(case)? {
        None => {
            writeln!(out, "seed {seed}: twice the same, event by event")?;
            Ok(Some(Verdict::Valid))
        }
        Some(where_) => {
            writeln!(out, "seed {seed} is not deterministic: {where_}")?;
            Ok(Some(Verdict::Invalid))
        }
    }
}

/// Where two runs first differ.
fn first_difference(first: &SimRun, second: &SimRun) -> Option<String> {
    let events = first.trace.iter().zip(&second.trace).enumerate();
    if let Some((at, (one, other))) = events.into_iter().find(|(_, (one, other))| one != other) {
        return Some(format!("event {at} is first {one:?}, and then {other:?}"));
    }
    if first.trace.len() != second.trace.len() {
        return Some(format!("first {} events happen, and then {}", first.trace.len(), second.trace.len()));
    }
    let parts = [
        ("the histories", first.events == second.events),
        ("the faults", first.faults == second.faults),
        ("what the nodes say of themselves", first.status == second.status),
        ("the checksums", first.digest == second.digest),
    ];
    parts.iter().find(|(_, same)| !same).map(|(what, _)| format!("{what} differ"))
}
