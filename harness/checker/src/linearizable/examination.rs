//! What was found, key by key, in terms of the recorded operations: for proofs and for pictures.

use std::sync::Arc;

use ordalia_history::Value;

use super::{Progress, Shrunk};
use crate::certificate::{Proved, Refusal};
use crate::{Budget, Certificate, Checker, History, Judgement, Verdict};

/// A judgement with what it rests on.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The judgement.
    pub judgement: Judgement,
    /// What was found of each key, in order of the keys' first operation.
    pub keys: Vec<KeyExamination>,
}

impl Examination {
    /// The key that failed first in time.
    pub fn first_failure(&self, history: &History) -> Option<&KeyExamination> {
        let failed =
            |key: &&KeyExamination| key.stuck.and_then(|at| history.operations.get(at)?.complete_index);
        self.keys.iter().filter(|key| key.stuck.is_some()).min_by_key(failed)
    }
}

/// What was found of one key. Operations are named by their position in [`History::operations`].
#[derive(Clone, Debug)]
pub struct KeyExamination {
    /// The key; `None` in a test of a single object.
    pub key: Option<Value>,
    /// Whether the key's history is linearizable.
    pub verdict: Verdict,
    /// The algorithm that decided.
    pub algorithm: &'static str,
    /// Where valid a legal order of all operations that took effect; where invalid a longest legal order of
    /// those up to the failure; where unknown nothing.
    pub order: Vec<usize>,
    /// Where invalid, the operation that cannot be placed.
    pub stuck: Option<usize>,
}

/// A checker that can show what its judgement rests on.
pub trait Examiner: Checker {
    /// Judges, and shows what the judgement rests on.
    fn examine(&self, history: &History, budget: &Budget, progress: &Arc<Progress>) -> Examination;

    /// Cuts the failure of one key down to the operations that matter. `None` where the key did not fail, or
    /// failures of this kind are not cut down.
    fn shrink(&self, history: &History, found: &KeyExamination, budget: &Budget) -> Option<Shrunk> {
        let _ = (history, found, budget);
        None
    }

    /// Checks a certificate against the history and the specification alone.
    ///
    /// # Errors
    /// It proves nothing, for the reason given.
    fn verify(&self, history: &History, certificate: &Certificate) -> Result<Proved, Refusal> {
        let _ = (history, certificate);
        Err(Refusal::Uncertified(self.name().to_owned()))
    }
}
