//! The verdict on a simulated test: the workload's checkers, what the record says of the run itself, and
//! liveness.

use std::time::Duration;

use ordalia_checker::{Budget, History, Judgement, TestVerdict, Verdict, is_answered};
use ordalia_history::{Operation, PairError};
use ordalia_record::{Demand, FIRST_ACTING_PROCESS, judge_faults, judge_run};
use ordalia_workload::Workload;

use crate::{SimRun, SimSettings};

/// What is judged of every simulated run beside the rest, by its name in verdicts, with a line on it.
pub const LIVENESS: (&str, &str) = (
    "liveness",
    "once all faults are healed the cluster agrees and answers again within a bound of virtual time",
);

impl SimRun {
    /// Judges the run. Its history is used up, for a copy would cost as much as the checkers do.
    ///
    /// # Errors
    /// Its events are no history, which is a defect of the simulator.
    pub fn judge(
        mut self,
        settings: &SimSettings,
        workload: &dyn Workload,
        budget: &Budget,
    ) -> Result<TestVerdict, PairError> {
        let history = History::new(std::mem::take(&mut self.events))?;
        Ok(self.judge_history(&history, settings, workload, budget))
    }

    /// Judges the run by a history that its events were made into.
    pub fn judge_history(
        &self,
        history: &History,
        settings: &SimSettings,
        workload: &dyn Workload,
        budget: &Budget,
    ) -> TestVerdict {
        let mut verdict = TestVerdict::reach(&workload.checkers(), history, budget);
        verdict.add("faults", judge_faults(&settings.schedule, &self.faults, Demand::Some));
        verdict.add("run", judge_run(&self.info, false));
        verdict.add(LIVENESS.0, self.judge_liveness(settings.liveness, history));
        verdict
    }

    /// Safety first, then liveness: a cluster that is whole has no excuse.
    fn judge_liveness(&self, bound: Duration, history: &History) -> Judgement {
        let mut judgement = Judgement::new(Verdict::Valid);
        if let Some(stalled) = &self.info.ended_early {
            judgement.because(Verdict::Invalid, stalled.clone());
        }
        let Some(heal) = &self.info.heal else { return judgement };
        judgement.detail("bound_ms", bound.as_millis() as u64);
        judgement.detail("settled_ms", heal.took_ms);
        let why = heal.problems.join("; ");
        if !heal.problems.is_empty() {
            let reason = format!("{} ms after all faults were healed: {why}", heal.took_ms);
            judgement.because(Verdict::Invalid, reason);
        } else if u128::from(heal.took_ms) > bound.as_millis() {
            let reason = format!(
                "the nodes agreed on a leader only {} ms after all faults were healed; at most {} ms are allowed",
                heal.took_ms,
                bound.as_millis()
            );
            judgement.because(Verdict::Invalid, reason);
        }
        self.judge_answers(bound, history, &mut judgement);
        judgement
    }

    /// Whether the closing operations, which meet no fault, were answered within the bound.
    fn judge_answers(&self, bound: Duration, history: &History, judgement: &mut Judgement) {
        let Some(closing) = self.info.phases.iter().find(|phase| phase.name == "closing") else { return };
        let asked_then =
            |op: &&Operation| op.process < FIRST_ACTING_PROCESS && op.invoked_ns >= closing.start_ns;
        let mut operations = history.operations.iter().filter(asked_then).peekable();
        if operations.peek().is_none() {
            return;
        }
        let first = operations.filter(|op| is_answered(op)).filter_map(|op| op.completed_ns).min();
        let took_ns = first.map(|at_ns| at_ns - closing.start_ns);
        judgement.detail("answered_ms", took_ns.map(|ns| ns / 1_000_000));
        let waited_ns = closing.end_ns.saturating_sub(closing.start_ns);
        if took_ns.is_none() && u128::from(waited_ns) < bound.as_nanos() {
            // All were given up before the time was over; what a longer wait had shown nobody knows.
            let waited_ms = waited_ns / 1_000_000;
            let reason =
                format!("the closing operations were given up after {waited_ms} ms without an answer");
            return judgement.because(Verdict::Unknown, reason);
        }
        if took_ns.is_none_or(|ns| u128::from(ns) > bound.as_nanos()) {
            let took = took_ns
                .map_or("no".to_owned(), |ns| format!("the first answer after {} ms, no", ns / 1_000_000));
            let reason = format!(
                "of the closing operations, with no fault in force, {took} operation was answered within {} ms",
                bound.as_millis()
            );
            judgement.because(Verdict::Invalid, reason);
        }
    }
}
