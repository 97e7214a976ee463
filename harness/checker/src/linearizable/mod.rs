//! Linearizability: does each operation seem to take effect at one moment between its invocation and
//! its completion? (Herlihy and Wing, 1990)
//!
//! A [`Model`] says what an object may do, an [`Algorithm`] decides about one object's history, a
//! [`Specialist`] does so fast for the histories that qualify, [`Auto`] tries all in turn, and the checker [`Linearizable`] splits a history by key, has all keys decided side by side within one
//! budget, and explains the first failure in time. Every key is judged: one that ran out of budget does
//! not hide another that fails.

mod algorithm;
mod barrier;
mod choice;
mod depiction;
mod examination;
mod explain;
mod frontier;
mod judgement;
mod meter;
mod model;
mod partition;
mod portfolio;
mod registry;
mod shrink;
mod specialist;
mod specialists;
mod values;
mod wgl;

use std::collections::BTreeMap;
use std::sync::Arc;

use ordalia_history::Operation;
use rayon::iter::{ParallelBridge, ParallelIterator};

use crate::certificate::{Proved, Refusal, verify};
use crate::{Budget, Certificate, Checker, History, Judgement, Verdict};

pub use algorithm::{Algorithm, Call, Deadlock, Finding, Reached, Task};
pub use barrier::Barrier;
pub use choice::{ALGORITHMS, UnknownAlgorithm, algorithm};
pub use depiction::{Depiction, KeyDepiction};
pub use examination::{Examination, Examiner, Failure, KeyExamination};
pub use frontier::Frontier;
pub use meter::{Account, Limit, Meter, Progress};
pub use model::{Model, Part, Tie, Unfit};
pub use portfolio::Auto;
pub use registry::{MODELS, MakeExaminer, ModelError, ModelInfo, examiner};
pub use shrink::{Core, Shrunk};
pub use specialist::{Decision, Specialist};
pub use specialists::{BagRules, CounterRules, Holds, QueueRules, SetRules, StackRules, VersionRules, Zones};
pub use values::{ValueId, Values};
pub use wgl::Wgl;

use partition::{KeyTask, partition};

/// Checks that each key's history is linearizable.
pub struct Linearizable<M: Model> {
    model: M,
    algorithm: Box<dyn Algorithm<M>>,
}

impl<M: Model> Linearizable<M> {
    /// A checker with the algorithm that serves most histories best.
    pub fn new(model: M) -> Self {
        Self::with_algorithm(model, Box::new(Auto))
    }

    /// A checker with an algorithm of the caller's choice.
    pub fn with_algorithm(model: M, algorithm: Box<dyn Algorithm<M>>) -> Self {
        Self { model, algorithm }
    }

    /// What is found of each key and by which algorithm, in the order of the tasks.
    fn decide(&self, keys: &[KeyTask<M>], meter: &Meter) -> Vec<(Finding<M::State>, &'static str)> {
        let mut largest_first: Vec<usize> = (0..keys.len()).collect();
        largest_first.sort_by_key(|at| std::cmp::Reverse(keys[*at].task.calls.len()));
        let search = |at: usize| self.algorithm.decide(&self.model, &keys[at].task, meter);
        let mut findings: Vec<(usize, _)> =
            largest_first.into_iter().par_bridge().map(|at| (at, search(at))).collect();
        findings.sort_by_key(|(at, _)| *at);
        let mut findings: Vec<_> = findings.into_iter().map(|(_, finding)| finding).collect();
        // Side by side the keys share the memory. What found too little then may find enough alone, and
        // whether it does depends on no race.
        for (at, finding) in findings.iter_mut().enumerate().filter(|_| keys.len() > 1) {
            if matches!(finding.0, Finding::Exhausted { limit: Limit::Memory(_), .. }) {
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
        self.examine(history, budget, &Arc::default()).judgement
    }

    fn as_examiner(&self) -> Option<&dyn Examiner> {
        Some(self)
    }
}

impl<M: Model> Examiner for Linearizable<M> {
    fn examine(&self, history: &History, budget: &Budget, progress: &Arc<Progress>) -> Examination {
        let mut judgement = Judgement::new(Verdict::Valid);
        judgement.detail("model", self.model.name());
        judgement.detail("algorithm", self.algorithm.name());
        let keys = match partition(&self.model, &history.operations) {
            Ok(keys) => keys,
            Err(unfit) => {
                judgement.because(Verdict::Unknown, unfit.to_string());
                return Examination { judgement, keys: Vec::new() };
            }
        };
        progress.expect(keys.iter().map(|key| key.task.completed() as u64).sum());
        let meter = Meter::telling(budget, Arc::clone(progress));
        let (findings, deciders): (Vec<_>, Vec<_>) = self.decide(&keys, &meter).into_iter().unzip();
        judgement::conclude(&self.model, &history.operations, &keys, &findings, &mut judgement);
        judgement.detail("decided_by", tally(&deciders));
        let failures = judgement::failures(&self.model, &history.operations, &keys, &findings);
        let keys = keys.iter().zip(findings).zip(deciders).zip(failures);
        let keys = keys.map(|(((key, finding), algorithm), failure)| KeyExamination {
            failure,
            ..found(key, finding, algorithm)
        });
        Examination { judgement, keys: keys.collect() }
    }

    fn fits(&self, operations: &[Operation]) -> Result<(), Unfit> {
        partition(&self.model, operations).map(drop)
    }

    fn depict(&self, history: &History, examination: &Examination) -> Depiction {
        match partition(&self.model, &history.operations) {
            Ok(keys) => depiction::depict(&self.model, &keys, examination),
            Err(_) => Depiction::without_words(examination),
        }
    }

    fn shrink(&self, history: &History, found: &KeyExamination, budget: &Budget) -> Option<Shrunk> {
        shrink::shrink(&self.model, &history.operations, found, budget)
    }

    fn verify(&self, history: &History, certificate: &Certificate) -> Result<Proved, Refusal> {
        verify(&self.model, history, certificate)
    }
}

/// How many keys each algorithm decided.
fn tally(deciders: &[&'static str]) -> BTreeMap<&'static str, usize> {
    let mut tally = BTreeMap::new();
    deciders.iter().for_each(|name| *tally.entry(*name).or_default() += 1);
    tally
}

/// What was found of a key, in terms of the recorded operations.
fn found<M: Model>(key: &KeyTask<M>, finding: Finding<M::State>, algorithm: &'static str) -> KeyExamination {
    let (verdict, order, stuck) = match finding {
        Finding::Linearizable { order } => (Verdict::Valid, order, None),
        Finding::NotLinearizable(deadlock) => (Verdict::Invalid, deadlock.prefix, Some(deadlock.stuck)),
        Finding::Exhausted { .. } => (Verdict::Unknown, Vec::new(), None),
    };
    let order = order.into_iter().map(|call| key.sources[call]).collect();
    let stuck = stuck.map(|call| key.sources[call]);
    KeyExamination { key: key.key.clone(), verdict, algorithm, order, stuck, failure: None }
}
