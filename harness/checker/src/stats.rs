//! Did each kind of operation succeed often enough for the test to prove anything?

use std::collections::{BTreeMap, BTreeSet};

use ordalia_history::{Operation, Outcome};
use serde::Serialize;

use crate::answer::is_refused;
use crate::{Budget, Checker, History, Judgement, Verdict};

/// Counts operations by kind and outcome. The verdict is unknown where a kind was answered too seldom,
/// and never invalid.
///
/// A refusal for the object's state (a cas whose precondition failed) is an answer too, but a kind of
/// operation that is only ever refused shows little: a few must be ok.
#[derive(Clone, Debug)]
pub struct Stats {
    /// How many answers each kind of operation needs.
    pub min_answered: u64,
    /// How many of them must be ok.
    pub min_ok: u64,
    /// The kinds that must occur, beside those that do.
    pub expected: BTreeSet<String>,
    /// The kinds that may be as rare as they are: events that a node notes, such as that it leads now.
    pub rare: BTreeSet<String>,
}

impl Default for Stats {
    /// Ten answers, three of them ok.
    fn default() -> Self {
        Self { min_answered: 10, min_ok: 3, expected: BTreeSet::new(), rare: BTreeSet::new() }
    }
}

impl Stats {
    /// Demands that these kinds of operation occur.
    #[must_use]
    pub fn expecting<'a>(mut self, kinds: impl IntoIterator<Item = &'a str>) -> Self {
        self.expected.extend(kinds.into_iter().map(str::to_owned));
        self
    }

    /// Lets these kinds of operation be rare, or absent.
    #[must_use]
    pub fn sparing<'a>(mut self, kinds: impl IntoIterator<Item = &'a str>) -> Self {
        self.rare.extend(kinds.into_iter().map(str::to_owned));
        self
    }
}

/// What became of the operations of one kind.
#[derive(Clone, Debug, Default, Serialize)]
struct Count {
    ok: u64,
    fail: u64,
    info: u64,
    refused: u64,
    errors: BTreeMap<String, u64>,
}

impl Count {
    fn add(&mut self, operation: &Operation) {
        match operation.outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Fail => self.fail += 1,
            Outcome::Info => self.info += 1,
        }
        self.refused += u64::from(is_refused(operation));
        if let Some(error) = &operation.error {
            *self.errors.entry(error.kind.clone()).or_default() += 1;
        }
    }
}

impl Checker for Stats {
    fn name(&self) -> &str {
        "stats"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut total = Count::default();
        let mut by_kind: BTreeMap<&str, Count> =
            self.expected.iter().map(|kind| (kind.as_str(), Count::default())).collect();
        let mut demanded: BTreeSet<&str> = self.expected.iter().map(String::as_str).collect();
        for operation in &history.operations {
            // What nodes do they do as often as they must.
            if !operation.is_act() {
                demanded.insert(&operation.f);
            }
            by_kind.entry(&operation.f).or_default().add(operation);
            total.add(operation);
        }
        let mut judgement = Judgement::new(Verdict::Valid);
        if history.operations.is_empty() {
            judgement.because(Verdict::Unknown, "no operation was invoked");
        }
        let judged = |kind: &str| demanded.contains(kind) && !self.rare.contains(kind);
        for (kind, count) in by_kind.iter().filter(|(kind, _)| judged(kind)) {
            if let Some(reason) = self.too_few(kind, count) {
                judgement.because(Verdict::Unknown, reason);
            }
        }
        judgement.detail("count", history.operations.len());
        judgement.detail("total", total);
        judgement.detail("by_f", by_kind);
        judgement
    }
}

impl Stats {
    fn too_few(&self, kind: &str, count: &Count) -> Option<String> {
        let (answered, ok) = (count.ok + count.refused, count.ok);
        let tried = count.ok + count.fail + count.info;
        if answered < self.min_answered {
            let needed = self.min_answered;
            Some(format!("of {tried} {kind} operations {answered} were answered; expected at least {needed}"))
        } else if ok < self.min_ok {
            let needed = self.min_ok;
            Some(format!("of {tried} {kind} operations {ok} were ok; expected at least {needed}"))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_history::{Event, EventType, Process};

    #[test]
    fn what_may_be_rare_is_counted_and_proves_nothing_missing() {
        let event = |index: u64, kind| Event {
            index,
            time: index,
            process: Process::Client(0),
            kind,
            f: "lead".into(),
            key: None,
            value: serde_json::Value::Null,
            error: None,
            node: None,
            intended: None,
        };
        let history = History::new(vec![event(0, EventType::Invoke), event(1, EventType::Ok)]).unwrap();
        let judged = |stats: Stats| stats.check(&history, &Budget::default());
        assert_eq!(judged(Stats::default()).valid, Verdict::Unknown);
        let spared = judged(Stats::default().sparing(["lead"]));
        assert_eq!(spared.valid, Verdict::Valid);
    }
}
