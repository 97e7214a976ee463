//! From what was found of each key to the judgement.

use ordalia_history::{Operation, Value};
use serde_json::json;

use super::explain::{Scene, show_key};
use super::partition::KeyTask;
use super::{Deadlock, Finding, Model, Reached};
use crate::{Judgement, Verdict};

/// How many keys are listed by name.
const MAX_KEYS: usize = 20;

/// How many of the last operations of the prefix are listed.
const MAX_PREFIX: usize = 200;

/// Writes verdict, reasons and details.
pub(super) fn conclude<M: Model>(
    model: &M,
    operations: &[Operation],
    keys: &[KeyTask<M>],
    findings: &[Finding<M::State>],
    judgement: &mut Judgement,
) {
    let calls: usize = keys.iter().map(|key| key.task.calls.len()).sum();
    let completed: usize = keys.iter().map(|key| key.task.completed()).sum();
    judgement.detail("keys_checked", keys.len());
    judgement.detail("operations", calls);
    judgement.detail("crashed", calls - completed);
    if completed == 0 {
        judgement.because(Verdict::Unknown, "no completed operation says anything of an object's state");
    }
    failures(model, operations, keys, findings, judgement);
    unknowns(keys, findings, judgement);
}

/// Explains the first failure in time, and names the others.
fn failures<M: Model>(
    model: &M,
    operations: &[Operation],
    keys: &[KeyTask<M>],
    findings: &[Finding<M::State>],
    judgement: &mut Judgement,
) {
    let mut failing: Vec<(&KeyTask<M>, &Deadlock<M::State>)> = keys
        .iter()
        .zip(findings)
        .filter_map(|(key, finding)| match finding {
            Finding::NotLinearizable(deadlock) => Some((key, deadlock)),
            _ => None,
        })
        .collect();
    failing.sort_by_key(|(key, deadlock)| key.task.calls[deadlock.stuck].complete);
    judgement.detail("failing_key_count", failing.len());
    let Some((key, deadlock)) = failing.first() else { return };
    let scene = Scene { model, key, operations, deadlock };
    judgement.because(Verdict::Invalid, scene.sentence());
    if failing.len() > 1 {
        let others: Vec<String> = failing[1..].iter().map(|(key, _)| show_key(&key.key)).collect();
        let keys = if others.len() == 1 { "key fails" } else { "keys fail" };
        let reason = format!("{} more {keys}: {}", others.len(), listed(&others));
        judgement.because(Verdict::Invalid, reason);
    }
    let names: Vec<&Option<Value>> = failing.iter().take(MAX_KEYS).map(|(key, _)| &key.key).collect();
    judgement.detail("failing_keys", names);
    describe(&scene, judgement);
}

/// The details of one failure.
fn describe<M: Model>(scene: &Scene<'_, M>, judgement: &mut Judgement) {
    let stuck = scene.stuck();
    let operation = json!({
        "invoke_index": stuck.invoke_index, "complete_index": stuck.complete_index,
        "process": stuck.process, "f": stuck.f, "input": stuck.input, "output": stuck.output,
        "node": stuck.node, "invoked_ns": stuck.invoked_ns, "completed_ns": stuck.completed_ns,
    });
    let prefix = &scene.deadlock.prefix;
    let last = &prefix[prefix.len().saturating_sub(MAX_PREFIX)..];
    let linearized: Vec<u64> = last.iter().map(|call| scene.key.task.calls[*call].invoke).collect();
    let (start_ns, end_ns) = scene.window();
    judgement.detail("key", &scene.key.key);
    judgement.detail("operation", operation);
    judgement.detail("legal", scene.legal());
    judgement.detail("states", scene.states());
    judgement.detail("prefix_length", prefix.len());
    judgement.detail("linearized", linearized);
    judgement.detail("window", json!({"start_ns": start_ns, "end_ns": end_ns}));
}

/// Names the keys for which the budget did not suffice, and how far the search came.
fn unknowns<M: Model>(keys: &[KeyTask<M>], findings: &[Finding<M::State>], judgement: &mut Judgement) {
    let mut names = Vec::new();
    for (key, finding) in keys.iter().zip(findings) {
        let Finding::Exhausted { limit, placed, at } = finding else { continue };
        names.push(&key.key);
        if names.len() <= MAX_KEYS {
            let (of, total) = (show_object(&key.key), key.task.completed());
            let stood = at.map_or_else(String::new, |Reached { event, configurations }| {
                format!(", at event {event} with {configurations} configurations")
            });
            let reason =
                format!("{of}undecided, for {limit} after {placed} of {total} operations were placed{stood}");
            judgement.because(Verdict::Unknown, reason);
        }
    }
    if names.len() > MAX_KEYS {
        let reason = format!("{} more keys are undecided for the same reasons", names.len() - MAX_KEYS);
        judgement.because(Verdict::Unknown, reason);
    }
    judgement.detail("unknown_key_count", names.len());
    names.truncate(MAX_KEYS);
    judgement.detail("unknown_keys", names);
}

/// The start of a sentence about a key: `key k7: `, or nothing in a test of a single object.
pub(super) fn show_object(key: &Option<Value>) -> String {
    key.as_ref().map_or_else(String::new, |_| format!("key {}: ", show_key(key)))
}

fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(MAX_KEYS)].join(", ");
    if names.len() > MAX_KEYS { format!("{shown}, …") } else { shown }
}
