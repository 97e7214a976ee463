//! The one place that names targets and workloads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use ordalia_coordination::Coordination;
use ordalia_etcd::Etcd;
use ordalia_host::HostSettings;
use ordalia_node::{Anatomy, BugInfo, Node, NodeInfo, OptionInfo};
use ordalia_raft_kv::RaftKv;
use ordalia_record::TargetSettings;
use ordalia_runner::{BuiltIn, Target};
use ordalia_sensor_barrier::SensorBarrier;
use ordalia_sim::Simulate;
use ordalia_workloads::WorkloadInfo;
use ordalia_zookeeper::{WithZookeeper, Zookeeper};

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

/// Makes a target with its options; the error says what is not installed.
type MakeReal = fn(BTreeMap<String, String>) -> Result<Box<dyn Target>, String>;

/// A real system that Ordalia knows how to start. The simulator cannot run it.
pub struct RealEntry {
    /// What it declares of itself.
    pub info: NodeInfo,
    /// The system as it is installed on this machine.
    pub installed: MakeReal,
    /// The workload that it is tried with where none is named.
    pub workload: &'static str,
}

/// The option that says who the ensemble is.
pub const ENSEMBLE: &str = "ensemble";

/// How many nodes a real system is run with where nothing else is asked for.
const REAL_NODES: u16 = 3;

/// All real systems: one line each.
pub static REAL: &[RealEntry] = &[
    RealEntry {
        info: ordalia_zookeeper::INFO,
        installed: |options| Ok(Box::new(Zookeeper::installed(options)?)),
        workload: "register",
    },
    RealEntry {
        info: ordalia_etcd::INFO,
        installed: |options| Ok(Box::new(Etcd::installed(options)?)),
        workload: "register",
    },
];

/// A target that Ordalia builds itself, on the ensemble of a real system.
pub struct MixedEntry {
    /// The target.
    pub target: &'static str,
    /// The system, which is the value of `--ensemble`.
    pub system: &'static str,
    /// The target with that ensemble; the error says what is not installed.
    installed: fn(BuiltIn) -> Result<Box<dyn Target>, String>,
    /// The defects and the options that are the own ensemble's, which is not there.
    absent_bugs: &'static [BugInfo],
    absent_options: &'static [OptionInfo],
    /// The options among those that hold for the system too, with the values that do.
    kept: &'static [(&'static str, &'static [&'static str])],
    /// What the user is to know.
    pub note: &'static str,
}

/// All of them: one each.
pub static MIXED: &[MixedEntry] = &[MixedEntry {
    target: "sensor-barrier",
    system: "zookeeper",
    installed: |own| Ok(Box::new(WithZookeeper::installed(own)?)),
    absent_bugs: ordalia_sensor_barrier::bugs::SERVICE,
    absent_options: ordalia_coordination::options::INFO,
    kept: &[("reads", &["read-index", "local"]), ("ensemble", &["zookeeper"])],
    note: "the first 3 nodes are ZooKeeper servers: they are killed and paused, and the links between them and the \
           sensors are hurt; the links from server to server are not",
}];

/// What every target declares of itself.
pub fn infos() -> impl Iterator<Item = &'static NodeInfo> {
    TARGETS.iter().map(|target| &target.info).chain(REAL.iter().map(|real| &real.info))
}

/// A target that real processes can be started of.
pub enum Startable {
    /// One that Ordalia builds itself.
    Own(&'static TargetEntry),
    /// A system of others.
    Real(&'static RealEntry),
    /// The one on the other.
    Mixed(&'static TargetEntry, &'static MixedEntry),
}

impl Startable {
    /// The same on a real ensemble, if the options ask for one that there is.
    pub fn on_asked(self, options: &BTreeMap<String, String>) -> Self {
        let Startable::Own(entry) = self else { return self };
        let asked = options.get(ENSEMBLE);
        let is_asked = |mixed: &&MixedEntry| {
            mixed.target == entry.info.name && asked.is_some_and(|it| it == mixed.system)
        };
        MIXED.iter().find(is_asked).map_or(self, |mixed| Startable::Mixed(entry, mixed))
    }

    /// Checks that it takes these options, and has these planted bugs.
    ///
    /// # Errors
    /// It does not; says what it takes.
    pub fn check(
        &self,
        options: &BTreeMap<String, String>,
        asked: &[String],
    ) -> Result<BTreeSet<String>, Failure> {
        let bugs = bugs(self.info(), asked)?;
        match self {
            Startable::Mixed(_, mixed) => {
                mixed.check(options, &bugs)?;
                let mut others = options.clone();
                others.remove(ENSEMBLE);
                check_options(self.info(), &others)?;
            }
            _ => check_options(self.info(), options)?,
        }
        Ok(bugs)
    }

    /// What the user is to know ahead of a run.
    pub fn note(&self) -> Option<&'static str> {
        match self {
            Startable::Mixed(_, mixed) => Some(mixed.note),
            _ => None,
        }
    }

    /// What it declares of itself.
    pub fn info(&self) -> &'static NodeInfo {
        match self {
            Startable::Own(entry) | Startable::Mixed(entry, _) => &entry.info,
            Startable::Real(entry) => &entry.info,
        }
    }

