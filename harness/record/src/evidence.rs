//! Whether the faults of a test did what they should: a test whose faults took no effect proves nothing.

use std::collections::BTreeMap;

use ordalia_checker::{Judgement, Verdict};
use ordalia_schedule::{Occasion, Schedule, TimedFault};

use crate::FaultRecord;

/// How much a test's faults must have done for the test to prove something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Each kind in the schedule took effect: these kinds were asked for.
    EachKind,
    /// Some fault took effect: the kinds were drawn, as in a sweep of the simulator, and a drawn one that only ever
    /// met nodes that were down already is no want.
    Some,
}

/// Judges the evidence of a schedule's faults.
///
/// Unknown if a fault was carried out and its evidence speaks against it, or if less took effect than is
/// demanded. Of a kind that was only to strike at a moment (an election, a
/// snapshot) which may not come, nothing is demanded.
pub fn judge_faults(schedule: &Schedule, records: &[FaultRecord], demand: Demand) -> Judgement {
    let mut judgement = Judgement::new(Verdict::Valid);
    let certain = |fault: &&TimedFault| fault.upon.is_none_or(|upon| !Occasion::MOMENTS.contains(&upon));
    let demanded = schedule.faults.iter().filter(certain);
    let mut effective: BTreeMap<&str, u64> = demanded.map(|fault| (fault.fault.kind().name(), 0)).collect();
    for record in records {
        match record.effective {
            Some(true) => *effective.entry(record.kind.as_str()).or_default() += 1,
            Some(false) => judgement.because(Verdict::Unknown, describe(record)),
            None => {}
        }
    }
    let some = effective.values().any(|count| *count > 0);
    for (kind, count) in &effective {
        if *count == 0 && !(demand == Demand::Some && some) {
            judgement.because(Verdict::Unknown, format!("no {kind} fault is shown to have taken effect"));
        }
    }
    judgement.detail("scheduled", schedule.faults.len());
    judgement.detail("effective", effective);
    judgement
}

/// A fault that did not take effect, in a sentence.
fn describe(record: &FaultRecord) -> String {
    let why = record.error.clone().unwrap_or_else(|| record.evidence.to_string());
    format!("fault {} ({}) did not take effect: {why}", record.fault, record.label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_history::FaultPhase;
    use ordalia_node::NodeId;
    use ordalia_schedule::{Fault, Targets};
    use serde_json::Value;

    fn schedule() -> Schedule {
        let fault = Fault::Kill { targets: Targets::Nodes(vec![NodeId::new(1)]) };
        let faults = vec![TimedFault::new(1, 1, fault)];
        Schedule { version: 1, nodes: 3, seed: None, faults }
    }

    fn record(effective: Option<bool>) -> FaultRecord {
        FaultRecord {
            time: 0,
            fault: 0,
            kind: "kill".into(),
            phase: FaultPhase::Started,
            label: "kill n1".into(),
            resolved: Value::Null,
            effective,
            evidence: Value::Null,
            error: None,
        }
    }

    #[test]
    fn only_shown_effects_count() {
        assert_eq!(judge_faults(&schedule(), &[record(Some(true))], Demand::EachKind).valid, Verdict::Valid);
        assert_eq!(judge_faults(&schedule(), &[record(None)], Demand::EachKind).valid, Verdict::Unknown);
        assert_eq!(
            judge_faults(&schedule(), &[record(Some(true)), record(Some(false))], Demand::EachKind).valid,
            Verdict::Unknown
        );
        assert_eq!(judge_faults(&schedule(), &[], Demand::EachKind).valid, Verdict::Unknown);
    }

    #[test]
    fn of_drawn_kinds_some_must_take_effect() {
        let pause = Fault::Pause { targets: Targets::Nodes(vec![NodeId::new(1)]) };
        let faults = vec![schedule().faults.remove(0), TimedFault::new(2, 1, pause)];
        let two = Schedule::new(3, None, faults);
        let kill = [record(Some(true))];
        assert_eq!(judge_faults(&two, &kill, Demand::EachKind).valid, Verdict::Unknown);
        assert_eq!(judge_faults(&two, &kill, Demand::Some).valid, Verdict::Valid);
        assert_eq!(judge_faults(&two, &[record(None)], Demand::Some).valid, Verdict::Unknown);
    }

    #[test]
    fn a_moment_that_did_not_come_is_no_want_of_evidence() {
        let mut waiting = schedule();
        waiting.faults[0].upon = Some(Occasion::Snapshot);
        assert_eq!(judge_faults(&waiting, &[record(None)], Demand::EachKind).valid, Verdict::Valid);
        waiting.faults[0].upon = Some(Occasion::NewLeader);
        assert_eq!(judge_faults(&waiting, &[record(None)], Demand::EachKind).valid, Verdict::Unknown);
    }

    #[test]
    fn a_test_without_faults_asks_for_none() {
        let calm = Schedule { faults: Vec::new(), ..schedule() };
        assert_eq!(judge_faults(&calm, &[], Demand::EachKind).valid, Verdict::Valid);
    }
}
