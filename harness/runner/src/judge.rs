//! The verdict on a stored run.
//!
//! Judging reads what was recorded and nothing else, so a run is judged in the same way right after it
//! ended and years later, and a run whose controller was killed can still be judged.

use std::path::PathBuf;
use std::sync::Arc;

use ordalia_checker::linearizable::{Depiction, Examination, Examiner};
use ordalia_checker::{Budget, Checker, History, TestVerdict, Verdict};
use ordalia_history::{Event, PairError, jsonl};
use ordalia_record::{
    Demand, FaultRecord, RecordError, RunFolder, RunInfo, judge_faults, judge_run, merge_acts, read_json,
    read_json_lines, write_compact_json, write_history, write_json,
};
use ordalia_schedule::Schedule;
use ordalia_workload::Workload;
use thiserror::Error;

/// Why a stored run could not be judged.
#[derive(Debug, Error)]
pub enum JudgeError {
    /// A file of the run could not be read or written.
    #[error(transparent)]
    Record(#[from] ordalia_record::RecordError),
    /// The history could not be read.
    #[error(transparent)]
    History(#[from] jsonl::ReadError),
    /// The history is none.
    #[error("{place}: {source}")]
    Pairing {
        /// The file, and the line.
        place: String,
        /// Where and why.
        source: PairError,
    },
}

/// Judges a stored run with the checkers of its workload, and writes `verdict.json`.
///
/// # Errors
/// A file of the run is missing or damaged.
pub fn judge(
    folder: &RunFolder,
    workload: &dyn Workload,
    budget: &Budget,
) -> Result<TestVerdict, JudgeError> {
    let info: RunInfo = read_json(&folder.run_json(), "the settings of a run")?;
    let schedule: Schedule = read_json(&folder.schedule(), "a fault schedule")?;
    let records: Vec<FaultRecord> = read_json_lines(&folder.faults(), "what a fault did")?;
    // Done already, unless the controller of the run died.
    let merged = merge_acts(folder, &info.deaths)?.unwrap_or_default();
    let recorded = jsonl::read(&folder.history())?;
    let unpaired = |source: PairError| {
        let place = recorded.lines.place(&folder.history(), source.index());
        JudgeError::Pairing { place, source }
    };
    let history = History::new(recorded.events).map_err(unpaired)?;
    let (mut verdict, shown) = reach(&workload.checkers(), &history, budget);
    keep(folder, shown)?;
    let demand = if info.simulated { Demand::Some } else { Demand::EachKind };
    verdict.add("faults", judge_faults(&schedule, &records, demand));
    verdict.add("run", judge_run(&info, recorded.torn_tail || merged.torn_history));
    write_json(&folder.verdict(), &verdict)?;
    Ok(verdict)
}

/// The longest history whose keys are all kept for a picture; of longer ones the failing keys are.
const MAX_DEPICTED: usize = 200_000;

/// What shows a failure.
struct Shown {
    /// What was found, for a picture.
    depiction: Depiction,
    /// The few operations that the failure comes down to, as a history of their own; `None` where failures of
    /// this kind are not cut down.
    minimal: Option<Vec<Event>>,
}

impl Shown {
    fn of(examiner: &dyn Examiner, history: &History, found: &Examination, budget: &Budget) -> Self {
        let mut depiction = examiner.depict(history, found);
        let failure = found.first_failure(history);
        let shrunk = failure.and_then(|key| examiner.shrink(history, key, budget));
        if let Some(shrunk) = &shrunk {
            depiction.mark(&shrunk.proof);
        }
        if history.operations.len() > MAX_DEPICTED {
            depiction.keep_failures();
        }
        let minimal = shrunk.map(|shrunk| shrunk.shown().events(&history.operations));
        Self { depiction, minimal }
    }
}

/// Runs all checkers. Where one that can show what it found does not find the history linearizable, with what
/// it shows.
fn reach(checkers: &[Box<dyn Checker>], history: &History, budget: &Budget) -> (TestVerdict, Option<Shown>) {
    let mut shown = None;
    let mut judge = |checker: &dyn Checker| {
        let Some(examiner) = checker.as_examiner() else { return checker.check(history, budget) };
        let examination = examiner.examine(history, budget, &Arc::default());
        if examination.judgement.valid == Verdict::Invalid {
            shown = Some(Shown::of(examiner, history, &examination, budget));
        }
        examination.judgement
    };
    let judgements =
        checkers.iter().map(|checker| (checker.name().to_owned(), judge(checker.as_ref()))).collect();
    (TestVerdict::compose(judgements), shown)
}

/// Writes `linearization.json` and `minimal.jsonl` where there is something to show, and removes those of an
/// earlier verdict where there is not.
fn keep(folder: &RunFolder, shown: Option<Shown>) -> Result<(), RecordError> {
    let (depiction, minimal) = shown.map_or((None, None), |shown| (Some(shown.depiction), shown.minimal));
    match depiction {
        Some(depiction) => write_compact_json(&folder.linearization(), &depiction)?,
        None => remove(folder.linearization())?,
    }
    match minimal {
        Some(events) => write_history(&folder.minimal(), &events),
        None => remove(folder.minimal()),
    }
}

/// Removes a file, if it is there.
fn remove(path: PathBuf) -> Result<(), RecordError> {
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(RecordError::Io { path, source }),
        _ => Ok(()),
    }
}
