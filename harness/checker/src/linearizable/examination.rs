//! What was found, key by key, in terms of the recorded operations: for proofs and for pictures.

use std::sync::Arc;

use ordalia_history::{Operation, Value};
use serde::{Deserialize, Serialize};

use super::{Depiction, Progress, Shrunk, Unfit};
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
    /// Where invalid, what a person wants to know of it; only for the first keys to fail.
    pub failure: Option<Failure>,
}

/// Why a key's history is not linearizable, for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The failure in a sentence.
    pub sentence: String,
    /// The operation that cannot be placed, in the model's words.
    pub shown: String,
    /// The states that the object can be in where the operation had to take effect.
    pub states: Vec<String>,
    /// How the operation could have come out there.
    pub legal: Vec<String>,
    /// The operation that left the first of these states, by its position.
    pub setter: Option<usize>,
    /// The span of time that shows the failure, in nanoseconds.
    pub window_ns: (u64, u64),
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

    /// Checks a certificate against the history and the specification alone. That the specification is the one
    /// which the certificate names is for the caller to see to.
    ///
    /// # Errors
    /// It proves nothing, for the reason given.
    fn verify(&self, history: &History, certificate: &Certificate) -> Result<Proved, Refusal> {
        let _ = (history, certificate);
        Err(Refusal::Uncertified(self.name().to_owned()))
    }

    /// Asks whether the model can read the history at all.
    ///
    /// # Errors
    /// The first operation that it cannot read.
    fn fits(&self, operations: &[Operation]) -> Result<(), Unfit> {
        let _ = operations;
        Ok(())
    }

    /// What an examination of this history found, in the model's words. Without a model, in none: what was
    /// found is there, and no texts.
    fn depict(&self, history: &History, examination: &Examination) -> Depiction {
        let _ = history;
        Depiction::without_words(examination)
    }
}
