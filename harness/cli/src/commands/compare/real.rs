//! Runs with real processes.

use std::path::Path;
use std::time::Duration;

use ordalia_record::RunFolder;
use tokio::sync::watch;

use super::conditions::Conditions;
use super::side::Side;
use crate::args::{CompareArgs, RunArgs};
use crate::commands::trial::Trial;
use crate::exit::Failure;
use crate::progress::observer;

/// One run of a side under the faults of a file.
pub fn run(
    args: &CompareArgs,
    side: &Side,
    conditions: &Conditions,
    seed: u64,
    schedule: &Path,
    interrupted: &watch::Receiver<bool>,
) -> Result<RunFolder, Failure> {
    let schedule = Some(schedule.to_owned());
    let faced = RunArgs { schedule, ..run_args(args, side, conditions, seed, args.time_limit) };
    let observer = observer(args.plain);
    let (folder, _) = Trial::new(faced)?.carry_out(observer.as_ref(), interrupted.clone())?;
    observer.phase("drawing the report");
    ordalia_report::draw(&folder)?;
    Ok(folder)
}

/// A short run of each side without faults, so that the first that counts finds the machine as the others do.
pub fn warm_up(
    args: &CompareArgs,
    sides: &[Side],
    conditions: &Conditions,
    interrupted: &watch::Receiver<bool>,
) -> Result<(), Failure> {
    for side in sides {
        eprintln!("warming up, {}", side.name);
        let length = args.warm_up.unwrap_or(Duration::from_secs(1));
        let calm = RunArgs {
            faults: "none".to_owned(),
            ..run_args(args, side, conditions, args.seeds.start, length)
        };
        Trial::new(calm)?.carry_out(observer(args.plain).as_ref(), interrupted.clone())?;
    }
    Ok(())
}

fn run_args(
    args: &CompareArgs,
    side: &Side,
    conditions: &Conditions,
    seed: u64,
    time_limit: Duration,
) -> RunArgs {
    RunArgs {
        target: side.words.target.clone(),
        workload: Some(conditions.workload.name.to_owned()),
        nodes: Some(conditions.nodes),
        concurrency: args.concurrency,
        rate: args.rate,
        time_limit,
        seed: Some(seed),
        bugs: side.words.bugs.clone(),
        client_timeout: args.client_timeout,
        direct: conditions.direct,
        executable: side.words.executable.clone(),
        results: args.results.clone(),
        budget: args.budget.clone(),
        plain: args.plain,
        options: side.words.options.clone(),
        ..RunArgs::default()
    }
}
