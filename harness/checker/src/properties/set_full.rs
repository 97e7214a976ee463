//! `set-full`: what was added to a set stays in it.
//!
//! Source: Jepsen's `checker/set-full`.
//!
//! Assumes: `add` with an element, `read` completes with the list of all elements, nothing is ever removed.
//! Keys are judged each by itself.
//!
//! An element is *known* once its addition is acknowledged or a read has shown it. It is *stable* if the last
//! reads show it, *lost* if it was known and a read that began later, and all reads since that one, lack it, and
//! *never read* otherwise. A stable element that a read lacked after it was known is *stale*; that breaks only
//! linearizability. An element that a read shows twice is duplicated; one whose addition failed, or had not
//! begun when the read ended, is made up. Without the property acknowledged data are gone.
//!
//! The stable latency of an element is the time from when it was known to the beginning of the last read that
//! lacked it, 0 where there was none; the lost latency that to the beginning of the last read that showed it.
//!
//! Cost: linear in the number of elements that all reads list together.

use std::collections::HashMap;

use ordalia_history::{Operation, Outcome, Value};
use serde::Serialize;

use super::findings::Findings;
use super::wording::{OfKey, by_key, of_key, show, told};
use crate::{Budget, Checker, History, Judgement};

/// Checks that no element is lost, duplicated or made up.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetFull {
    /// Whether a stale read breaks the property.
    pub linearizable: bool,
}

/// What is known of an element.
#[derive(Default)]
struct Element<'a> {
    /// The first addition that did not fail, and the first that failed.
    added: Option<&'a Operation>,
    failed: Option<&'a Operation>,
    /// The event and the time at which it was known.
    known: Option<(u64, u64)>,
    /// The reads that show it, by their order of invocation, ascending.
    shown_by: Vec<usize>,
}

impl Element<'_> {
    fn known_at(&mut self, operation: &Operation) {
        let Some(at) = operation.complete_index.zip(operation.completed_ns) else { return };
        self.known = Some(self.known.map_or(at, |known| known.min(at)));
    }

    /// The read that began last of those that lack it.
    fn last_absent(&self, reads: usize) -> Option<usize> {
        let mut last = reads;
        for shown in self.shown_by.iter().rev() {
            if *shown + 1 < last {
                break;
            }
            last = *shown;
        }
        last.checked_sub(1)
    }
}

/// What became of the elements of all keys.
#[derive(Default, Serialize)]
struct Counts {
    attempted: usize,
    acknowledged: usize,
    stable: usize,
    never_read: usize,
    reads: usize,
    #[serde(skip)]
    stable_ns: Vec<u64>,
    #[serde(skip)]
    lost_ns: Vec<u64>,
}

impl Checker for SetFull {
    fn name(&self) -> &str {
        if self.linearizable { "set-full-linearizable" } else { "set-full" }
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut kinds = vec!["lost", "duplicated", "made_up"];
        kinds.extend(self.linearizable.then_some("stale"));
        let mut findings = Findings::of(&kinds);
        let (mut counts, mut stale) = (Counts::default(), 0);
        for of in by_key(&history.operations) {
            stale += self.check_key(&of, &mut counts, &mut findings);
        }
        if counts.stable == 0 && findings.count("lost") == 0 {
            findings.unknown("nothing", || {
                "no element is in the last reads, so nothing shows that any stays".into()
            });
        }
        findings.detail("stale_count", stale);
        findings.detail("elements", &counts);
        findings.detail("stable_latency_ns", quantiles(&mut counts.stable_ns));
        findings.detail("lost_latency_ns", quantiles(&mut counts.lost_ns));
        findings.conclude()
    }
}

impl SetFull {
    /// Judges one set, and returns the number of its stale elements.
    fn check_key(&self, of: &OfKey<'_>, counts: &mut Counts, findings: &mut Findings) -> usize {
        let mut elements: HashMap<&Value, Element<'_>> = HashMap::new();
        let mut in_order: Vec<&Value> = Vec::new();
        let mut reads: Vec<&Operation> = Vec::new();
        for operation in &of.operations {
            match operation.f.as_str() {
                "add" => {
                    let element = elements.entry(&operation.input).or_insert_with(|| {
                        in_order.push(&operation.input);
                        Element::default()
                    });
                    note_addition(element, operation);
                }
                "read" if operation.outcome == Outcome::Ok && operation.output.is_array() => {
                    reads.push(operation);
                }
                "read" if operation.outcome != Outcome::Ok => {}
                other => findings.unknown("unfit", || {
                    let (event, found) = (operation.invoke_index, show(&operation.output));
                    format!("event {event}: set-full expected add, or read with a list, found {other:?} with {found}")
                }),
            }
        }
        for (at, read) in reads.iter().enumerate() {
            note_read(of.key, read, at, &mut elements, findings);
        }
        counts.reads += reads.len();
        let mut stale = 0;
        for value in in_order {
            if let Some(element) = elements.get(value) {
                stale += usize::from(self.conclude(of.key, value, element, &reads, counts, findings));
            }
        }
        stale
    }

