//! What the record of a run says of the run itself.

use ordalia_checker::{Judgement, Verdict};

use crate::RunInfo;

/// What is judged of every run beside a workload's checkers, by the names in verdicts, with a line on each.
pub const JUDGEMENTS: [(&str, &str); 2] = [
    ("faults", "each kind of fault in the schedule is shown to have taken effect"),
    ("run", "the run came to its end, no node ended by itself, and the cluster was whole after the heal"),
];

/// Whether the run itself went as a run should. `torn_tail` says that the last line of its history is torn.
pub fn judge_run(info: &RunInfo, torn_tail: bool) -> Judgement {
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
