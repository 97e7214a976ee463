//! `sequential`: one order of all operations keeps each process's own order.
//!
//! Source: Lamport, *How to make a multiprocessor computer that correctly executes multiprocess programs* (1979).
//! To decide it is NP-complete even for registers (Gibbons and Korach, *Testing shared memories*, 1997).
//!
//! Assumes: operations that the model can read. All keys are judged together, for sequential consistency is not
//! local: each key by itself may have an order though the whole has none. A process whose operation ended in
//! `info` goes on, if at all, as a fresh one; such an operation may take effect or not.
//!
//! Without it a process sees effects in an order that no interleaving of the programs has. Real time does not
//! count: reads may be stale, as long as all processes lag behind one order.
//!
//! The search places the next operation of some process, tries those that completed first first, places
//! observations that are legal at once and for good (they can be moved ahead in any order), and never enters
//! again a configuration that it left in vain. Registers are asked first for the session guarantees, which
//! follow from sequential consistency and are quickly decided where values are unique.
//!
//! Cost: linear where the order of completion is nearly right, exponential in the number of processes otherwise;
//! where the budget ends the verdict is unknown.

mod search;

use ordalia_history::{Operation, Outcome, Value};

use super::wording::{listed, of_key, told};
use super::{Guarantee, SessionGuarantee};
use crate::linearizable::{Meter, Model, Values};
use crate::models::Register;
use crate::{Budget, Checker, History, Judgement, Verdict};
use search::{Answer, Program, Search};

/// Checks sequential consistency against a model.
pub struct Sequential<M: Model> {
    model: M,
    /// Whether the history is asked for the session guarantees first.
    sessions_of: Option<Value>,
}

impl Sequential<Register> {
    /// For registers with read, write and cas that hold that value at first.
    pub fn registers(initial: Value) -> Self {
        Self { model: Register::with_cas(initial.clone()), sessions_of: Some(initial) }
    }
}

impl<M: Model> Sequential<M> {
    /// For objects of any model.
    pub fn new(model: M) -> Self {
        Self { model, sessions_of: None }
    }

    /// What breaks a session guarantee, if any is broken.
    fn broken_session(&self, history: &History, budget: &Budget) -> Option<String> {
        let initial = self.sessions_of.as_ref()?;
        Guarantee::ALL.into_iter().find_map(|guarantee| {
            let checker = SessionGuarantee::new(guarantee).beginning_with(initial.clone());
            let judgement = checker.check(history, budget);
            let reason = judgement.reasons.first().filter(|_| judgement.valid == Verdict::Invalid)?;
            Some(format!(
                "{reason} (this breaks {}, which follows from sequential consistency)",
                guarantee.name()
            ))
        })
    }

    fn explain(&self, program: &Program<'_, M>, search: &Search<'_, M>, values: &Values) -> String {
        let (placed, total) = (search.deepest_placed(), program.required);
        let next = search.deepest();
        let stuck = next.iter().map(|(step, state)| {
            let operation = step.operation;
            let of = of_key(operation.key.as_ref());
            let claim = self.model.claim(&step.op, values);
            let held = self.model.show_state(state, values);
            format!("{of}{} {claim} where the {} holds {held}", told(operation), self.model.object())
        });
        format!(
            "no order of the operations keeps the order of each process; the longest places {placed} of {total}, and then: {}",
            listed(stuck)
        )
    }
}

impl<M: Model> Checker for Sequential<M> {
    fn name(&self) -> &str {
        "sequential"
    }

    fn check(&self, history: &History, budget: &Budget) -> Judgement {
        let mut judgement = Judgement::new(Verdict::Valid);
        judgement.detail("model", self.model.name());
        let mut values = Values::default();
        let program = match Program::read(&self.model, &history.operations, &mut values) {
            Ok(program) => program,
            Err(unfit) => {
                judgement.because(Verdict::Unknown, unfit.to_string());
                return judgement;
            }
        };
        judgement.detail("sessions", program.sessions.len());
        judgement.detail("operations", program.required);
        if program.required == 0 {
            let completed = history.operations.iter().filter(|operation| is_completed(operation)).count();
            let reason =
                format!("none of {completed} completed operations says anything of an object's state");
            judgement.because(Verdict::Unknown, reason);
            return judgement;
        }
        if let Some(reason) = self.broken_session(history, budget) {
            judgement.because(Verdict::Invalid, reason);
            return judgement;
        }
        let meter = Meter::new(budget);
        let mut search = Search::new(&self.model, &program, &meter);
        match search.run() {
            Ok(Answer::Order) => {}
            Ok(Answer::NoOrder) => {
                judgement.because(Verdict::Invalid, self.explain(&program, &search, &values))
            }
            Err(limit) => {
                let (placed, total) = (search.deepest_placed(), program.required);
                let reason =
                    format!("undecided, for {limit} after {placed} of {total} operations were placed");
                judgement.because(Verdict::Unknown, reason);
            }
        }
        judgement.detail("placed", search.deepest_placed());
        judgement
    }
}

fn is_completed(operation: &Operation) -> bool {
    operation.outcome == Outcome::Ok
}