    /// Says what became of an element, and whether it was stale.
    fn conclude(
        &self,
        key: Option<&Value>,
        value: &Value,
        element: &Element<'_>,
        reads: &[&Operation],
        counts: &mut Counts,
        findings: &mut Findings,
    ) -> bool {
        counts.attempted += 1;
        let Some(added) = element.added else { return false };
        counts.acknowledged += usize::from(added.outcome == Outcome::Ok);
        let present = element.shown_by.last().copied();
        let absent = element.last_absent(reads.len());
        let since = element.known.map_or(0, |(_, time_ns)| time_ns);
        let latency = |read: Option<usize>| {
            read.map_or(0, |at| (reads[at].invoked_ns.saturating_add(1)).saturating_sub(since))
        };
        let later = |read: &Operation| element.known.is_some_and(|(event, _)| event < read.invoke_index);
        let missing = absent.map(|at| reads[at]).filter(|read| later(read));
        if present.is_some() && absent < present {
            counts.stable += 1;
            counts.stable_ns.push(latency(absent));
            if let (Some(read), true) = (missing, self.linearizable) {
                findings.broken("stale", || {
                    lacking("lacks it, though later reads show it", key, value, added, read)
                });
            }
            return missing.is_some();
        }
        match missing {
            Some(read) => {
                counts.lost_ns.push(latency(present));
                let seen = present.map_or("no read ever showed it".to_owned(), |at| {
                    format!("the last to show it was {}", told(reads[at]))
                });
                findings
                    .broken("lost", || lacking(&format!("lacks it, and {seen}"), key, value, added, read));
            }
            None => counts.never_read += 1,
        }
        false
    }
}

fn lacking(what: &str, key: Option<&Value>, value: &Value, added: &Operation, read: &Operation) -> String {
    let known = match added.outcome {
        Outcome::Ok => "acknowledged",
        _ => "not acknowledged, but was shown by a read",
    };
    let (of, value, added, read) = (of_key(key), show(value), told(added), told(read));
    format!("{of}element {value}: {added} was {known}, yet the later {read} {what}")
}

fn note_addition<'a>(element: &mut Element<'a>, operation: &'a Operation) {
    if operation.outcome == Outcome::Fail {
        element.failed = element.failed.or(Some(operation));
        return;
    }
    if operation.outcome == Outcome::Ok {
        element.known_at(operation);
    }
    // Of several additions an acknowledged one counts, but the earliest invocation allows reads.
    element.added = element.added.or(Some(operation));
}

/// Notes which elements a read shows, and holds it against what was added.
fn note_read<'a>(
    key: Option<&Value>,
    read: &'a Operation,
    at: usize,
    elements: &mut HashMap<&'a Value, Element<'a>>,
    findings: &mut Findings,
) {
    for value in read.output.as_array().into_iter().flatten() {
        let element = elements.entry(value).or_default();
        if element.shown_by.last() == Some(&at) {
            findings.broken("duplicated", || {
                format!("{}{} shows element {} more than once", of_key(key), told(read), show(value))
            });
            continue;
        }
        element.shown_by.push(at);
        element.known_at(read);
        let begun = |added: &&Operation| read.complete_index.is_some_and(|end| added.invoke_index < end);
        if element.added.filter(begun).is_none() {
            findings.broken("made_up", || {
                let why = match (element.added, element.failed) {
                    (Some(added), _) => format!("{} began only afterwards", told(added)),
                    (None, Some(failed)) => format!("{} failed", told(failed)),
                    (None, None) => "nobody added it".to_owned(),
                };
                format!("{}{} shows element {}, but {why}", of_key(key), told(read), show(value))
            });
        }
    }
}

/// Minimum, median, 95 %, 99 % and maximum, in nanoseconds; empty of nothing.
fn quantiles(latencies_ns: &mut [u64]) -> serde_json::Map<String, Value> {
    latencies_ns.sort_unstable();
    let Some(last) = latencies_ns.len().checked_sub(1) else { return serde_json::Map::new() };
    let at = |percent: usize| Value::from(latencies_ns[last * percent / 100]);
    [0, 50, 95, 99, 100].into_iter().map(|percent| (percent.to_string(), at(percent))).collect()
}