    /// The workload that it is tried with where none is named.
    pub fn workload(&self) -> &'static str {
        match self {
            Startable::Own(entry) | Startable::Mixed(entry, _) => entry.workload,
            Startable::Real(entry) => entry.workload,
        }
    }

    /// The number of nodes that it is run with where none is given.
    pub fn nodes(&self) -> u16 {
        match self {
            Startable::Own(entry) | Startable::Mixed(entry, _) => entry.nodes,
            Startable::Real(_) => REAL_NODES,
        }
    }

    /// The target with these options and bugs.
    ///
    /// # Errors
    /// It is not installed, or the executable cannot be found.
    pub fn make(
        &self,
        options: BTreeMap<String, String>,
        bugs: BTreeSet<String>,
    ) -> anyhow::Result<Box<dyn Target>> {
        match self {
            Startable::Own(entry) => Ok(Box::new(entry.built_in(options, bugs)?)),
            Startable::Real(entry) => (entry.installed)(options).map_err(anyhow::Error::msg),
            Startable::Mixed(entry, mixed) => {
                (mixed.installed)(entry.built_in(options, bugs)?).map_err(anyhow::Error::msg)
            }
        }
    }

    /// The same with nodes that another build of Ordalia runs.
    ///
    /// # Errors
    /// There is no such file, or Ordalia does not run the nodes of this target.
    pub fn make_of_build(
        &self,
        options: BTreeMap<String, String>,
        bugs: BTreeSet<String>,
        build: &Path,
    ) -> Result<Box<dyn Target>, Failure> {
        let refused = |why: String| Failure::usage(format!("--executable {}: {why}", build.display()));
        match self {
            Startable::Own(_) | Startable::Mixed(..) if !build.is_file() => {
                Err(refused("there is no such file".to_owned()))
            }
            Startable::Own(entry) => {
                let executable = build.canonicalize().map_err(|error| refused(error.to_string()))?;
                Ok(Box::new(BuiltIn { executable, ..entry.built_in(options, bugs)? }))
            }
            Startable::Mixed(entry, mixed) => {
                let executable = build.canonicalize().map_err(|error| refused(error.to_string()))?;
                let own = BuiltIn { executable, ..entry.built_in(options, bugs)? };
                Ok((mixed.installed)(own).map_err(anyhow::Error::msg)?)
            }
            Startable::Real(entry) => Err(refused(format!("{} is not run by Ordalia", entry.info.name))),
        }
    }
}

