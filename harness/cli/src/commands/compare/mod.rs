//! `ordalia compare`: sides under the same faults with the same operations, held against each other.

mod conditions;
mod folder;
mod real;
mod side;
mod simulated;
mod stored;
mod tell;

use ordalia_checker::Verdict;
use ordalia_measure::comparison::{Entry, Unlike, compare as hold};
use ordalia_measure::figures_of;
use ordalia_record::{RunFolder, RunInfo, read_json};
use tokio::sync::watch;

use crate::args::CompareArgs;
use crate::commands::interrupt;
use crate::exit::{Failure, Outcome};

use conditions::Conditions;
use folder::Folder;
use side::Side;

/// The runs of a comparison, so far as they were made.
struct Made {
    /// The sides' names, in their order.
    names: Vec<String>,
    /// One for each side and seed.
    entries: Vec<(Entry, RunFolder)>,
    /// What a reader must know.
    notes: Vec<String>,
    /// Whether some runs were not made.
    interrupted: bool,
}

/// Compares, tells, and draws.
pub fn compare(args: &CompareArgs) -> Outcome {
    if !args.runs.is_empty() {
        let made = stored::read(args)?;
        return conclude(args, made, &Folder::create(&args.results)?);
    }
    let (sides, notes) = side::sides(args)?;
    let conditions = Conditions::of(args, &sides, notes)?;
    let folder = Folder::create(&args.results)?;
    let made = make(args, &sides, conditions, &folder)?;
    conclude(args, made, &folder)
}

/// Makes all runs: seed by seed, the sides in turns, another one first each time.
fn make(
    args: &CompareArgs,
    sides: &[Side],
    conditions: Conditions,
    folder: &Folder,
) -> Result<Made, Failure> {
    let (interrupted, watched) = watch::channel(false);
    interrupt::heed("comparing what was run so far", move || {
        interrupted.send_replace(true);
    })?;
    if args.warm_up.is_some() {
        real::warm_up(args, sides, &conditions, &watched)?;
    }
    let mut entries = Vec::new();
    let seeds = args.seeds.end - args.seeds.start;
    for (at, seed) in args.seeds.clone().enumerate() {
        let schedule = conditions.schedule(args, seed)?;
        let path = folder.keep_schedule(seed, &schedule)?;
        let mut of_seed = Vec::new();
        for turn in 0..sides.len() {
            let number = (at + turn) % sides.len();
            let side = &sides[number];
            eprintln!("seed {seed} ({} of {seeds}), {}", at + 1, side.name);
            let run = match args.sim {
                true => simulated::run(args, side, &sides[0], &conditions, seed, &schedule)?,
                false => real::run(args, side, &conditions, seed, &path, &watched)?,
            };
            // A run that was cut short has no pair.
            if *watched.borrow() {
                break;
            }
            let info = read_json(&run.run_json(), "the settings of a run")?;
            let entry = entry(number, info, &run, folder.relative(&run))?;
            tell::line(&side.name, seed, &entry);
            of_seed.push((entry, run));
        }
        if *watched.borrow() {
            break;
        }
        entries.append(&mut of_seed);
    }
    let names = sides.iter().map(|side| side.name.clone()).collect();
    Ok(Made { names, entries, notes: conditions.notes, interrupted: *watched.borrow() })
}

/// A run that is stored and judged, as it goes into a comparison; `folder` is how the comparison names its place.
fn entry(side: usize, info: RunInfo, run: &RunFolder, folder: String) -> Result<Entry, Failure> {
    Ok(Entry {
        side,
        info,
        schedule: read_json(&run.schedule(), "a fault schedule")?,
        verdict: read_json(&run.verdict(), "a verdict")?,
        figures: figures_of(run)?,
        folder,
    })
}

/// Holds the sides against each other, writes `compare.json` and the page, and prints the table.
fn conclude(args: &CompareArgs, made: Made, folder: &Folder) -> Outcome {
    let Made { names, entries, mut notes, interrupted } = made;
    if entries.is_empty() {
        return Err(
            anyhow::anyhow!("interrupted before all sides had run once: nothing can be compared").into()
        );
    }
    let (entries, runs): (Vec<Entry>, Vec<RunFolder>) = entries.into_iter().unzip();
    let by_place: Vec<(usize, u64)> = entries.iter().map(|entry| (entry.side, entry.info.seed)).collect();
    let mut comparison = hold(&names, entries).map_err(refused)?;
    if interrupted {
        notes.push("Interrupted: the seeds that not every side has run are left out.".to_owned());
        comparison.verdict = comparison.verdict.max(Verdict::Unknown);
    }
    comparison.notes = notes;
    comparison.made = ordalia_runner::time_text();
    comparison.command = tell::command(args);
    let drawn: Vec<_> = by_place.into_iter().zip(runs).collect();
    folder.write(&comparison, &drawn)?;
    if args.runs.is_empty() {
        // Nobody reads the histories again but those who look closer, and they may read compressed ones.
        drawn.iter().try_for_each(|(_, run)| run.compress().map(drop))?;
    }
    folder.point_latest(&args.results)?;
    tell::print(&comparison, folder, args.json)?;
    Ok(Some(comparison.verdict))
}

/// Runs that cannot be compared were asked for: that is wrong usage.
#[expect(clippy::needless_pass_by_value, reason = "map_err gives it away")]
fn refused(unlike: Unlike) -> Failure {
    Failure::usage(unlike.to_string())
}
