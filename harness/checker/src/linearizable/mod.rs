//! Linearizability: does each operation seem to take effect at one moment between its invocation and
//! its completion? (Herlihy and Wing, 1990)
//!
//! A [`Model`] says what an object may do, an [`Algorithm`] decides about one object's history, and the
//! checker [`Linearizable`] splits a history by key, has all keys decided side by side within one
//! budget, and explains the first failure in time. Every key is judged: one that ran out of budget does
//! not hide another that fails.

mod algorithm;
mod explain;
mod judgement;
mod meter;
mod model;
mod partition;
mod values;
mod wgl;

use ordalia_history::{Operation, Value};
use rayon::iter::{ParallelBridge, ParallelIterator};
use thiserror::Error;

use crate::models::Register;
use crate::{Budget, Checker, History, Judgement, Verdict};

pub use algorithm::{Algorithm, Call, Deadlock, Finding, Task};
pub use meter::{Account, Limit, Meter};
pub use model::{Model, Part, Unfit};
pub use values::{ValueId, Values};
pub use wgl::Wgl;

use partition::{KeyTask, partition};

/// The models that [`linearizable`] knows, with a line on each.
pub const MODELS: [(&str, &str); 2] = [
    ("register", "one value: read, write"),
    ("cas-register", "one value: read, write, cas; a cas refused for the value is an observation"),
];

/// There is no model of that name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no model {0:?}; known are {known}", known = MODELS.map(|(name, _)| name).join(", "))]
pub struct UnknownModel(pub String);

/// The checker for a model named on the command line. `initial` is what each object holds at first;
/// null stands for nothing.
///
/// # Errors
/// The name is none of [`MODELS`].
pub fn linearizable(model: &str, initial: Value) -> Result<Box<dyn Checker>, UnknownModel> {
    match model {
        "register" => Ok(Box::new(Linearizable::new(Register::new(initial)))),
        "cas-register" => Ok(Box::new(Linearizable::new(Register::with_cas(initial)))),
        other => Err(UnknownModel(other.to_owned())),
    }
}

/// Checks that each key's history is linearizable.
pub struct Linearizable<M: Model> {
    model: M,
    algorithm: Box<dyn Algorithm<M>>,
}

impl<M: Model> Linearizable<M> {
    /// A checker with the algorithm that serves most histories best.
    pub fn new(model: M) -> Self {
        Self::with_algorithm(model, Box::new(Wgl))
    }

    /// A checker with an algorithm of the caller's choice.
    pub fn with_algorithm(model: M, algorithm: Box<dyn Algorithm<M>>) -> Self {
        Self { model, algorithm }
    }

    /// Asks whether the model can read the history at all.
    ///
    /// # Errors
    /// The first operation that it cannot read.
    pub fn fits(&self, operations: &[Operation]) -> Result<(), Unfit> {
        partition(&self.model, operations).map(drop)
    }

    /// What the algorithm finds of each key, in the order of the tasks.
    fn decide(&self, keys: &[KeyTask<M>], meter: &Meter) -> Vec<Finding<M::State>> {
        let mut largest_first: Vec<usize> = (0..keys.len()).collect();
        largest_first.sort_by_key(|at| std::cmp::Reverse(keys[*at].task.calls.len()));
        let search = |at: usize| self.algorithm.search(&self.model, &keys[at].task, meter);
        let mut findings: Vec<(usize, Finding<M::State>)> =
            largest_first.into_iter().par_bridge().map(|at| (at, search(at))).collect();
        findings.sort_by_key(|(at, _)| *at);
        let mut findings: Vec<Finding<M::State>> = findings.into_iter().map(|(_, finding)| finding).collect();
        // Side by side the keys share the memory. What found too little then may find enough alone, and
        // whether it does depends on no race.
        for (at, finding) in findings.iter_mut().enumerate().filter(|_| keys.len() > 1) {
            if matches!(finding, Finding::Exhausted { limit: Limit::Memory(_), .. }) {
                *finding = search(at);
            }
        }
        findings
    }
}

impl<M: Model> Checker for Linearizable<M> {
    fn name(&self) -> &str {
        "linearizable"
    }

    fn check(&self, history: &History, budget: &Budget) -> Judgement {
        let mut judgement = Judgement::new(Verdict::Valid);
        judgement.detail("model", self.model.name());
        judgement.detail("algorithm", self.algorithm.name());
        let keys = match partition(&self.model, &history.operations) {
            Ok(keys) => keys,
            Err(unfit) => {
                judgement.because(Verdict::Unknown, unfit.to_string());
                return judgement;
            }
        };
        let meter = Meter::new(budget);
        let findings = self.decide(&keys, &meter);
        judgement::conclude(&self.model, &history.operations, &keys, &findings, &mut judgement);
        judgement
    }
}
