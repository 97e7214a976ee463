//! `ordalia sim`: tests in the simulator.
//!
//! A sweep runs many seeds and keeps what failed; the first failure is made smaller and stored with a report and
//! the commands that repeat it. A single seed, or a stored run, is run with everything recorded.

mod case;
mod determinism;
mod keep;
mod real;
mod sweeping;

use ordalia_checker::Verdict;

use crate::args::SimArgs;
use crate::exit::Outcome;

pub use case::{Case, Plan, borne};
pub use keep::keep_told;
pub use sweeping::smaller;

/// Runs tests in the simulator.
pub fn sim(args: &SimArgs) -> Outcome {
    if let Some(stored) = &args.repeat {
        let case = Case::read(stored)?;
        return if args.check_determinism { determinism::check_one(&case) } else { single(&case, args) };
    }
    let plan = Plan::new(args)?;
    match args.seed {
        Some(seed) if args.check_determinism => determinism::check_one(&plan.case(seed)?),
        Some(seed) => single(&plan.case(seed)?, args),
        None => sweeping::sweep(&plan, args.seeds.clone().unwrap_or(DEFAULT_SEEDS), args),
    }
}

/// Enough to see most defects, and done in seconds.
const DEFAULT_SEEDS: std::ops::Range<u64> = 0..100;

/// One test with everything recorded.
fn single(case: &Case, args: &SimArgs) -> Outcome {
    let kept = keep::keep(case, args)?;
    crate::commands::report::show(&kept.folder, &kept.verdict, args.json)?;
    if kept.verdict.valid == Verdict::Invalid {
        keep::tell_repeats(case, &kept.folder);
        if let Some((checker, _)) =
            kept.verdict.checkers.iter().find(|(_, judged)| judged.valid == Verdict::Invalid)
        {
            real::try_on_real(case, &kept.folder.schedule(), checker, args)?;
        }
    }
    Ok(Some(kept.verdict.valid))
}
