//! The verdict on a stored run.
//!
//! Judging reads what was recorded and nothing else, so a run is judged in the same way right after it
//! ended and years later, and a run whose controller was killed can still be judged.

use ordalia_checker::{Budget, History, Judgement, TestVerdict, Verdict};
use ordalia_history::{PairError, jsonl};
use ordalia_record::{FaultRecord, RunFolder, RunInfo, read_json, read_json_lines, write_json};
use ordalia_schedule::Schedule;
use ordalia_workload::Workload;
use thiserror::Error;

use crate::nemesis::judge_faults;

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

/// What [`judge`] adds to a workload's checkers, by the names in verdicts, with a line on each.
pub const JUDGEMENTS: [(&str, &str); 2] = [
    ("faults", "each kind of fault in the schedule is shown to have taken effect"),
    ("run", "the run came to its end, no node ended by itself, and the cluster was whole after the heal"),
];

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

/// Whether the run itself went as a run should.
fn judge_run(info: &RunInfo, torn_tail: bool) -> Judgement {
    let mut judgement = Judgement::new(Verdict::Valid);
    for death in &info.deaths {
        let reason = format!("{} ended by itself: {}", death.node, death.how);
        judgement.because(Verdict::Invalid, reason);
    }
    if let Some(why) = &info.ended_early {
        judgement.because(Verdict::Unknown, format!("the run ended early: {why}"));
    }
    if torn_tail {
        judgement.because(Verdict::Unknown, "the last line of the history is torn: its writer was killed");
    }
    match &info.heal {
        Some(heal) => {
            for problem in &heal.problems {
                judgement.because(Verdict::Unknown, format!("after everything was healed: {problem}"));
            }
            judgement.detail("heal_ms", heal.took_ms);
        }
        None if info.ended_early.is_none() => {
            judgement.because(
                Verdict::Unknown,
                "the run has no end: its controller was killed before the faults were healed",
            );
        }
        None => {}
    }
    judgement
}
