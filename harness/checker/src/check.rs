//! The interface of all checkers, and their composition.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_history::{Event, Operation, PairError, pair};
use serde::{Deserialize, Serialize};

use crate::linearizable::Examiner;
use crate::{Judgement, Verdict};

/// A history made ready for checkers: its events, and the operations that they pair to.
#[derive(Clone, Debug)]
pub struct History {
    /// All events, faults among them, in time order.
    pub events: Vec<Event>,
    /// The operations of clients, and the acts of nodes, in order of invocation.
    pub operations: Vec<Operation>,
}

impl History {
    /// Pairs the events.
    ///
    /// # Errors
    /// The events are no history.
    pub fn new(events: Vec<Event>) -> Result<Self, PairError> {
        let operations = pair(&events)?;
        Ok(Self { events, operations })
    }

    /// The clients' operations alone, for checkers to which what nodes do is no answer to anybody.
    pub fn of_clients(&self) -> Cow<'_, [Operation]> {
        if self.operations.iter().any(Operation::is_act) {
            Cow::Owned(self.operations.iter().filter(|one| !one.is_act()).cloned().collect())
        } else {
            Cow::Borrowed(&self.operations)
        }
    }
}

/// What a checker may spend. Where it does not suffice the verdict is unknown, with the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Wall time for the whole check.
    pub time: Duration,
    /// Bytes of working memory for the whole check, beside the history itself.
    pub memory_bytes: u64,
}

impl Default for Budget {
    /// A minute, and a gibibyte.
    fn default() -> Self {
        Self { time: Duration::from_secs(60), memory_bytes: 1 << 30 }
    }
}

/// One property of a history.
pub trait Checker: Send + Sync {
    /// Its name in `verdict.json`.
    fn name(&self) -> &str;

    /// Judges the history within the budget.
    fn check(&self, history: &History, budget: &Budget) -> Judgement;

    /// The checker as one that can show what its judgement rests on, where it is.
    fn as_examiner(&self) -> Option<&dyn Examiner> {
        None
    }
}

/// What all checkers of a test concluded: `verdict.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestVerdict {
    /// The worst of the checkers' verdicts.
    pub valid: Verdict,
    /// Each checker's judgement by its name.
    pub checkers: BTreeMap<String, Judgement>,
}

impl TestVerdict {
    /// Runs all checkers, one after the other, and composes their judgements. Without any checker
    /// the verdict is unknown, for nothing was shown.
    pub fn reach(checkers: &[Box<dyn Checker>], history: &History, budget: &Budget) -> Self {
        let judge = |checker: &dyn Checker| (checker.name().to_owned(), checker.check(history, budget));
        Self::compose(checkers.iter().map(|checker| judge(checker.as_ref())).collect())
    }

    /// Composes judgements.
    pub fn compose(checkers: BTreeMap<String, Judgement>) -> Self {
        let valid = checkers.values().map(|judgement| judgement.valid).max().unwrap_or(Verdict::Unknown);
        Self { valid, checkers }
    }

    /// Adds a judgement to the others.
    pub fn add(&mut self, name: &str, judgement: Judgement) {
        self.valid = self.valid.max(judgement.valid);
        self.checkers.insert(name.to_owned(), judgement);
    }
}
