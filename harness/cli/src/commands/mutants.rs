//! `ordalia mutants`: how soon the harness finds the defects that can be planted.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::Context;
use ordalia_checker::{Budget, TestVerdict, Verdict};
use ordalia_node::BugInfo;
use ordalia_sim::{Go, ShrinkBudget, SimSettings, shrink, sweep};
use serde::Serialize;

use crate::args::{MutantsArgs, SimArgs};
use crate::commands::sim::{Case, Plan};
use crate::exit::{Failure, Outcome};
use crate::progress::Counter;
use crate::registry::{TARGETS, TargetEntry, bugs, showing, target, workload};

/// The seeds of the rounds lie so far apart.
const ROUND: u64 = 1_000_000;

/// How a defect was found in one round.
#[derive(Clone, Debug, Serialize)]
struct Found {
    /// How many seeds it took.
    seeds: u64,
    /// How long that took.
    seconds: f64,
    /// The seed that found it.
    seed: u64,
    /// The workload that did.
    workload: &'static str,
    /// The checkers that found fault, the worst verdict first.
    checkers: Vec<String>,
    /// The kinds of fault in that test.
    faults: Vec<String>,
}

/// What became of one defect.
#[derive(Clone, Debug, Serialize)]
struct Row {
    target: String,
    bug: String,
    /// One entry a round; absent where it was missed.
    rounds: Vec<Option<Found>>,
    /// Half of the rounds took so many seeds or fewer; absent if half missed it.
    median_seeds: Option<u64>,
    median_seconds: Option<f64>,
    /// The faults that are left of the first failure once it was made smaller.
    #[serde(skip_serializing_if = "Option::is_none")]
    shrunk: Option<Vec<String>>,
}

/// Looks for every defect.
pub fn mutants(args: &MutantsArgs) -> Outcome {
    let targets: Vec<&TargetEntry> = match &args.target {
        Some(name) => vec![target(name)?],
        None => TARGETS.iter().collect(),
    };
    let mut planned: Vec<(&TargetEntry, &BugInfo)> = Vec::new();
    for entry in targets {
        let asked = bugs(&entry.info, &args.bugs)?;
        let all = entry.info.bugs.iter().filter(|bug| asked.is_empty() || asked.contains(bug.name));
        planned.extend(all.map(|bug| (entry, bug)));
    }
    let counter = Counter::new(args.plain, planned.len() as u64 * args.rounds);
    let mut rows = Vec::new();
    for (entry, bug) in planned {
        rows.push(hunt(args, entry, bug, &counter, rows.len() as u64 * args.rounds)?);
    }
    drop(counter);
    print(&rows, args)?;
    let missed = rows.iter().any(|row| row.rounds.iter().any(Option::is_none));
    Ok(Some(if missed { Verdict::Invalid } else { Verdict::Valid }))
}

/// Looks for one defect, in several rounds.
fn hunt(
    args: &MutantsArgs,
    entry: &TargetEntry,
    bug: &BugInfo,
    counter: &Counter,
    done: u64,
) -> Result<Row, Failure> {
    let workloads = match &args.workload {
        Some(name) => vec![workload(name)?],
        None => showing(entry, bug.name),
    };
    let planted: Vec<SimArgs> =
        workloads.iter().map(|workload| sim_args(args, entry, bug, workload.name)).collect();
    let plans = planted.iter().map(Plan::new).collect::<Result<Vec<Plan<'_>>, Failure>>()?;
    let mut rounds = Vec::new();
    for round in 0..args.rounds {
        counter.tell(done + round, &format!("{} {}", entry.info.name, bug.name));
        rounds.push(find(args, &plans, round * ROUND)?);
    }
    let first = rounds.iter().flatten().next().cloned();
    let shrunk = match (args.shrink, first) {
        (Some(time), Some(found)) => {
            let plan = plans.iter().find(|plan| plan.workload.name == found.workload);
            let case = plan.map(|plan| plan.case(found.seed)).transpose()?;
            case.map(|case| left_over(args, &case, &found, time, bug)).transpose()?
        }
        _ => None,
    };
    let by_seeds = |found: &Option<Found>| found.as_ref().map(|found| (found.seeds, found.seconds));
    let mut took: Vec<Option<(u64, f64)>> = rounds.iter().map(by_seeds).collect();
    // A miss is worse than any number of seeds.
    took.sort_by(|a, b| {
        a.is_none().cmp(&b.is_none()).then(a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal))
    });
    let median = took[(took.len() - 1) / 2];
    Ok(Row {
        target: entry.info.name.to_owned(),
        bug: bug.name.to_owned(),
        rounds,
        median_seeds: median.map(|(seeds, _)| seeds),
        median_seconds: median.map(|(_, seconds)| seconds),
        shrunk,
    })
}

