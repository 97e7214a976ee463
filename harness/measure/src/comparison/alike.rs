//! Whether runs may be held against each other at all.

use ordalia_record::RunInfo;
use thiserror::Error;

use super::{Conditions, Entry};

/// Why runs cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unlike {
    /// There is nothing to hold anything against.
    #[error("expected at least two sides, found {0}")]
    Sides(usize),
    /// A side lacks a seed that another one has, or has it twice.
    #[error(
        "{side} has {found} runs of seed {seed} and {other} has {expected}; expected one run of each seed on every side"
    )]
    Seeds {
        /// The side.
        side: String,
        /// How many runs it has.
        found: usize,
        /// The side that has more.
        other: String,
        /// How many that has.
        expected: usize,
        /// The seed.
        seed: u64,
    },
    /// A setting differs.
    #[error("the runs cannot be compared: {what} is {first} in {first_run} and {second} in {second_run}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// What it is in the first run.
        first: String,
        /// The first run.
        first_run: String,
        /// What it is in the second.
        second: String,
        /// The second run.
        second_run: String,
    },
    /// The faults differ.
    #[error(
        "the runs cannot be compared: they faced different fault schedules: {first_run} one of {first} faults, \
         {second_run} one of {second}, and {difference}; run both with the same --schedule"
    )]
    Schedule {
        /// The first run.
        first_run: String,
        /// Its number of faults.
        first: usize,
        /// The second run.
        second_run: String,
        /// Its number of faults.
        second: usize,
        /// Where they first differ.
        difference: String,
    },
}

/// A setting that must be the same everywhere.
type Setting = (&'static str, fn(&RunInfo) -> String);

const SETTINGS: [Setting; 7] = [
    ("the workload", |info| info.workload.clone()),
    ("the number of nodes", |info| info.nodes.to_string()),
    ("the number of clients", |info| info.concurrency.to_string()),
    ("the rate", |info| info.rate.map_or("max".to_owned(), |rate| rate.to_string())),
    ("the time limit in milliseconds", |info| info.time_limit_ms.to_string()),
    ("the clients' time-out in milliseconds", |info| info.client_timeout_ms.to_string()),
    ("whether it is simulated", |info| info.simulated.to_string()),
];

/// What all of them have in common. They are sorted by seed and side.
pub(super) fn conditions(names: &[String], entries: &[Entry]) -> Result<Conditions, Unlike> {
    let Some(first) = entries.first().filter(|_| names.len() > 1) else {
        return Err(Unlike::Sides(names.len().min(1)));
    };
    for entry in entries {
        for (what, of) in SETTINGS {
            let (expected, found) = (of(&first.info), of(&entry.info));
            if expected != found {
                let (first_run, second_run) = (first.folder.clone(), entry.folder.clone());
                return Err(Unlike::Setting { what, first: expected, first_run, second: found, second_run });
            }
        }
    }
    let mut seeds: Vec<u64> = entries.iter().map(|entry| entry.info.seed).collect();
    seeds.dedup();
    for seed in &seeds {
        one_each(names, entries, *seed)?;
        same_faults(entries, *seed)?;
    }
    let info = &first.info;
    Ok(Conditions {
        workload: info.workload.clone(),
        nodes: info.nodes,
        concurrency: info.concurrency,
        rate: info.rate,
        time_limit_ms: info.time_limit_ms,
        client_timeout_ms: info.client_timeout_ms,
        simulated: info.simulated,
        seeds,
    })
}

fn one_each(names: &[String], entries: &[Entry], seed: u64) -> Result<(), Unlike> {
    let of = |side: usize| entries.iter().filter(|one| one.info.seed == seed && one.side == side).count();
    let most = (0..names.len()).max_by_key(|side| of(*side)).unwrap_or(0);
    let odd = (0..names.len()).find(|side| of(*side) != 1);
    odd.map_or(Ok(()), |odd| {
        Err(Unlike::Seeds {
            side: names[odd].clone(),
            found: of(odd),
            other: names[most].clone(),
            expected: of(most),
            seed,
        })
    })
}

fn same_faults(entries: &[Entry], seed: u64) -> Result<(), Unlike> {
    let mut of_seed = entries.iter().filter(|entry| entry.info.seed == seed);
    let Some(first) = of_seed.next() else { return Ok(()) };
    let other = of_seed.find(|entry| entry.schedule.faults != first.schedule.faults);
    other.map_or(Ok(()), |other| {
        let (one, two) = (&first.schedule.faults, &other.schedule.faults);
        let at = one.iter().zip(two).position(|(one, two)| one != two).unwrap_or(one.len().min(two.len()));
        let told = |faults: &[ordalia_schedule::TimedFault]| {
            faults.get(at).map_or("nothing".to_owned(), |fault| {
                format!("{} at {} ms", fault.fault.kind().name(), fault.at_ms)
            })
        };
        Err(Unlike::Schedule {
            first_run: first.folder.clone(),
            first: one.len(),
            second_run: other.folder.clone(),
            second: two.len(),
            difference: format!("the fault at place {at} is {} and {}", told(one), told(two)),
        })
    })
}
