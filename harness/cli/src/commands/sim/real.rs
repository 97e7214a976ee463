//! How often a failure of the simulator repeats on real processes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use ordalia_checker::Verdict;
use ordalia_runner::{BuiltIn, Silent, TestSettings};
use ordalia_sim::SimSettings;
use tokio::sync::watch;

use super::case::{Case, real_command};
use crate::args::SimArgs;
use crate::commands::report::budget;
use crate::commands::trial::put_to_trial;
use crate::exit::Failure;

/// Puts the same faults to real processes, with the same clients, and tells how often the same checker finds fault
/// there. Scheduling differs each time, so the rate is a rate of this machine under its load.
pub fn try_on_real(case: &Case, schedule: &Path, checker: &str, args: &SimArgs) -> Result<(), Failure> {
    if args.real == 0 {
        return Ok(());
    }
    let command = match real_command(case, schedule) {
        Ok(command) => command,
        // That it cannot be done was told where the command would stand.
        Err(Failure::Usage(_)) => return Ok(()),
        Err(failure) => return Err(failure),
    };
    let target = real_target(case)?;
    let (_keep, never) = watch::channel(false);
    let mut repeats = 0;
    for number in 1..=args.real {
        let settings = real_settings(&case.settings, &command, args);
        let workload = case.workload()?;
        let (folder, verdict) = put_to_trial(&target, workload.as_ref(), &settings, &Silent, never.clone())?;
        let found =
            verdict.checkers.get(checker).is_some_and(|judgement| judgement.valid == Verdict::Invalid);
        repeats += u32::from(found);
        eprintln!(
            "on real processes, {number} of {}: {} ({})",
            args.real,
            verdict.valid,
            folder.root().display()
        );
    }
    eprintln!("on real processes {checker} found fault in {repeats} of {} tries", args.real);
    Ok(())
}

/// The target as real processes.
fn real_target(case: &Case) -> Result<BuiltIn, Failure> {
    let target = &case.settings.target;
    let (options, bugs): (BTreeMap<_, _>, BTreeSet<_>) =
        (target.options.clone(), target.bugs.iter().cloned().collect());
    Ok(case.target()?.built_in(options, bugs)?)
}

/// The simulated test's settings for real processes.
fn real_settings(settings: &SimSettings, command: &str, args: &SimArgs) -> TestSettings {
    TestSettings {
        nodes: settings.nodes,
        concurrency: settings.concurrency,
        rate: settings.rate,
        time_limit: settings.time_limit,
        client_timeout: settings.client_timeout,
        seed: settings.seed,
        schedule: settings.schedule.clone(),
        faults: vec!["schedule".to_owned()],
        fault_interval: Duration::ZERO,
        proxied: true,
        results: args.results.clone(),
        command: command.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        budget: budget(&args.budget),
    }
}
