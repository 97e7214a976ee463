//! What a campaign's file may name, and how a cell becomes the arguments of a single test.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ordalia_campaign::{Cell, Known, Mode};
use ordalia_node::NodeInfo;
use ordalia_schedule::Profile;

use crate::args::{RunArgs, SimArgs};
use crate::commands::sim::Plan;
use crate::commands::trial::Trial;
use crate::exit::Failure;
use crate::registry::{WORKLOADS, infos, startable};
use crate::values::{Concurrency, Rate, duration, seed_range};

/// The registry of the command line.
pub struct Registry;

fn info(target: &str) -> Option<&'static NodeInfo> {
    infos().find(|info| info.name == target)
}

fn owned<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names.map(ToOwned::to_owned).collect()
}

impl Known for Registry {
    fn targets(&self) -> Vec<String> {
        owned(infos().map(|info| info.name))
    }

    fn workloads(&self) -> Vec<String> {
        owned(WORKLOADS.iter().map(|workload| workload.name))
    }

    fn faults(&self) -> Vec<String> {
        ["none".to_owned()].into_iter().chain(Profile::names()).collect()
    }

    fn workload_of(&self, target: &str) -> Option<String> {
        startable(target).ok().map(|entry| entry.workload().to_owned())
    }

    fn options_of(&self, target: &str) -> Vec<String> {
        owned(info(target).iter().flat_map(|info| info.options.iter().map(|option| option.name)))
    }

    fn values_of(&self, target: &str, option: &str) -> Vec<String> {
        let options = info(target).map_or(&[][..], |info| info.options);
        let option = options.iter().find(|known| known.name == option);
        owned(option.iter().flat_map(|option| option.values.iter().copied()))
    }

    fn bugs_of(&self, target: &str) -> Vec<String> {
        owned(info(target).iter().flat_map(|info| info.bugs.iter().map(|bug| bug.name)))
    }

    fn duration(&self, text: &str) -> Result<Duration, String> {
        duration(text)
    }

    fn seeds(&self, text: &str) -> Result<Range<u64>, String> {
        seed_range(text)
    }

    fn check_concurrency(&self, text: &str) -> Result<(), String> {
        text.parse::<Concurrency>().map(|_| ())
    }

    fn check_rate(&self, text: &str) -> Result<(), String> {
        text.parse::<Rate>().map(|_| ())
    }

    fn check(&self, cell: &Cell) -> Result<(), String> {
        let results = Path::new("results");
        match cell.mode {
            Mode::Sim => sim_args(cell, results).and_then(|args| Plan::new(&args).map(|_| ())),
            // Each seed draws a schedule of its own, and every one must have a fault in it.
            Mode::Real => cell
                .seeds
                .iter()
                .try_for_each(|seed| run_args(cell, *seed, results).and_then(Trial::new).map(|_| ())),
        }
        .map_err(|failure| failure.to_string())
    }
}

/// What `ordalia sim` would be told for a cell.
pub fn sim_args(cell: &Cell, results: &Path) -> Result<SimArgs, Failure> {
    let default = SimArgs::default();
    Ok(SimArgs {
        target: cell.target.clone(),
        workload: Some(cell.workload.clone()),
        nodes: cell.nodes,
        concurrency: parsed(cell.concurrency.as_deref())?,
        rate: parsed(cell.rate.as_deref())?,
        time_limit: cell.time_limit,
        faults: cell.faults.clone(),
        fault_interval: cell.fault_interval,
        schedule: cell.schedule.as_ref().map(PathBuf::from),
        bugs: cell.bugs.clone(),
        client_timeout: cell.client_timeout,
        liveness: cell.liveness.unwrap_or(default.liveness),
        results: results.to_owned(),
        options: cell.options.clone(),
        ..default
    })
}

/// What `ordalia run` would be told for a cell.
pub fn run_args(cell: &Cell, seed: u64, results: &Path) -> Result<RunArgs, Failure> {
    if cell.liveness.is_some() {
        return Err(Failure::usage("liveness is judged in the simulator alone"));
    }
    let default = RunArgs::default();
    Ok(RunArgs {
        target: cell.target.clone(),
        workload: Some(cell.workload.clone()),
        nodes: cell.nodes,
        concurrency: parsed(cell.concurrency.as_deref())?.unwrap_or(default.concurrency),
        rate: parsed(cell.rate.as_deref())?.unwrap_or(default.rate),
        time_limit: cell.time_limit,
        seed: Some(seed),
        faults: cell.faults.clone().unwrap_or(default.faults),
        fault_interval: cell.fault_interval.unwrap_or(default.fault_interval),
        schedule: cell.schedule.as_ref().map(PathBuf::from),
        bugs: cell.bugs.clone(),
        client_timeout: cell.client_timeout.unwrap_or(default.client_timeout),
        results: results.to_owned(),
        options: cell.options.clone(),
        ..default
    })
}

/// A value in the form of the command line.
fn parsed<T: std::str::FromStr<Err = String>>(text: Option<&str>) -> Result<Option<T>, Failure> {
    text.map(|text| text.parse().map_err(Failure::Usage)).transpose()
}
