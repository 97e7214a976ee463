//! The verdict on a stored run.
//!
//! Judging reads what was recorded and nothing else, so a run is judged in the same way right after it
//! ended and years later, and a run whose controller was killed can still be judged.

use ordalia_checker::{Budget, History, TestVerdict};
use ordalia_history::{PairError, jsonl};
use ordalia_record::{
    FaultRecord, RunFolder, RunInfo, judge_faults, judge_run, read_json, read_json_lines, write_json,
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
    let recorded = jsonl::read(&folder.history())?;
    let unpaired = |source: PairError| {
        let place = recorded.lines.place(&folder.history(), source.index());
        JudgeError::Pairing { place, source }
    };
    let history = History::new(recorded.events).map_err(unpaired)?;
    let mut verdict = TestVerdict::reach(&workload.checkers(), &history, budget);
    verdict.add("faults", judge_faults(&schedule, &records));
    verdict.add("run", judge_run(&info, recorded.torn_tail));
    write_json(&folder.verdict(), &verdict)?;
    Ok(verdict)
}
