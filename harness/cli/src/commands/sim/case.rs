//! From the command line, or from a stored run, to the settings of a simulated test.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use ordalia_checker::{Budget, History, TestVerdict};
use ordalia_history::fault_windows;
use ordalia_measure::{Figures, RunRecord, figures};
use ordalia_record::TargetSettings;
use ordalia_runner::BuiltIn;
use ordalia_schedule::{FaultKind, Profile, Schedule, generate_among};
use ordalia_sim::{Effort, SimRun, SimSettings, Swarm, Watch};
use ordalia_workload::{Workload, WorkloadSettings};
use ordalia_workloads::WorkloadInfo;
use serde::{Deserialize, Serialize};

use crate::args::SimArgs;
use crate::exit::Failure;
use crate::registry::{TargetEntry, bugs, check_options, target, workload};

/// One simulated test, complete: what `sim.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The workload.
    pub workload: String,
    /// Everything else.
    pub settings: SimSettings,
    /// The command that made it, where a seed alone repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Case {
    /// A stored one: the folder of a run, or its `sim.json`.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let file = if path.is_dir() { path.join("sim.json") } else { path.to_owned() };
        let text = fs::read(&file).with_context(|| {
            format!("{}: expected the folder of a simulated run, or its sim.json", file.display())
        })?;
        let case: Case = serde_json::from_slice(&text)
            .with_context(|| format!("{}: expected a simulated run's settings", file.display()))?;
        case.settings
            .schedule
            .check_fits(case.settings.nodes)
            .map_err(|error| Failure::usage(error.to_string()))?;
        if case.settings.nodes == 0 || case.settings.concurrency == 0 {
            return Err(Failure::usage(format!(
                "{}: expected at least one node and one client",
                file.display()
            )));
        }
        case.target()?;
        Ok(case)
    }

    /// The target.
    pub fn target(&self) -> Result<&'static TargetEntry, Failure> {
        target(&self.settings.target.name)
    }

    /// The workload, made for this test.
    pub fn workload(&self) -> Result<Box<dyn Workload>, Failure> {
        Ok(make(workload(&self.workload)?, &self.settings))
    }

    /// The same workload with other settings, which no seed alone repeats.
    pub fn with(&self, settings: &SimSettings) -> Self {
        Self { workload: self.workload.clone(), settings: settings.clone(), command: None }
    }

    /// Runs the test.
    pub fn run(&self, watch: Watch) -> Result<SimRun, Failure> {
        Ok((self.target()?.simulate)(&self.settings, self.workload()?.as_ref(), watch))
    }

    /// The verdict on the test, with nothing recorded beside its history, and what it took.
    pub fn judged(&self, budget: &Budget) -> Result<(TestVerdict, Effort), Failure> {
        let run = self.run(Watch::default())?;
        let effort = run.effort;
        let verdict = run
            .judge(&self.settings, self.workload()?.as_ref(), budget)
            .map_err(|error| anyhow::anyhow!("the simulator recorded no history: {error}"))?;
        Ok((verdict, effort))
    }
}

impl Case {
    /// The verdict on the test and its figures, with nothing kept.
    pub fn measured(&self, budget: &Budget) -> Result<(TestVerdict, Figures), Failure> {
        let mut run = self.run(Watch { status: true, trace: false })?;
        let history = History::new(std::mem::take(&mut run.events))
            .map_err(|error| anyhow::anyhow!("the simulator recorded no history: {error}"))?;
        let verdict = run.judge_history(&history, &self.settings, self.workload()?.as_ref(), budget);
        let figures = figures(&RunRecord {
            info: &run.info,
            operations: &history.operations,
            faults: &fault_windows(&history.events),
            status: &run.status,
            links: &run.links,
            disks: &run.disks,
            elections: None,
        });
        Ok((verdict, figures))
    }
}

/// The workload for these settings.
pub fn make(workload: &WorkloadInfo, settings: &SimSettings) -> Box<dyn Workload> {
    let SimSettings { seed, concurrency, rate, .. } = *settings;
    (workload.make)(&WorkloadSettings { seed, threads: concurrency, rate })
}

/// What all seeds have in common.
pub struct Plan<'a> {
    args: &'a SimArgs,
    /// The target.
    pub entry: &'static TargetEntry,
    /// The workload.
    pub workload: &'static WorkloadInfo,
    target: TargetSettings,
    swarm: Swarm,
    schedule: Option<Schedule>,
}

impl<'a> Plan<'a> {
    /// Checks what was asked for.
    ///
    /// # Errors
    /// What was asked for is not there, or does not go together.
    pub fn new(args: &'a SimArgs) -> Result<Self, Failure> {
        let entry = target(&args.target)?;
        let bugs = bugs(&entry.info, &args.bugs)?;
        check_options(&entry.info, &args.options)?;
        let workload = workload(args.workload.as_deref().unwrap_or(entry.workload))?;
        if let Some(kind) = workload.asks.iter().find(|kind| !entry.info.answers.contains(kind)) {
            let (target, workload, kind) = (entry.info.name, workload.name, kind.name());
            return Err(Failure::usage(format!("{target} does not answer {kind}, which {workload} asks")));
        }
        let profile = args.faults.as_deref().map(Profile::parse).transpose();
        let profile = profile.map_err(|error| Failure::usage(format!("--faults: {error}")))?;
        let schedule = args.schedule.as_deref().map(crate::commands::trial::read_schedule).transpose()?;
        let nodes = args.nodes.or(schedule.as_ref().map(|schedule| schedule.nodes));
        if let (Some(schedule), Some(nodes)) = (&schedule, nodes) {
            schedule.check_fits(nodes).map_err(|error| Failure::usage(error.to_string()))?;
        }
        let swarm = Swarm {
            nodes,
            sizes: (entry.anatomy.sizes)(),
            // Clients for each node depend on a size that may be drawn, and are counted then.
            concurrency: args.concurrency.zip(nodes).map(|(clients, nodes)| clients.of(nodes)),
            rate: args.rate.map(|rate| rate.0),
            profile,
            interval: args.fault_interval,
            client_timeout: args.client_timeout,
            bears: borne(entry, &args.options),
            options: entry.info.options,
        };
        let (options, bugs) = (args.options.clone(), bugs.into_iter().collect());
        let target = TargetSettings { name: entry.info.name.to_owned(), options, bugs };
        Ok(Self { args, entry, workload, target, swarm, schedule })
    }

