//! `convergence`: after the last write all nodes come to show the same.
//!
//! Source: strong eventual consistency (Shapiro et al., *Conflict-free replicated data types*, SSS 2011), and the
//! final reads of Jepsen's and Maelstrom's broadcast and CRDT workloads.
//!
//! Assumes: the history names the node of each operation, `read` and `get` change nothing and all else may,
//! and after the last change to a key each node is read at least once, late enough. Lists are compared
//! without regard to order, unless it counts. Keys are judged each by itself.
//!
//! The last read of each node must show the same value. Without it replicas stay apart for ever, though nobody
//! writes any more.
//!
//! Left out: whether what they agree on is right; see `set-full`. A change of unknown outcome may take effect
//! between the last reads; where that alone explains the difference the verdict is unknown.

use std::collections::{BTreeMap, BTreeSet};

use ordalia_history::{Operation, Outcome, Value};

use super::findings::Findings;
use super::wording::{OfKey, by_key, events, listed, of_key, show};
use crate::{Budget, Checker, History, Judgement};

/// Checks that the last reads agree.
#[derive(Clone, Copy, Debug, Default)]
pub struct Convergence {
    /// Whether the order within lists counts.
    pub ordered: bool,
}

/// The last read of each node, in order of the nodes' names.
type LastReads<'a> = BTreeMap<&'a str, &'a Operation>;

impl Checker for Convergence {
    fn name(&self) -> &str {
        "convergence"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["diverged"]);
        let nodes: BTreeSet<&str> =
            history.operations.iter().filter_map(|operation| operation.node.as_deref()).collect();
        if nodes.len() < 2 {
            findings.unknown("nothing", || {
                format!("the history names {} nodes, expected two at least", nodes.len())
            });
            return findings.conclude();
        }
        let mut converged = 0usize;
        for of in by_key(&history.operations) {
            converged += usize::from(self.check_key(&of, &nodes, &mut findings));
        }
        findings.detail("nodes", &nodes);
        findings.detail("keys_converged", converged);
        findings.conclude()
    }
}

fn is_read(operation: &Operation) -> bool {
    matches!(operation.f.as_str(), "read" | "get")
}

impl Convergence {
    /// Judges one key, and says whether all nodes agree.
    fn check_key(&self, of: &OfKey<'_>, nodes: &BTreeSet<&str>, findings: &mut Findings) -> bool {
        let changes = || {
            of.operations.iter().filter(|operation| !is_read(operation) && operation.outcome != Outcome::Fail)
        };
        let end = changes().map(|change| change.complete_index.unwrap_or(change.invoke_index)).max();
        let Some(end) = end else {
            findings.unknown("unchanged", || format!("{}nothing was written", of_key(of.key)));
            return false;
        };
        let mut last = LastReads::new();
        for read in of.operations.iter().filter(|read| is_read(read) && read.outcome == Outcome::Ok) {
            if let Some(node) = read.node.as_deref().filter(|_| read.invoke_index > end) {
                last.insert(node, read);
            }
        }
        let unread: Vec<&str> = nodes.iter().filter(|node| !last.contains_key(**node)).copied().collect();
        if !unread.is_empty() {
            findings.unknown("unread", || {
                let (key, names) = (of_key(of.key), listed(&unread));
                format!("{key}not read after the last write (event {end}): {names}")
            });
        }
        let mut shown: Vec<(Value, Vec<&str>)> = Vec::new();
        for (node, read) in &last {
            let value = self.normal(&read.output);
            match shown.iter_mut().find(|(known, _)| *known == value) {
                Some((_, nodes)) => nodes.push(node),
                None => shown.push((value, vec![node])),
            }
        }
        if shown.len() < 2 {
            return unread.is_empty();
        }
        let crashed: Vec<&Value> =
            changes().filter(|change| change.outcome == Outcome::Info).map(|change| &change.input).collect();
        let sentence =
            || format!("{}after the last write (event {end}) {}", of_key(of.key), differences(&shown, &last));
        if explained(&shown, &crashed) {
            findings.unknown("perhaps_diverged", || {
                format!("{}; writes of unknown outcome may have taken effect between the reads", sentence())
            });
        } else {
            findings.broken("diverged", sentence);
        }
        false
    }

    /// The value in the form in which it is compared.
    fn normal(&self, value: &Value) -> Value {
        match value {
            Value::Array(list) if !self.ordered => {
                let mut list = list.clone();
                list.sort_by_cached_key(Value::to_string);
                Value::Array(list)
            }
            other => other.clone(),
        }
    }
}

/// What the nodes show: each value with its nodes, or for lists what each node lacks of all elements.
fn differences(shown: &[(Value, Vec<&str>)], last: &LastReads<'_>) -> String {
    let reads = |nodes: &[&str]| {
        listed(nodes.iter().map(|node| match last.get(node) {
            Some(read) => format!("{node} ({})", events(read)),
            None => (*node).to_owned(),
        }))
    };
    let lists: Option<Vec<BTreeSet<String>>> = shown.iter().map(|(value, _)| elements(value)).collect();
    let all: BTreeSet<String> = lists.iter().flatten().flatten().cloned().collect();
    let parts = shown.iter().enumerate().map(|(at, (value, nodes))| match &lists {
        Some(lists) if lists.iter().any(|list| *list != all) => {
            let lacks: Vec<&String> = all.difference(&lists[at]).collect();
            let what = if lacks.is_empty() { "nothing".to_owned() } else { listed(lacks) };
            format!("{} lacks {what}", reads(nodes))
        }
        _ => format!("{} shows {}", reads(nodes), show(value)),
    });
    format!("the nodes differ: {}", listed(parts))
}

/// The elements of a list.
fn elements(value: &Value) -> Option<BTreeSet<String>> {
    value.as_array().map(|list| list.iter().map(Value::to_string).collect())
}

/// Whether writes of unknown outcome alone can account for all differences.
fn explained(shown: &[(Value, Vec<&str>)], crashed: &[&Value]) -> bool {
    let crashed_text: BTreeSet<String> = crashed.iter().map(|value| value.to_string()).collect();
    let lists: Option<Vec<BTreeSet<String>>> = shown.iter().map(|(value, _)| elements(value)).collect();
    match lists {
        Some(lists) => {
            let all: BTreeSet<&String> = lists.iter().flatten().collect();
            let common = |element: &&&String| lists.iter().all(|list| list.contains(**element));
            let differing = all.iter().filter(|element| !common(element));
            // Lists of the same elements differ in order or in repetitions, which no write explains.
            let mut differing = differing.peekable();
            differing.peek().is_some() && differing.all(|element| crashed_text.contains(*element))
        }
        None => shown.iter().filter(|(value, _)| !crashed_text.contains(&value.to_string())).count() <= 1,
    }
}
