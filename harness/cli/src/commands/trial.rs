//! One test with real processes as a value: checked first, carried out then, in this process and without a word to
//! a terminal of its own.

use std::path::Path;
use std::time::Duration;

use ordalia_checker::TestVerdict;
use ordalia_node::{Group, NodeId};
use ordalia_record::RunFolder;
use ordalia_runner::{Observer, Target, TestSettings, judge, run_test};
use ordalia_schedule::{FaultKind, Profile, Schedule, ScheduleError, generate_among};
use ordalia_workload::{Workload, WorkloadSettings};
use ordalia_workloads::WorkloadInfo;
use tokio::sync::watch;

use crate::args::RunArgs;
use crate::commands::report::budget;
use crate::commands::runtime;
use crate::exit::Failure;
use crate::registry::{startable, workload};
use crate::values::duration_text;

/// One test with real processes, complete: what was left open is filled in, and all that was asked for is there.
pub struct Trial {
    target: Box<dyn Target>,
    workload: &'static WorkloadInfo,
    settings: TestSettings,
    note: Option<&'static str>,
}

impl Trial {
    /// Checks what was asked for. Without a seed it is that of seed 0.
    ///
    /// # Errors
    /// What was asked for is not there, or does not go together.
    pub fn new(mut args: RunArgs) -> Result<Self, Failure> {
        let entry = startable(&args.target)?.on_asked(&args.options);
        let bugs = entry.check(&args.options, &args.bugs)?;
        let workload = workload(args.workload.as_deref().unwrap_or(entry.workload()))?;
        args.workload = Some(workload.name.to_owned());
        let seed = args.seed.unwrap_or_default();
        let nodes = args.nodes.unwrap_or(entry.nodes());
        let target = match &args.executable {
            Some(build) => entry.make_of_build(args.options.clone(), bugs, build)?,
            None => entry.make(args.options.clone(), bugs)?,
        };
        if let Some(kind) = workload.asks.iter().find(|kind| !target.answers().contains(kind)) {
            let (target, workload, kind) = (entry.info().name, workload.name, kind.name());
            return Err(Failure::usage(format!(
                "target {target} does not answer {kind} requests, which workload {workload} sends"
            )));
        }
        let groups = target.groups(nodes);
        // Proxies that nobody's peers go through would only look idle.
        args.direct |= !target.bears().iter().any(|kind| kind.is_of_links());
        let links = Links { groups: &groups, within_first: has_inner_links(target.as_ref(), nodes, &groups) };
        let schedule = schedule(&args, nodes, seed, &links, target.bears())?;
        let command = repeat_command(&args, nodes, entry.info().name, seed);
        let settings = test_settings(&args, nodes, seed, schedule, command);
        Ok(Self { target, workload, settings, note: entry.note() })
    }

    /// What the test is told; its `command` repeats it.
    pub fn settings(&self) -> &TestSettings {
        &self.settings
    }

    /// What the user is to know ahead of it.
    pub fn note(&self) -> Option<&'static str> {
        self.note
    }

    /// Runs the test and judges it. It ends early, and in order, once `interrupted` is true.
    ///
    /// # Errors
    /// The test could not be carried through.
    pub fn carry_out(
        &self,
        observer: &dyn Observer,
        interrupted: watch::Receiver<bool>,
    ) -> Result<(RunFolder, TestVerdict), Failure> {
        let TestSettings { seed, concurrency, rate, .. } = self.settings;
        let workload = (self.workload.make)(&WorkloadSettings { seed, threads: concurrency, rate });
        put_to_trial(self.target.as_ref(), workload.as_ref(), &self.settings, observer, interrupted)
    }
}

/// One test, and the verdict on it.
pub fn put_to_trial(
    target: &dyn Target,
    workload: &dyn Workload,
    settings: &TestSettings,
    observer: &dyn Observer,
    interrupted: watch::Receiver<bool>,
) -> Result<(RunFolder, TestVerdict), Failure> {
    let test = run_test(target, workload, settings, observer, interrupted);
    let folder = runtime()?.block_on(test).map_err(as_usage)?;
    observer.phase("judging");
    let verdict = judge(&folder, workload, &settings.budget)?;
    Ok((folder, verdict))
}

/// Settings that contradict each other are wrong usage; everything else is a failure of the harness.
fn as_usage(error: ordalia_runner::RunError) -> Failure {
    use ordalia_runner::RunError::{Settings, Unanswerable};
    match error {
        Settings(_) | Unanswerable { .. } => Failure::usage(error.to_string()),
        _ => Failure::Harness(error.into()),
    }
}

