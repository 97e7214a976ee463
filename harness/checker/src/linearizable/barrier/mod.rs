//! A barrier at which parties wait for each other, again and again: nobody passes in a generation before all
//! have arrived in it.
//!
//! `arrive` and `pass` have the value `[generation, party]`; `await` is both in one, an arrival at its
//! invocation and a passage at its completion, with the generation as its value, the party being the process,
//! or again with `[generation, party]`. Values are taken from the invocation, or from the completion where that
//! has none.
//!
//! This is no sequential specification, for an `await` takes effect together with others. But all arrivals of a
//! generation come before all passages of it, whatever else happens, so each arrival may be taken at its
//! invocation and each passage at its completion: the latest of the ones must come before the earliest of the
//! others. What is required of each generation, in linear time:
//! - of the parties that certainly arrived, none was invoked after a passage had completed;
//! - a party that passed had arrived, or may have;
//! - where the number of parties is given, at least so many may have arrived when the first passed. Otherwise
//!   the parties are those that certainly arrive in that generation.
//!
//! An operation that crashed may have arrived, and passed or not. Of a party that arrives more than once in one
//! generation the first arrival counts. Left out: that no party goes on to the next generation ahead of its
//! passage, and certificates.

mod generation;
mod report;

use std::collections::HashMap;
use std::sync::Arc;

use ordalia_history::{Operation, Outcome, Value};

use super::{Examination, Examiner, Limit, Meter, Progress, Unfit, ValueId, Values};
use crate::{Budget, Checker, History, Judgement};

use generation::Generation;

/// The model `barrier`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Barrier {
    parties: Option<u64>,
}

/// The name of the model, and of the only algorithm for it beside `auto`.
pub(super) const NAME: &str = "barrier";

/// What an operation tells of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Visit {
    generation: ValueId,
    party: ValueId,
    arrives: bool,
    passes: bool,
}

/// What happened at one barrier.
struct KeyVisits {
    key: Option<Value>,
    /// The generations, in order of their first operation.
    generations: Vec<(ValueId, Generation)>,
    at: HashMap<ValueId, usize>,
    completed: usize,
    crashed: usize,
}

/// Bytes that an operation takes at most, in tables that have room to grow.
const BYTES_PER_OPERATION: usize = 256;

impl Barrier {
    /// A barrier for so many parties; `None` for as many as arrive.
    pub fn new(parties: Option<u64>) -> Self {
        Self { parties }
    }

    /// What the operation tells; `None` where that is nothing.
    fn visit(&self, operation: &Operation, values: &mut Values) -> Result<Option<Visit>, Unfit> {
        let unfit = |expected: &str, found| {
            Err(Unfit { event: operation.invoke_index, model: NAME, expected: expected.to_owned(), found })
        };
        let (arrives, passes) = match operation.f.as_str() {
            "arrive" => (true, false),
            "pass" => (false, true),
            "await" => (true, true),
            other => return unfit("arrive, pass or await", format!("{other:?}")),
        };
        let value = if operation.input.is_null() { &operation.output } else { &operation.input };
        let (generation, party) = match value {
            Value::Array(pair) if pair.len() == 2 => (&pair[0], values.intern(&pair[1])),
            Value::Array(_) | Value::Null if operation.outcome != Outcome::Ok => return Ok(None),
            Value::Array(_) | Value::Null => {
                return unfit(
                    "a value of the form [generation, party]",
                    format!("{} with {value}", operation.f),
                );
            }
            generation if arrives && passes => (generation, values.intern(&operation.process.into())),
            _ => {
                return unfit(
                    "a value of the form [generation, party]",
                    format!("{} with {value}", operation.f),
                );
            }
        };
        let generation = values.intern(generation);
        Ok(match operation.outcome {
            Outcome::Ok => Some(Visit { generation, party, arrives, passes }),
            Outcome::Info if arrives => Some(Visit { generation, party, arrives, passes: false }),
            Outcome::Info | Outcome::Fail => None,
        })
    }

    /// What happened at each barrier, in order of their first operation.
    fn partition(&self, operations: &[Operation], values: &mut Values) -> Result<Vec<KeyVisits>, Unfit> {
        let mut at_key: HashMap<Option<&Value>, usize> = HashMap::new();
        let mut keys: Vec<KeyVisits> = Vec::new();
        for (at, operation) in operations.iter().enumerate() {
            let key = *at_key.entry(operation.key.as_ref()).or_insert(keys.len());
            if key == keys.len() {
                keys.push(KeyVisits::new(operation.key.clone()));
            }
            if let Some(visit) = self.visit(operation, values)? {
                keys[key].add(visit, at, operation);
            }
        }
        Ok(keys)
    }
}

impl KeyVisits {
    fn new(key: Option<Value>) -> Self {
        Self { key, generations: Vec::new(), at: HashMap::new(), completed: 0, crashed: 0 }
    }

    fn add(&mut self, visit: Visit, at: usize, operation: &Operation) {
        let generation = *self.at.entry(visit.generation).or_insert(self.generations.len());
        if generation == self.generations.len() {
            self.generations.push((visit.generation, Generation::default()));
        }
        let certain = operation.outcome == Outcome::Ok;
        *(if certain { &mut self.completed } else { &mut self.crashed }) += 1;
        self.generations[generation].1.add(visit, at, operation);
    }
}

impl Checker for Barrier {
    fn name(&self) -> &'static str {
        "linearizable"
    }

    fn check(&self, history: &History, budget: &Budget) -> Judgement {
        self.examine(history, budget, &Arc::default()).judgement
    }

    fn as_examiner(&self) -> Option<&dyn Examiner> {
        Some(self)
    }
}

impl Examiner for Barrier {
    fn examine(&self, history: &History, budget: &Budget, progress: &Arc<Progress>) -> Examination {
        let meter = Meter::telling(budget, Arc::clone(progress));
        let mut account = meter.account();
        let bytes = history.operations.len().saturating_mul(BYTES_PER_OPERATION);
        let affordable: Result<(), Limit> = meter.check_time().and_then(|()| account.charge(bytes));
        let mut values = Values::default();
        match self.partition(&history.operations, &mut values) {
            Err(unfit) => report::unfit(&unfit),
            Ok(keys) => {
                let completed: usize = keys.iter().map(|key| key.completed).sum();
                progress.expect(completed as u64);
                if let Err(limit) = affordable {
                    return report::exhausted(&keys, limit);
                }
                let found = report::Report { history, values: &values, parties: self.parties }.examine(&keys);
                meter.advance(completed as u64);
                found
            }
        }
    }

    fn fits(&self, operations: &[Operation]) -> Result<(), Unfit> {
        self.partition(operations, &mut Values::default()).map(drop)
    }
}