impl MixedEntry {
    /// Sees that nothing is asked for that only the target's own ensemble has.
    fn check(&self, options: &BTreeMap<String, String>, bugs: &BTreeSet<String>) -> Result<(), Failure> {
        let system = self.system;
        if let Some(bug) = self.absent_bugs.iter().find(|bug| bugs.contains(bug.name)) {
            return Err(Failure::usage(format!(
                "--bug {}: it is one of the service of our own, and cannot be planted in {system}; leave out \
                 --ensemble {system}, or take a bug of {}'s own",
                bug.name, self.target
            )));
        }
        for (name, value) in options {
            let kept = self.kept.iter().find(|(kept, _)| kept == name);
            let is_absent = self.absent_options.iter().any(|option| option.name == name);
            match kept {
                Some((_, values)) if !values.contains(&value.as_str()) => {
                    let what = format!("value of --{name} with --ensemble {system}");
                    return Err(unknown(&what, value, values.iter().copied()));
                }
                None if is_absent => {
                    return Err(Failure::usage(format!(
                        "--{name}: it sets up the service of our own, which is not there with --ensemble {system}"
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The target of that name, for real processes.
///
/// # Errors
/// There is none; lists those that there are.
pub fn startable(name: &str) -> Result<Startable, Failure> {
    match REAL.iter().find(|real| real.info.name == name) {
        Some(real) => Ok(Startable::Real(real)),
        None if TARGETS.iter().any(|target| target.info.name == name) => target(name).map(Startable::Own),
        None => Err(unknown("target", name, infos().map(|info| info.name))),
    }
}

/// All workloads.
pub use ordalia_workloads::ALL as WORKLOADS;

/// The target of that name, if Ordalia builds it itself.
///
/// # Errors
/// There is none; lists those that there are.
pub fn target(name: &str) -> Result<&'static TargetEntry, Failure> {
    if REAL.iter().any(|real| real.info.name == name) {
        return Err(Failure::usage(format!(
            "{name} is a system of its own, which only runs as real processes: ordalia run {name}"
        )));
    }
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

/// By which workloads a target's planted defects are looked for, where not by all that it answers: target, defect (all
/// the others where absent), and the workloads.
static SHOWN_BY: &[(&str, Option<&str>, &[&str])] = &[
    ("coordination", Some("lost-watch"), &["watch"]),
    ("coordination", Some("ephemeral-leak"), &["ephemeral"]),
    ("coordination", Some("early-expiry"), &["ephemeral"]),
    ("coordination", Some("stale-sync"), &["synced"]),
    ("coordination", Some("double-create"), &["queue"]),
    ("coordination", Some("version-ignored"), &["versions"]),
    ("coordination", None, &["register", "versions"]),
    ("sensor-barrier", None, &["sensors"]),
];

/// The workloads by which a planted defect of the target is looked for, in order.
pub fn showing(target: &TargetEntry, bug: &str) -> Vec<&'static WorkloadInfo> {
    let fits = |(of, name, _): &&(&str, Option<&str>, &[&str])| {
        *of == target.info.name && name.is_none_or(|name| name == bug)
    };
    match SHOWN_BY.iter().find(fits) {
        Some((_, _, names)) => names.iter().filter_map(|name| ordalia_workloads::find(name)).collect(),
        None => answered(target),
    }
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
pub fn bugs(info: &NodeInfo, asked: &[String]) -> Result<BTreeSet<String>, Failure> {
    let names = || info.bugs.iter().map(|bug| bug.name);
    let what = format!("bug of {}", info.name);
    match asked.iter().find(|asked| !names().any(|name| name == asked.as_str())) {
        Some(stranger) => Err(unknown(&what, stranger, names())),
        None => Ok(asked.iter().cloned().collect()),
    }
}

/// Checks that the target takes these options with these values.
///
/// # Errors
/// It does not; says what it takes.
pub fn check_options(info: &NodeInfo, options: &BTreeMap<String, String>) -> Result<(), Failure> {
    for (name, value) in options {
        let names = || info.options.iter().map(|option| option.name);
        let Some(option) = info.options.iter().find(|option| option.name == name) else {
            return Err(unknown(&format!("option of {}", info.name), name, names()));
        };
        let known = option.values.is_empty() || option.values.contains(&value.as_str());
        if !known {
            let what = format!("value of --{name}");
            return Err(unknown(&what, value, option.values.iter().copied()));
        }
        if name == ENSEMBLE && REAL.iter().any(|real| real.info.name == value) {
            return Err(no_ensemble(info.name, value));
        }
        if option.values.is_empty() && value.parse::<u64>().is_err() {
            return Err(Failure::usage(format!("--{name}: expected a number, found {value:?}")));
        }
    }
    Ok(())
}

/// Says why a system cannot be the ensemble here.
fn no_ensemble(target: &str, system: &str) -> Failure {
    let is_mixed = MIXED.iter().any(|mixed| mixed.target == target && mixed.system == system);
    Failure::usage(match is_mixed {
        true => format!(
            "--ensemble {system}: {system} is a system of its own, which only runs as real processes: \
             ordalia run {target} --ensemble {system}"
        ),
        false => format!(
            "--ensemble {system}: the ensemble is made of {target}'s own nodes, and {system} cannot stand in for it; \
             give their number, such as 3, or put {system} itself on trial: ordalia run {system}"
        ),
    })
}

/// Says that a name is not known, and which are.
pub fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let known: Vec<&str> = known.collect();
    Failure::usage(format!("unknown {what} {name:?}; known: {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_a_defect_is_there_and_is_answered() {
        for (name, bug, names) in SHOWN_BY {
            let entry = target(name).map_err(|_| name).unwrap();
            assert!(bug.is_none_or(|bug| entry.info.bugs.iter().any(|known| known.name == bug)), "{bug:?}");
            for name in *names {
                assert!(answered(entry).iter().any(|answered| answered.name == *name), "{name}");
            }
        }
        let coordination = target("coordination").map_err(|_| ()).unwrap();
        assert_eq!(showing(coordination, "early-expiry")[0].name, "ephemeral");
        assert_eq!(showing(coordination, "any-vote")[0].name, "register");
    }
}