    /// The test of a seed.
    pub fn case(&self, seed: u64) -> Result<Case, Failure> {
        let draw = self.swarm.draw(seed);
        let time_limit = self.args.time_limit;
        let load_ms = u64::try_from(time_limit.as_millis()).unwrap_or(u64::MAX);
        let concurrency = self.args.concurrency.map_or(draw.concurrency, |clients| clients.of(draw.nodes));
        let mut target = self.target.clone();
        let fixed = std::mem::replace(&mut target.options, draw.options);
        target.options.extend(fixed);
        let schedule = match &self.schedule {
            Some(schedule) => schedule.clone(),
            None => {
                let groups = (self.entry.anatomy.groups)(draw.nodes, &target.options);
                generate_among(seed, &groups, load_ms, &draw.profile)
            }
        };
        let settings = SimSettings {
            seed,
            target,
            nodes: draw.nodes,
            concurrency,
            rate: draw.rate,
            time_limit,
            client_timeout: draw.client_timeout,
            max_operations: None,
            schedule,
            nature: draw.nature,
            liveness: self.args.liveness,
        };
        let command = Some(self.command(seed));
        Ok(Case { workload: self.workload.name.to_owned(), settings, command })
    }

    /// The command that repeats a seed: what was fixed, and the seed, from which the rest is drawn.
    fn command(&self, seed: u64) -> String {
        let args = self.args;
        let mut words = vec!["ordalia".to_owned(), "sim".to_owned(), self.entry.info.name.to_owned()];
        let mut pair = |flag: &str, value: Option<String>| {
            words.extend(
                value.into_iter().flat_map(|value| [flag.to_owned(), crate::commands::trial::quoted(&value)]),
            );
        };
        for (name, value) in &args.options {
            pair(&format!("--{name}"), Some(value.clone()));
        }
        for bug in &args.bugs {
            pair("--bug", Some(bug.clone()));
        }
        let text = crate::values::duration_text;
        pair("-w", args.workload.clone());
        pair("-n", args.nodes.map(|nodes| nodes.to_string()));
        pair("-c", args.concurrency.map(|clients| clients.to_string()));
        pair("-r", args.rate.map(|rate| rate.to_string()));
        pair("-t", Some(text(args.time_limit)));
        pair("--client-timeout", args.client_timeout.map(text));
        pair("--faults", args.faults.clone());
        pair("--fault-interval", args.fault_interval.map(text));
        pair("--schedule", args.schedule.as_ref().map(|path| path.display().to_string()));
        pair("--liveness", Some(text(args.liveness)));
        pair("--seed", Some(seed.to_string()));
        words.join(" ")
    }
}

/// The kinds of fault under which the target, with these options, keeps its claim.
pub fn borne(entry: &TargetEntry, options: &BTreeMap<String, String>) -> Vec<FaultKind> {
    let claims = |kind: &FaultKind| {
        !entry.info.options.iter().any(|option| {
            let value = options.get(option.name).map_or(option.default, String::as_str);
            option.not_under.contains(&(value, kind.name()))
        })
    };
    FaultKind::ALL.into_iter().filter(claims).collect()
}

/// The command that tries the same faults on real processes.
pub fn real_command(case: &Case, schedule: &Path) -> Result<String, Failure> {
    let settings = &case.settings;
    let entry = case.target()?;
    let bears = ordalia_runner::Target::bears(&BuiltIn {
        executable: Default::default(),
        info: entry.info,
        anatomy: entry.anatomy,
        settings: settings.target.clone(),
    })
    .to_vec();
    if let Some(fault) = settings.schedule.faults.iter().find(|fault| !bears.contains(&fault.fault.kind())) {
        let kind = fault.fault.kind();
        return Err(Failure::usage(format!("{kind} faults can be done in the simulator alone")));
    }
    let mut words = vec![format!("ordalia run {}", settings.target.name)];
    words.extend(settings.target.options.iter().map(|(name, value)| format!("--{name} {value}")));
    words.extend(settings.target.bugs.iter().map(|bug| format!("--bug {bug}")));
    let rate = settings.rate.map_or("max".to_owned(), |rate| rate.to_string());
    words.push(format!("-w {} -n {} -c {} -r {rate}", case.workload, settings.nodes, settings.concurrency));
    let text = crate::values::duration_text;
    words.push(format!(
        "-t {} --client-timeout {}",
        text(settings.time_limit),
        text(settings.client_timeout)
    ));
    words.push(format!("--schedule {} --seed {}", schedule.display(), settings.seed));
    Ok(words.join(" "))
}
