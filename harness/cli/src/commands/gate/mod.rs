//! `ordalia gate`: a campaign held against a baseline, for continuous integration.

mod machine;
mod outputs;
mod update;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ordalia_campaign::{Job, Limits, Mode, Plan, StopEarly, Summary};
use ordalia_checker::{Budget, Verdict};
use ordalia_gate::{Baseline, BaselineError, examine, order::order};

use crate::args::GateArgs;
use crate::commands::campaign::{Undertaking, read};
use crate::exit::{Failure, Outcome};
use crate::registry::{infos, unknown};
use machine::machine;

/// What a real test takes beside its load: start, heal, closing operations.
const REAL_EXTRA: Duration = Duration::from_secs(10);

/// What judging one run may spend.
const JUDGING: Budget = Budget { time: Duration::from_secs(60), memory_bytes: 1 << 30 };

/// Runs the campaign of a baseline and holds it against it, or writes the baseline anew.
pub fn gate(args: &GateArgs) -> Outcome {
    if args.update {
        return update::update(args);
    }
    let baseline = Baseline::read(&args.baseline).map_err(as_usage)?;
    let file = match &args.campaign {
        Some(file) => file.clone(),
        None => beside(&args.baseline, &baseline.campaign),
    };
    let (mut plan, text) = read(&file)?;
    baseline.check_plan(&args.baseline, &plan.checksum()).map_err(as_usage)?;
    plant(&mut plan, &args.bugs)?;
    let summary = run(&plan, &text, order(&plan, &baseline), args)?;
    let here = (!args.any_machine).then(machine);
    let found = examine(&summary, &baseline, here.as_deref());
    outputs::tell(&found, args)?;
    // An interrupted gate has shown nothing, whatever it has found so far.
    let cut = if summary.interrupted { Verdict::Unknown } else { Verdict::Valid };
    Ok(Some(found.verdict().max(cut)))
}

/// A path that is relative to the baseline's folder.
fn beside(baseline: &Path, path: &str) -> PathBuf {
    baseline.parent().unwrap_or(Path::new("")).join(path)
}

/// Carries the jobs out in their order, as far as the budget goes.
fn run(plan: &Plan, text: &str, order: Vec<Job>, args: &GateArgs) -> Result<Summary, Failure> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let limits = Limits {
        jobs: args.jobs.map(usize::from).or(plan.jobs).unwrap_or(processors),
        real_jobs: plan.real_jobs,
        stop_early: StopEarly::Never,
        deadline: args.budget.map(|budget| Instant::now() + budget),
        reserve: reserve(plan, args.budget),
    };
    let undertaking = Undertaking {
        plan,
        text,
        order,
        limits,
        results: args.results.clone(),
        budget: JUDGING,
        shrink: None,
        fresh: true,
        plain: args.plain,
    };
    Ok(undertaking.carry_through()?.1)
}

/// What simulated tests leave of the budget, so that every real cell gets a run; half at the most.
fn reserve(plan: &Plan, budget: Option<Duration>) -> Duration {
    let real = plan.cells.iter().filter(|cell| cell.mode == Mode::Real);
    let once: Duration = real.map(|cell| cell.time_limit + REAL_EXTRA).sum();
    once.min(budget.unwrap_or(once) / 2)
}

/// Plants defects in the targets that know them. The cells keep their names, so that they are held against what the
/// baseline knows of them.
fn plant(plan: &mut Plan, bugs: &[String]) -> Result<(), Failure> {
    for bug in bugs {
        let mut planted = false;
        for cell in &mut plan.cells {
            let info = infos().find(|info| info.name == cell.target);
            if info.is_some_and(|info| info.bugs.iter().any(|known| known.name == bug)) {
                cell.bugs.push(bug.clone());
                planted = true;
            }
        }
        if !planted {
            let targets: Vec<&str> = plan.cells.iter().map(|cell| cell.target.as_str()).collect();
            let known = infos().filter(|info| targets.contains(&info.name)).flat_map(|info| info.bugs);
            return Err(unknown("bug of the campaign's targets", bug, known.map(|bug| bug.name)));
        }
    }
    Ok(())
}

/// A baseline that does not fit is wrong usage; one that cannot be read is not.
fn as_usage(error: BaselineError) -> Failure {
    match error {
        BaselineError::Record(_) => Failure::from(error),
        _ => Failure::usage(error.to_string()),
    }
}