/// A recorded schedule.
pub fn read_schedule(path: &Path) -> Result<Schedule, Failure> {
    Schedule::read(path).map_err(|error| match error {
        // Well formed, and yet not to be carried out: that was asked for, not damaged.
        ScheduleError::Flaw { .. } => Failure::usage(error.to_string()),
        _ => Failure::from(error),
    })
}

/// What of a cluster can be hurt.
struct Links<'a> {
    groups: &'a [Group],
    /// Whether there are links between the members of the first group.
    within_first: bool,
}

fn has_inner_links(target: &dyn Target, nodes: u16, groups: &[Group]) -> bool {
    let (all, first) = (NodeId::all(nodes), groups.first().map_or(&[][..], |group| &group.nodes));
    let is_linked = |node: &NodeId| target.neighbours(*node, &all).iter().any(|peer| first.contains(peer));
    first.iter().any(is_linked)
}

/// The schedule that was given, or one generated.
fn schedule(
    args: &RunArgs,
    nodes: u16,
    seed: u64,
    links: &Links<'_>,
    bears: &[FaultKind],
) -> Result<Schedule, Failure> {
    if let Some(path) = &args.schedule {
        let schedule = read_schedule(path)?;
        schedule.check_fits(nodes).map_err(|error| Failure::usage(error.to_string()))?;
        return Ok(schedule);
    }
    let usage = |error: ordalia_schedule::ProfileError| {
        let names: Vec<_> = bears.iter().map(|kind| kind.name()).collect();
        let bears = format!("; {} bears: {}", args.target, names.join(", "));
        let hint =
            if matches!(error, ordalia_schedule::ProfileError::Unborne(_)) { bears } else { String::new() };
        Failure::usage(format!("--faults: {error}{hint}"))
    };
    let interval_ms = milliseconds(args.fault_interval);
    let mut profile = Profile { interval_ms, ..Profile::parse_for(&args.faults, bears).map_err(usage)? };
    profile.moments.retain(|occasion| occasion.is_in_status());
    profile.within_first = links.within_first;
    let schedule = generate_among(seed, links.groups, milliseconds(args.time_limit), &profile);
    if schedule.faults.is_empty() && !profile.is_none() {
        let limit = duration_text(args.time_limit);
        return Err(Failure::usage(format!(
            "no fault of {:?} fits {nodes} nodes within {limit}; give more nodes or time, or --faults none",
            args.faults
        )));
    }
    Ok(schedule)
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn test_settings(args: &RunArgs, nodes: u16, seed: u64, schedule: Schedule, command: String) -> TestSettings {
    let faults = match (&args.schedule, args.faults.as_str()) {
        (Some(_), _) => vec!["schedule".to_owned()],
        (None, "none") => Vec::new(),
        (None, names) => names.split(',').map(|name| name.trim().to_owned()).collect(),
    };
    TestSettings {
        nodes,
        concurrency: args.concurrency.of(nodes),
        rate: args.rate.0,
        time_limit: args.time_limit,
        client_timeout: args.client_timeout,
        seed,
        schedule,
        faults,
        fault_interval: args.fault_interval,
        proxied: !args.direct,
        results: args.results.clone(),
        command,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        budget: budget(&args.budget),
    }
}

/// The command that repeats the test, with everything that was drawn or left to its default.
fn repeat_command(args: &RunArgs, nodes: u16, target: &str, seed: u64) -> String {
    let mut words = vec!["ordalia".to_owned(), "run".to_owned(), target.to_owned()];
    let mut pair = |flag: &str, value: String| words.extend([flag.to_owned(), quoted(&value)]);
    for (name, value) in &args.options {
        pair(&format!("--{name}"), value.clone());
    }
    for bug in &args.bugs {
        pair("--bug", bug.clone());
    }
    pair("-w", args.workload.clone().unwrap_or_default());
    pair("-n", nodes.to_string());
    pair("-c", args.concurrency.of(nodes).to_string());
    pair("-r", args.rate.to_string());
    pair("-t", duration_text(args.time_limit));
    pair("--client-timeout", duration_text(args.client_timeout));
    pair("--seed", seed.to_string());
    match &args.schedule {
        Some(path) => pair("--schedule", path.display().to_string()),
        None => {
            pair("--faults", args.faults.clone());
            pair("--fault-interval", duration_text(args.fault_interval));
        }
    }
    if args.results != Path::new("results") {
        pair("--results", args.results.display().to_string());
    }
    if let Some(build) = &args.executable {
        words.extend(["--executable".to_owned(), quoted(&build.display().to_string())]);
    }
    if args.direct {
        words.push("--direct".to_owned());
    }
    words.join(" ")
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
