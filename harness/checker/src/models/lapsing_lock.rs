//! Fenced locks that lapse: a hold ends with its release, or sooner, where the lock was lost.
//!
//! A lock that is held by a session ends with the session, of which its holder may hear late or never. So nothing
//! demands that a hold last; but a release that was ok shows that it did. The history is judged by the model
//! `fenced-lock`, with a release of unknown outcome added to each acquire that was ok and that no release
//! of the same process followed that was ok. It may take effect at any time after the lock was got, which may be long
//! before the acquire was answered.
//!
//! What stays: tokens rise with every holder, and nobody else gets the lock between an acquire and its release. An office
//! that is campaigned for is such a lock, and its epoch the token.

use std::collections::HashMap;

use ordalia_history::{Operation, Outcome, Value};

use super::FencedLock;
use crate::linearizable::Linearizable;
use crate::{Budget, Checker, History, Judgement};

/// Checks fenced locks that may be lost.
#[derive(Clone, Debug)]
pub struct LapsingLock {
    name: &'static str,
    take: &'static str,
    give: &'static str,
}

impl LapsingLock {
    /// The lock is got by the first of these operations and given back by the other; all others are passed over. The first
    /// completes with a token, or with a list that begins with it.
    pub fn new(take: &'static str, give: &'static str) -> Self {
        Self { name: "linearizable", take, give }
    }

    /// Under another name among a test's checkers.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The history in the words of the model, with the holds that may have lapsed.
    fn translate(&self, operations: &[Operation]) -> Vec<Operation> {
        let mut translated: Vec<Operation> = Vec::new();
        let mut lapses: Vec<Operation> = Vec::new();
        // The lapse of each process's present hold of a key, by its place among all.
        let mut open: HashMap<(u64, Option<&Value>), usize> = HashMap::new();
        for one in operations.iter().filter(|one| !one.is_act()) {
            let place = (one.process, one.key.as_ref());
            if one.f == self.take {
                let token = one.output.get(0).unwrap_or(&one.output).clone();
                if one.outcome == Outcome::Ok {
                    open.insert(place, lapses.len());
                    lapses.push(lapse(one, &token));
                }
                translated.push(Operation { f: "acquire".into(), output: token, ..one.clone() });
            } else if one.f == self.give {
                if one.outcome == Outcome::Ok
                    && let Some(held) = open.remove(&place)
                {
                    lapses[held].outcome = Outcome::Fail;
                }
                translated.push(Operation { f: "release".into(), ..one.clone() });
            }
        }
        translated.extend(lapses.into_iter().filter(|lapse| lapse.outcome == Outcome::Info));
        translated
    }
}

/// The release by which the hold that an acquire began may have ended.
fn lapse(acquire: &Operation, token: &Value) -> Operation {
    Operation {
        f: "release".into(),
        input: token.clone(),
        output: Value::Null,
        outcome: Outcome::Info,
        completed_ns: None,
        complete_index: None,
        ..acquire.clone()
    }
}

impl Checker for LapsingLock {
    fn name(&self) -> &str {
        self.name
    }

    fn check(&self, history: &History, budget: &Budget) -> Judgement {
        let operations = self.translate(&history.operations);
        let translated = History { events: Vec::new(), operations };
        Linearizable::new(FencedLock).check(&translated, budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use serde_json::json;

    /// Process, operation, input, output, outcome, and the indices of its events.
    type Told = (u64, &'static str, Value, Value, Outcome, [u64; 2]);

    fn verdict(told: Vec<Told>) -> Verdict {
        let operation = |(process, f, input, output, outcome, [invoke, complete]): Told| Operation {
            process,
            f: f.into(),
            key: None,
            input,
            output,
            outcome,
            error: None,
            node: None,
            invoked_ns: invoke,
            intended_ns: None,
            completed_ns: Some(complete),
            invoke_index: invoke,
            complete_index: Some(complete),
        };
        let operations = told.into_iter().map(operation).collect();
        let history = History { events: Vec::new(), operations };
        LapsingLock::new("acquire", "release").check(&history, &Budget::default()).valid
    }

    fn acquire(process: u64, token: u64, at: [u64; 2]) -> Told {
        (process, "acquire", Value::Null, json!(token), Outcome::Ok, at)
    }

    fn release(process: u64, token: u64, outcome: Outcome, at: [u64; 2]) -> Told {
        (process, "release", json!(token), json!(token), outcome, at)
    }

    #[test]
    fn a_hold_may_lapse_and_a_release_that_was_ok_shows_that_it_did_not() {
        let second =
            |outcome| vec![acquire(1, 10, [0, 1]), acquire(2, 11, [2, 3]), release(1, 10, outcome, [4, 5])];
        assert_eq!(verdict(second(Outcome::Fail)), Verdict::Valid);
        assert_eq!(verdict(second(Outcome::Info)), Verdict::Valid);
        assert_eq!(verdict(second(Outcome::Ok)), Verdict::Invalid);
    }

    #[test]
    fn a_hold_may_lapse_before_its_acquire_is_answered() {
        let late = vec![acquire(1, 10, [0, 9]), acquire(2, 11, [2, 3]), release(2, 11, Outcome::Ok, [4, 5])];
        assert_eq!(verdict(late), Verdict::Valid);
    }

    #[test]
    fn tokens_rise_whatever_lapses() {
        let back = vec![acquire(1, 10, [0, 1]), acquire(2, 9, [2, 3])];
        assert_eq!(verdict(back), Verdict::Invalid);
        let twice = vec![acquire(1, 10, [0, 1]), acquire(2, 10, [2, 3])];
        assert_eq!(verdict(twice), Verdict::Invalid);
    }
}
