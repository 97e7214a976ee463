//! The verifier: whether a certificate proves what it says.
//!
//! It trusts the history and the model, that is, the specification, and nothing else: it shares no code
//! with the searches, the splitting by key, or the shrinking. An order is replayed. Of operations that are
//! said to have no order, every order is tried, event by event, with all sets of operations and states that
//! can have been reached remembered.
//!
//! What a proof of a violation may leave out, for the rest would be linearizable if the whole were: what was
//! invoked after the last event that counts; observations; and operations that share no value with any
//! that stays, as the model ties them. It may forget completions, where the process is not seen to go on: one that
//! releases a lock has certainly acquired it.

use std::collections::{HashMap, HashSet};

use ordalia_history::{Operation, Outcome, Value};
use thiserror::Error;

use super::{Certificate, Fingerprint, Violation};
use crate::History;
use crate::linearizable::{Model, Part, Tie, Unfit, ValueId, Values};

/// Bytes for the sets of operations and states that are remembered at one event, before a proof is too large.
const MAX_BYTES: usize = 1 << 28;

/// How many steps of the model are taken in all, before a proof is too large.
const MAX_STEPS: u64 = 1 << 25;

/// What a certificate proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proved {
    /// The history is linearizable.
    Valid {
        /// How many objects there are.
        keys: usize,
        /// How many operations were placed.
        operations: usize,
    },
    /// It is not.
    Invalid {
        /// How many operations show it.
        operations: usize,
    },
}

/// Why a certificate proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It does not hold; where, and what was expected.
    #[error("the certificate does not hold: {0}")]
    Refuted(String),
    /// The model cannot read the history.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Trying every order of the operations takes too much.
    #[error("the proof is too large to be checked: there are too many {0} by event {1}")]
    TooLarge(&'static str, u64),
    /// What is checked of this name has no certificates.
    #[error("there are no certificates for {0}")]
    Uncertified(String),
}

fn refuted<T>(reason: String) -> Result<T, Refusal> {
    Err(Refusal::Refuted(reason))
}

/// An operation as the certificate uses it.
struct Used<Op> {
    op: Op,
    invoke: u64,
    /// `None` where it may take effect at any later time, or never.
    complete: Option<u64>,
}

/// Checks a certificate against the history and the model.
pub(crate) fn verify<M: Model>(
    model: &M,
    history: &History,
    certificate: &Certificate,
) -> Result<Proved, Refusal> {
    let found = Fingerprint::of(&history.operations);
    if found != certificate.history {
        let told = |print: &Fingerprint| format!("{} operations, checksum {}", print.operations, print.crc32);
        let (expected, found) = (told(&certificate.history), told(&found));
        return refuted(format!("it speaks of another history: expected {expected}, found {found}"));
    }
    match &certificate.violation {
        None if certificate.valid => every_key(model, history, certificate),
        Some(violation) if !certificate.valid && certificate.keys.is_empty() => {
            violated(model, history, violation)
        }
        _ => {
            refuted("expected \"valid\": true with \"keys\", or \"valid\": false with a \"violation\"".into())
        }
    }
}

fn every_key<M: Model>(model: &M, history: &History, certificate: &Certificate) -> Result<Proved, Refusal> {
    let mut objects: HashMap<Option<&Value>, Vec<&Operation>> = HashMap::new();
    for operation in &history.operations {
        objects.entry(operation.key.as_ref()).or_default().push(operation);
    }
    let mut orders: HashMap<Option<&Value>, &[u64]> = HashMap::new();
    for entry in &certificate.keys {
        let named = shown(entry.key.as_ref());
        if !objects.contains_key(&entry.key.as_ref()) {
            return refuted(format!("the history has no operation on {named}"));
        }
        if orders.insert(entry.key.as_ref(), &entry.linearization).is_some() {
            return refuted(format!("there are two orders for {named}"));
        }
    }
    let (keys, mut placed) = (objects.len(), 0);
    for (key, operations) in objects {
        placed += replayed(model, &operations, orders.get(&key).copied().unwrap_or_default(), &shown(key))?;
    }
    if placed == 0 {
        return refuted("no operation says anything of an object's state".into());
    }
    Ok(Proved::Valid { keys, operations: placed })
}