/// A failure: which workload showed it, and what its checkers say.
type Failing = (&'static str, TestVerdict);

/// Asks a seed's tests in turn until one fails.
fn judge(plans: &[Plan<'_>], seed: u64) -> Result<Option<Failing>, Failure> {
    for plan in plans {
        let case = plan.case(seed)?;
        let verdict = case.judged(&Budget::default())?.0;
        if verdict.valid == Verdict::Invalid
            && without_bugs(&case).judged(&Budget::default())?.0.valid != Verdict::Invalid
        {
            return Ok(Some((plan.workload.name, verdict)));
        }
    }
    Ok(None)
}

/// Sweeps until the defect is found. A test that fails without the defect as well does not count: it would find
/// something else.
fn find(args: &MutantsArgs, plans: &[Plan<'_>], start: u64) -> Result<Option<Found>, Failure> {
    let begun = Instant::now();
    let (mut found, mut broken): (Option<(u64, Failing)>, Option<Failure>) = (None, None);
    let jobs =
        args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let stop = AtomicBool::new(false);
    sweep(
        start..start + args.seeds,
        jobs,
        &stop,
        |seed| judge(plans, seed),
        |seed, result| match result {
            Ok(None) => Go::On,
            Ok(Some(failing)) => {
                // Seeds below it are under way or done, so the least that comes is the first that finds it.
                if found.as_ref().is_none_or(|(least, _)| seed < *least) {
                    found = Some((seed, failing));
                }
                Go::Stop
            }
            Err(failure) => {
                broken = Some(failure);
                Go::Stop
            }
        },
    );
    match (broken, found) {
        (Some(failure), _) => Err(failure),
        (None, None) => Ok(None),
        (None, Some((seed, (workload, verdict)))) => {
            let plan = plans.iter().find(|plan| plan.workload.name == workload);
            let case = plan.map(|plan| plan.case(seed)).transpose()?;
            Ok(Some(Found {
                seeds: seed - start + 1,
                seconds: begun.elapsed().as_secs_f64(),
                seed,
                workload,
                checkers: dissatisfied(&verdict),
                faults: case.map_or_else(Vec::new, |case| kinds(&case.settings)),
            }))
        }
    }
}

/// The same test of the target as it should be.
fn without_bugs(case: &Case) -> Case {
    let mut sound = case.clone();
    sound.settings.target.bugs.clear();
    sound
}

/// The checkers that found fault.
fn dissatisfied(verdict: &TestVerdict) -> Vec<String> {
    let fault = verdict.checkers.iter().filter(|(_, judgement)| judgement.valid == Verdict::Invalid);
    fault.map(|(name, _)| name.clone()).collect()
}

/// The kinds of fault in a test, each once.
fn kinds(settings: &SimSettings) -> Vec<String> {
    let kinds: BTreeMap<_, _> = settings
        .schedule
        .faults
        .iter()
        .map(|fault| (fault.fault.kind(), fault.fault.kind().name()))
        .collect();
    kinds.into_values().map(str::to_owned).collect()
}

/// Makes a failing test smaller, and tells the faults that are left.
fn left_over(
    args: &MutantsArgs,
    case: &Case,
    found: &Found,
    time: std::time::Duration,
    bug: &BugInfo,
) -> Result<Vec<String>, Failure> {
    let with = |settings: &SimSettings| Case { settings: settings.clone(), command: None, ..case.clone() };
    let fails = |settings: &SimSettings| {
        let fault = |case: &Case| {
            case.judged(&Budget::default()).map(|(verdict, _)| dissatisfied(&verdict)).unwrap_or_default()
        };
        let found_again = found.checkers.iter().any(|checker| fault(&with(settings)).contains(checker));
        found_again && fault(&without_bugs(&with(settings))).is_empty()
    };
    let shrunk = shrink(&case.settings, ShrinkBudget { time, ..ShrinkBudget::default() }, &fails);
    if let Some(folder) = &args.keep {
        let file = folder.join(format!("{}.json", bug.name));
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        ordalia_record::write_json(&file, &with(&shrunk.settings))?;
    }
    let told = |fault: &ordalia_schedule::TimedFault| {
        format!("at {} ms for {} ms: {}", fault.at_ms, fault.for_ms, fault.label(None))
    };
    Ok(shrunk.settings.schedule.faults.iter().map(told).collect())
}

/// What a sweep for a defect is asked for: everything drawn.
fn sim_args(args: &MutantsArgs, entry: &TargetEntry, bug: &BugInfo, workload: &str) -> SimArgs {
    SimArgs {
        target: entry.info.name.to_owned(),
        workload: Some(workload.to_owned()),
        bugs: vec![bug.name.to_owned()],
        options: bug.with.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        time_limit: args.time_limit,
        ..SimArgs::default()
    }
}

fn print(rows: &[Row], args: &MutantsArgs) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, rows)?;
        return Ok(writeln!(out)?);
    }
    let width = rows.iter().map(|row| row.bug.len()).max().unwrap_or(3).max(3);
    writeln!(out, "{:width$}  seeds (median)  seconds  found  checkers and faults", "bug")?;
    for row in rows {
        let found: Vec<&Found> = row.rounds.iter().flatten().collect();
        let seeds: Vec<String> = row.rounds.iter().map(told).collect();
        let median = row.median_seeds.map_or("missed".to_owned(), |seeds| seeds.to_string());
        let by = found.first().map_or(String::new(), |found| {
            format!("{}: {} under {}", found.workload, found.checkers.join(", "), found.faults.join(", "))
        });
        writeln!(
            out,
            "{:width$}  {:14}  {:7.2}  {}/{}    {by}",
            row.bug,
            format!("{} ({median})", seeds.join("/")),
            row.median_seconds.unwrap_or(f64::NAN),
            found.len(),
            row.rounds.len(),
        )?;
        for fault in row.shrunk.iter().flatten() {
            writeln!(out, "{:width$}    {fault}", "")?;
        }
    }
    let found = rows.iter().filter(|row| row.rounds.iter().all(Option::is_some)).count();
    Ok(writeln!(out, "{found} of {} defects found in every round", rows.len())?)
}

/// How many seeds a round took.
fn told(found: &Option<Found>) -> String {
    found.as_ref().map_or("–".to_owned(), |found| found.seeds.to_string())
}
