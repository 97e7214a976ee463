//! `long-fork`: no two reads see two writes in opposite orders.
//!
//! Source: Jepsen's `jepsen.tests.long-fork`; the anomaly is that of Sovran et al., *Transactional storage for
//! geo-replicated systems* (SOSP 2011), which parallel snapshot isolation allows and snapshot isolation forbids.
//!
//! Assumes: transactions (`txn`, `read` or `write`) are lists of `["r", key, value]` and `["w", key, value]`,
//! each key is written once and holds nil before, and a read asks for the keys of one group.
//!
//! Of two reads of a group one must have seen all that the other saw. Where each saw a key that the other still
//! found empty, time forked for longer than one transaction.
//!
//! Left out: reads of different groups that overlap.
//!
//! Cost: a sort of each group's reads by how many keys they saw. Reads in a chain each see what the one before
//! saw, so only neighbours need comparing.

use std::collections::{BTreeMap, HashMap};

use ordalia_history::{Operation, Outcome, Value};

use super::findings::Findings;
use super::wording::{show, told};
use crate::{Budget, Checker, History, Judgement};

/// Checks that the reads of each group form a chain.
#[derive(Clone, Copy, Debug, Default)]
pub struct LongFork;

/// What a read saw: the value of each key, by the key's JSON text.
type Seen<'a> = BTreeMap<String, &'a Value>;

/// What a transaction wrote, and what it read.
type Parts<'a> = (Vec<(String, &'a Value)>, Seen<'a>);

/// The reads of each group of keys.
type Groups<'a> = BTreeMap<Vec<String>, Vec<(&'a Operation, Seen<'a>)>>;

impl Checker for LongFork {
    fn name(&self) -> &str {
        "long-fork"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["fork"]);
        let mut groups = Groups::new();
        let mut written = Written::default();
        for operation in &history.operations {
            match parts(operation) {
                Ok((writes, reads)) => {
                    writes.into_iter().for_each(|write| written.add(operation, write, &mut findings));
                    if reads.len() > 1 && operation.outcome == Outcome::Ok {
                        let group = reads.keys().cloned().collect();
                        groups.entry(group).or_default().push((operation, reads));
                    }
                }
                Err(found) => findings.unknown("unfit", || {
                    let event = operation.invoke_index;
                    format!("event {event}: long-fork expected a list of [\"r\", key, value] and [\"w\", key, value], found {found}")
                }),
            }
        }
        let mut compared = 0;
        for reads in groups.values_mut() {
            compared += reads.len().saturating_sub(1);
            reads.iter().for_each(|(read, seen)| written.expect(read, seen, &mut findings));
            reads.sort_by_key(|(read, seen)| (count(seen), read.invoke_index));
            for pair in reads.windows(2) {
                compare(&pair[0], &pair[1], &mut findings);
            }
        }
        if compared == 0 {
            findings.unknown("nothing", || "no two reads are of the same group of keys".to_owned());
        }
        findings.detail("groups", groups.len());
        findings.detail("reads", groups.values().map(Vec::len).sum::<usize>());
        findings.conclude()
    }
}

/// The one write of each key that did not fail.
#[derive(Default)]
struct Written<'a>(HashMap<String, (&'a Operation, &'a Value)>);

impl<'a> Written<'a> {
    fn add(&mut self, operation: &'a Operation, (key, value): (String, &'a Value), findings: &mut Findings) {
        if operation.outcome == Outcome::Fail {
            return;
        }
        match self.0.get(&key) {
            Some((first, _)) => findings.unknown("unfit", || {
                let (what, first) = (told(operation), told(first));
                format!("key {key}: {what} writes what {first} wrote before; expected one write a key")
            }),
            None => drop(self.0.insert(key, (operation, value))),
        }
    }

    /// Asks whether a read saw what was written.
    fn expect(&self, read: &Operation, seen: &Seen<'_>, findings: &mut Findings) {
        for (key, value) in seen.iter().filter(|(_, value)| !value.is_null()) {
            if self.0.get(key).is_none_or(|(_, written)| written != value) {
                findings.unknown("unfit", || {
                    format!("key {key}: {} saw {}, which nobody wrote", told(read), show(value))
                });
            }
        }
    }
}

/// How many keys a read saw written.
fn count(seen: &Seen<'_>) -> usize {
    seen.values().filter(|value| !value.is_null()).count()
}

/// Asks whether the second of two reads saw all that the first saw, which saw no more keys.
fn compare(first: &(&Operation, Seen<'_>), second: &(&Operation, Seen<'_>), findings: &mut Findings) {
    let only_in = |one: &Seen<'_>, other: &Seen<'_>| {
        let (key, _) = one
            .iter()
            .find(|(key, value)| !value.is_null() && other.get(*key).is_some_and(|value| value.is_null()))?;
        Some(key.clone())
    };
    if let (Some(one), Some(other)) = (only_in(&first.1, &second.1), only_in(&second.1, &first.1)) {
        findings.broken("fork", || {
            let (a, b) = (told(first.0), told(second.0));
            format!("{a} saw the write of key {one} and not yet that of key {other}, while {b} saw that of {other} and not yet that of {one}")
        });
    }
}

/// The writes and the reads of a transaction. Reads are those of its completion.
fn parts(operation: &Operation) -> Result<Parts<'_>, String> {
    let told = if operation.outcome == Outcome::Ok { &operation.output } else { &operation.input };
    let steps = told.as_array().ok_or_else(|| show(told))?;
    let (mut writes, mut reads) = (Vec::new(), Seen::new());
    for step in steps {
        match step.as_array().map(Vec::as_slice) {
            Some([Value::String(kind), key, value]) if kind == "w" => writes.push((key.to_string(), value)),
            Some([Value::String(kind), key, value]) if kind == "r" => {
                reads.insert(key.to_string(), value);
            }
            _ => return Err(show(step)),
        }
    }
    Ok((writes, reads))
}