/// Replays an order of one object's operations.
fn replayed<M: Model>(
    model: &M,
    operations: &[&Operation],
    order: &[u64],
    object: &str,
) -> Result<usize, Refusal> {
    let mut values = Values::default();
    let mut state = model.init(&mut values);
    let mut left: HashMap<u64, Used<M::Op>> = HashMap::new();
    for operation in operations {
        left.extend(used(model, operation, &mut values)?.map(|one| (one.invoke, one)));
    }
    let mut last_begun = 0;
    for (number, invoke) in order.iter().enumerate() {
        let entry = format!("{object}, entry {number} of the order (event {invoke})");
        let Some(one) = left.remove(invoke) else {
            return refuted(format!("{entry}: expected an operation that took effect and is not placed yet"));
        };
        if one.complete.is_some_and(|end| end < last_begun) {
            return refuted(format!(
                "{entry}: it completed before event {last_begun}, which is placed ahead"
            ));
        }
        last_begun = last_begun.max(one.invoke);
        let Some(after) = model.step(&state, &one.op) else {
            let (op, held) = (model.show(&one.op, &values), model.show_state(&state, &values));
            return refuted(format!("{entry}: {op} is not legal where the {} holds {held}", model.object()));
        };
        state = after;
    }
    match left.values().filter(|one| one.complete.is_some()).map(|one| one.invoke).min() {
        Some(missing) => refuted(format!("{object}: the operation of event {missing} is not placed")),
        None => Ok(order.len()),
    }
}

/// Checks that what was left out may be, and that what stays cannot be ordered.
fn violated<M: Model>(model: &M, history: &History, violation: &Violation) -> Result<Proved, Refusal> {
    let until = violation.until.unwrap_or(u64::MAX);
    let (mut kept, mut open) = (distinct(&violation.operations)?, distinct(&violation.open)?);
    let mut values = Values::default();
    let init = model.init(&mut values);
    let (mut uses, mut stays, mut goes) = (Vec::new(), Vec::new(), Vec::new());
    let mut ended: HashMap<u64, u64> = HashMap::new();
    for operation in history.operations.iter().filter(|one| one.key == violation.key) {
        let Some(one) = used(model, operation, &mut values)?.filter(|one| one.invoke <= until) else {
            continue;
        };
        let tie = (one.invoke, model.tie(&one.op));
        if kept.remove(&one.invoke) {
            if let Some(before) = ended.get(&operation.process) {
                let event = one.invoke;
                return refuted(format!(
                    "the process of event {event} goes on after event {before}, so that its completion cannot be forgotten"
                ));
            }
            let forget = open.remove(&one.invoke) || one.complete.is_some_and(|end| end > until);
            ended.extend(forget.then_some((operation.process, one.invoke)));
            uses.push(if forget { forgotten(model, operation, &mut values)? } else { one });
            stays.push(tie);
        } else if !model.is_observation(&one.op) {
            goes.push(tie);
        }
    }
    if let Some(event) = kept.iter().chain(&open).min() {
        let object = shown(violation.key.as_ref());
        return refuted(format!("event {event} begins no operation that is kept and counts on {object}"));
    }
    apart(&stays, &goes)?;
    if orderable(model, init, &mut uses)? {
        return refuted(format!("the {} operations can be ordered", uses.len()));
    }
    Ok(Proved::Invalid { operations: uses.len() })
}

/// Checks that no operation which goes, observations aside, is tied to one that stays. Each with its event.
fn apart(stays: &[(u64, Tie)], goes: &[(u64, Tie)]) -> Result<(), Refusal> {
    let mut gone: HashMap<ValueId, u64> = HashMap::new();
    for (event, tie) in goes {
        let Tie::Values(values) = tie else {
            return refuted(format!("the operation of event {event} cannot be left out"));
        };
        gone.extend(values.iter().map(|value| (*value, *event)));
    }
    for (event, tie) in stays.iter().filter(|_| !goes.is_empty()) {
        let values = match tie {
            Tie::Values(values) => values,
            Tie::Stays => continue,
            Tie::Fixed | Tie::Global => {
                return refuted(format!("beside event {event} nothing but observations can be left out"));
            }
        };
        if let Some(other) = values.iter().find_map(|value| gone.get(value)) {
            return refuted(format!(
                "event {other} is left out and shares a value with event {event}, which is kept"
            ));
        }
    }
    Ok(())
}

fn distinct(events: &[u64]) -> Result<HashSet<u64>, Refusal> {
    let set: HashSet<u64> = events.iter().copied().collect();
    if set.len() < events.len() { refuted("an operation is named twice".into()) } else { Ok(set) }
}

