//! The one place that names targets and workloads.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use ordalia_coordination::Coordination;
use ordalia_host::HostSettings;
use ordalia_node::{Anatomy, Node, NodeInfo};
use ordalia_raft_kv::RaftKv;
use ordalia_record::TargetSettings;
use ordalia_runner::BuiltIn;
use ordalia_sensor_barrier::SensorBarrier;
use ordalia_sim::Simulate;
use ordalia_workloads::WorkloadInfo;

use crate::exit::Failure;

/// A target that Ordalia builds itself.
pub struct TargetEntry {
    /// What it declares of itself.
    pub info: NodeInfo,
    /// What it says of whole clusters.
    pub anatomy: Anatomy,
    /// Runs one node of it in this process, until it ends.
    pub host: fn(HostSettings) -> Result<(), ordalia_host::HostError>,
    /// Simulates one test of it.
    pub simulate: Simulate,
    /// The workload that it is tried with where none is named.
    pub workload: &'static str,
    /// The number of nodes that a run has where none is named.
    pub nodes: u16,
}

impl TargetEntry {
    const fn new<N: Node + 'static>(workload: &'static str) -> Self {
        let (host, simulate) = (ordalia_host::run::<N>, ordalia_sim::simulate::<N>);
        Self { info: N::INFO, anatomy: Anatomy::of::<N>(), host, simulate, workload, nodes: 5 }
    }

    /// The same with another number of nodes.
    const fn of(self, nodes: u16) -> Self {
        Self { nodes, ..self }
    }

    /// The target with these options and bugs, its nodes run by this executable.
    ///
    /// # Errors
    /// The executable cannot be found.
    pub fn built_in(
        &self,
        options: BTreeMap<String, String>,
        bugs: BTreeSet<String>,
    ) -> anyhow::Result<BuiltIn> {
        let executable = std::env::current_exe().context("the running executable cannot be found")?;
        let bugs = bugs.into_iter().collect();
        let settings = TargetSettings { name: self.info.name.to_owned(), options, bugs };
        Ok(BuiltIn { executable, info: self.info, anatomy: self.anatomy, settings })
    }
}

/// All targets: one line each.
pub static TARGETS: &[TargetEntry] = &[
    TargetEntry::new::<RaftKv>("register"),
    TargetEntry::new::<Coordination>("versions"),
    TargetEntry::new::<SensorBarrier>("sensors").of(7),
];

/// All workloads.
pub use ordalia_workloads::ALL as WORKLOADS;

/// The target of that name.
///
/// # Errors
/// There is none; lists those that there are.
pub fn target(name: &str) -> Result<&'static TargetEntry, Failure> {
    let names = || TARGETS.iter().map(|target| target.info.name);
    TARGETS.iter().find(|target| target.info.name == name).ok_or_else(|| unknown("target", name, names()))
}

/// The workload of that name.
///
/// # Errors
/// There is none; lists those that there are.
pub fn workload(name: &str) -> Result<&'static WorkloadInfo, Failure> {
    let names = || WORKLOADS.iter().map(|workload| workload.name);
    WORKLOADS.iter().find(|workload| workload.name == name).ok_or_else(|| unknown("workload", name, names()))
}

/// The workloads that the target answers, the one that it is tried with first of all.
pub fn answered(target: &TargetEntry) -> Vec<&'static WorkloadInfo> {
    let answers =
        |workload: &&WorkloadInfo| workload.asks.iter().all(|kind| target.info.answers.contains(kind));
    let mut answered: Vec<&WorkloadInfo> = WORKLOADS.iter().filter(answers).collect();
    answered.sort_by_key(|workload| workload.name != target.workload);
    answered
}

/// Checks that the target has these planted bugs.
///
/// # Errors
/// It does not know one of them; lists those that it does.
pub fn bugs(target: &TargetEntry, asked: &[String]) -> Result<BTreeSet<String>, Failure> {
    let names = || target.info.bugs.iter().map(|bug| bug.name);
    let what = format!("bug of {}", target.info.name);
    match asked.iter().find(|asked| !names().any(|name| name == asked.as_str())) {
        Some(stranger) => Err(unknown(&what, stranger, names())),
        None => Ok(asked.iter().cloned().collect()),
    }
}

/// Checks that the target takes these options with these values.
///
/// # Errors
/// It does not; says what it takes.
pub fn check_options(target: &TargetEntry, options: &BTreeMap<String, String>) -> Result<(), Failure> {
    for (name, value) in options {
        let names = || target.info.options.iter().map(|option| option.name);
        let Some(option) = target.info.options.iter().find(|option| option.name == name) else {
            return Err(unknown(&format!("option of {}", target.info.name), name, names()));
        };
        let known = option.values.is_empty() || option.values.contains(&value.as_str());
        if !known {
            let what = format!("value of --{name}");
            return Err(unknown(&what, value, option.values.iter().copied()));
        }
        if option.values.is_empty() && value.parse::<u64>().is_err() {
            return Err(Failure::usage(format!("--{name}: expected a number, found {value:?}")));
        }
    }
    Ok(())
}

/// Says that a name is not known, and which are.
pub fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let known: Vec<&str> = known.collect();
    Failure::usage(format!("unknown {what} {name:?}; known: {}", known.join(", ")))
}
