//! Whether a simulated test is what it claims to be: the same, event by event, each time.

use std::io::Write;

use ordalia_checker::Verdict;
use ordalia_sim::{Watch, first_difference};

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