/// What a recorded operation is to the model; `None` where it is nothing.
fn used<M: Model>(
    model: &M,
    operation: &Operation,
    values: &mut Values,
) -> Result<Option<Used<M::Op>>, Refusal> {
    let invoke = operation.invoke_index;
    Ok(match model.parse(operation, values)? {
        Part::Must(op) => {
            Some(Used { op, invoke, complete: Some(operation.complete_index.unwrap_or(u64::MAX)) })
        }
        Part::May(op) => Some(Used { op, invoke, complete: None }),
        Part::Out => None,
    })
}

/// What an operation is to the model if its completion was never seen.
fn forgotten<M: Model>(
    model: &M,
    operation: &Operation,
    values: &mut Values,
) -> Result<Used<M::Op>, Refusal> {
    let invoke = operation.invoke_index;
    let mut open =
        Operation { outcome: Outcome::Info, output: Value::Null, error: None, ..operation.clone() };
    (open.complete_index, open.completed_ns) = (None, None);
    match model.parse(&open, values)? {
        Part::May(op) => Ok(Used { op, invoke, complete: None }),
        _ => refuted(format!("the completion of event {invoke} cannot be forgotten")),
    }
}

/// Whether there is any order. At each completion, every way is followed in which that operation can have
/// taken effect by then.
fn orderable<M: Model>(model: &M, init: M::State, uses: &mut [Used<M::Op>]) -> Result<bool, Refusal> {
    uses.sort_by_key(|one| one.invoke);
    let invoked = uses.iter().enumerate().map(|(at, one)| (one.invoke, at, false));
    let completed = uses.iter().enumerate().filter_map(|(at, one)| Some((one.complete?, at, true)));
    let mut events: Vec<(u64, usize, bool)> = invoked.chain(completed).collect();
    events.sort_unstable();
    let (mut pending, mut steps): (Vec<usize>, u64) = (Vec::new(), 0);
    // Which of the pending operations have taken effect, in order of invocation, and the state.
    let mut reached: HashSet<(Vec<usize>, M::State)> = HashSet::from([(Vec::new(), init)]);
    for (event, at, completes) in events {
        if !completes {
            pending.push(at);
            continue;
        }
        let mut seen = reached.clone();
        let mut bytes = 0;
        let mut waiting: Vec<(Vec<usize>, M::State)> = reached.drain().collect();
        while let Some((mut done, state)) = waiting.pop() {
            if let Ok(place) = done.binary_search(&at) {
                done.remove(place);
                reached.insert((done, state));
                continue;
            }
            steps += (pending.len() * (1 + model.heap_bytes(&state) / 256)) as u64;
            for next in ways(model, uses, &pending, &done, &state) {
                if seen.insert(next.clone()) {
                    bytes += 3 * (size_of_val(&next) + size_of_val(&*next.0) + model.heap_bytes(&next.1));
                    waiting.push(next);
                }
            }
            if steps > MAX_STEPS || bytes > MAX_BYTES {
                let what = if steps > MAX_STEPS { "steps of the model" } else { "cases to remember" };
                return Err(Refusal::TooLarge(what, event));
            }
        }
        if reached.is_empty() {
            return Ok(false);
        }
        pending.retain(|other| *other != at);
    }
    Ok(true)
}

/// What can come about by one more operation taking effect. An observation that can does so at once, for
/// it stands in the way of none; and of open operations that are the same the first stands for all.
fn ways<M: Model>(
    model: &M,
    uses: &[Used<M::Op>],
    pending: &[usize],
    done: &[usize],
    state: &M::State,
) -> Vec<(Vec<usize>, M::State)> {
    let mut ways = Vec::new();
    let mut open: HashSet<&M::Op> = HashSet::new();
    for next in pending.iter().filter(|next| !done.contains(next)) {
        let one = &uses[*next];
        if one.complete.is_none() && !open.insert(&one.op) {
            continue;
        }
        let Some(after) = model.step(state, &one.op) else { continue };
        let mut done = done.to_vec();
        done.insert(done.partition_point(|other| other < next), *next);
        if model.is_observation(&one.op) {
            return vec![(done, after)];
        }
        ways.push((done, after));
    }
    ways
}

/// An object for a person.
fn shown(key: Option<&Value>) -> String {
    key.map_or_else(|| "the object".to_owned(), |key| format!("key {key}"))
}
