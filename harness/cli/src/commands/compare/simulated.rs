//! Runs in the simulator.

use ordalia_record::RunFolder;
use ordalia_schedule::Schedule;

use super::conditions::Conditions;
use super::side::Side;
use crate::args::{CompareArgs, SimArgs};
use crate::commands::report::budget;
use crate::commands::sim::{Plan, keep_told};
use crate::exit::Failure;

/// One run of a side under these faults. The network, the disks and the clocks are drawn from the seed, and are
/// those of the first side for all; options that were not given stay at their defaults.
pub fn run(
    args: &CompareArgs,
    side: &Side,
    first: &Side,
    conditions: &Conditions,
    seed: u64,
    schedule: &Schedule,
) -> Result<RunFolder, Failure> {
    let nature = Plan::new(&sim_args(args, first, conditions))?.case(seed)?.settings.nature;
    let own = sim_args(args, side, conditions);
    let mut case = Plan::new(&own)?.case(seed)?;
    case.settings.nature = nature;
    case.settings.schedule = schedule.clone();
    case.settings.target.options = side.words.options.clone();
    // A seed alone no longer repeats it; the folder does.
    case.command = None;
    let kept = keep_told(&case, &args.results, &budget(&args.budget), &|_| {})?;
    ordalia_report::draw(&kept.folder)?;
    Ok(kept.folder)
}

fn sim_args(args: &CompareArgs, side: &Side, conditions: &Conditions) -> SimArgs {
    SimArgs {
        target: side.words.target.clone(),
        workload: Some(conditions.workload.name.to_owned()),
        nodes: Some(conditions.nodes),
        concurrency: Some(args.concurrency),
        rate: Some(args.rate),
        time_limit: args.time_limit,
        faults: Some("none".to_owned()),
        fault_interval: Some(args.fault_interval),
        bugs: side.words.bugs.clone(),
        client_timeout: Some(args.client_timeout),
        results: args.results.clone(),
        budget: args.budget.clone(),
        options: side.words.options.clone(),
        ..SimArgs::default()
    }
}
