//! Runs that are stored already.

use std::path::Path;

use anyhow::anyhow;
use ordalia_measure::comparison::Entry;
use ordalia_record::{RunFolder, RunInfo, TargetSettings, read_json};

use super::{Made, entry};
use crate::args::CompareArgs;
use crate::exit::Failure;

/// Reads the runs and finds out which belong to one side: those of one target with the same options, bugs and build,
/// as long as their seeds differ.
pub fn read(args: &CompareArgs) -> Result<Made, Failure> {
    let mut sides: Vec<(TargetSettings, String, Vec<u64>)> = Vec::new();
    let mut entries = Vec::new();
    for path in &args.runs {
        let run = RunFolder::open(path).map_err(|error| Failure::usage(error.to_string()))?;
        let info: RunInfo = read_json(&run.run_json(), "the settings of a run")?;
        let same = |side: &(TargetSettings, String, Vec<u64>)| {
            side.0 == info.target && side.1 == info.binary && !side.2.contains(&info.seed)
        };
        let side = sides.iter().position(same).unwrap_or_else(|| {
            sides.push((info.target.clone(), info.binary.clone(), Vec::new()));
            sides.len() - 1
        });
        sides[side].2.push(info.seed);
        entries.push((judged(side, info, &run, path)?, run));
    }
    let names = names(&sides);
    Ok(Made { names, entries, notes: Vec::new(), interrupted: false })
}

/// The entry of a run that was judged, named by where it lies.
fn judged(side: usize, info: RunInfo, run: &RunFolder, path: &Path) -> Result<Entry, Failure> {
    if !run.verdict().exists() {
        return Err(Failure::usage(format!(
            "{} was not judged yet: ordalia report {0}",
            run.root().display()
        )));
    }
    let folder = std::fs::canonicalize(path).map_err(|error| anyhow!("{}: {error}", path.display()))?;
    entry(side, info, run, folder.display().to_string())
}

/// The sides' names; those that would be the same are told apart by their build or their number.
fn names(sides: &[(TargetSettings, String, Vec<u64>)]) -> Vec<String> {
    let words = |target: &TargetSettings| {
        let options = target.options.iter().map(|(name, value)| format!(" --{name} {value}"));
        let bugs = target.bugs.iter().map(|bug| format!(" --bug {bug}"));
        format!("{}{}", target.name, options.chain(bugs).collect::<String>())
    };
    let plain: Vec<String> = sides.iter().map(|(target, ..)| words(target)).collect();
    let told = |(at, name): (usize, &String)| {
        let alike: Vec<usize> = (0..plain.len()).filter(|other| plain[*other] == *name).collect();
        let one_build = alike.iter().all(|other| sides[*other].1 == sides[at].1);
        match alike.len() {
            1 => name.clone(),
            _ if one_build => {
                let place = alike.iter().position(|other| *other == at).map_or(1, |place| place + 1);
                format!("{name} (run {place})")
            }
            _ => format!("{name} (build {})", sides[at].1),
        }
    };
    plain.iter().enumerate().map(told).collect()
}
