//! From what was found of each key to the judgement.

use ordalia_history::{Operation, Value};
use serde_json::json;

use super::explain::{Scene, show_key};
use super::partition::KeyTask;
use super::{Failure, Finding, Model, Reached};
use crate::{Judgement, Verdict};

/// How many keys are listed by name.
const MAX_KEYS: usize = 20;

/// How many of the last operations of the prefix are listed.
const MAX_PREFIX: usize = 200;

/// How many of the operations that ran beside the failing one are listed.
const MAX_CONCURRENT: usize = 8;

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
    explain_first(model, operations, keys, findings, judgement);
    unknowns(keys, findings, judgement);
}

/// The keys that fail, by their positions, in the order in which the failures show.
fn failing<M: Model>(keys: &[KeyTask<M>], findings: &[Finding<M::State>]) -> Vec<usize> {
    let shows = |at: &usize| match &findings[*at] {
        Finding::NotLinearizable(deadlock) => Some(keys[*at].task.calls[deadlock.stuck].complete),
        _ => None,
    };
    let mut failing: Vec<usize> = (0..findings.len()).filter(|at| shows(at).is_some()).collect();
    failing.sort_by_key(shows);
    failing
}

/// How many failures are explained.
const MAX_EXPLAINED: usize = 50;

/// What there is to say of each key that fails, in the order of the keys; of the first ones to fail.
pub(super) fn failures<M: Model>(
    model: &M,
    operations: &[Operation],
    keys: &[KeyTask<M>],
    findings: &[Finding<M::State>],
) -> Vec<Option<Failure>> {
    let mut failures = vec![None; keys.len()];
    for at in failing(keys, findings).into_iter().take(MAX_EXPLAINED) {
        if let Finding::NotLinearizable(deadlock) = &findings[at] {
            failures[at] = Some(Scene { model, key: &keys[at], operations, deadlock }.failure());
        }
    }
    failures
}

/// Explains the first failure in time, and names the others.
fn explain_first<M: Model>(
    model: &M,
    operations: &[Operation],
    keys: &[KeyTask<M>],
    findings: &[Finding<M::State>],
    judgement: &mut Judgement,
) {
    let pair = |at: usize| match &findings[at] {
        Finding::NotLinearizable(deadlock) => Some((&keys[at], deadlock)),
        _ => None,
    };
    let failing: Vec<_> = failing(keys, findings).into_iter().filter_map(pair).collect();
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
    judgement.detail("shown", scene.shown(scene.deadlock.stuck));
    judgement.detail("legal", scene.legal());
    judgement.detail("states", scene.states());
    judgement.detail("prefix_length", prefix.len());
    judgement.detail("linearized", linearized);
    judgement.detail("key_operations", scene.key.task.completed());
    judgement.detail("since", scene.setter().map(|call| scene.mention(call)));
    let concurrent: Vec<_> =
        scene.concurrent().take(MAX_CONCURRENT).map(|call| scene.mention(call)).collect();
    judgement.detail("concurrent", concurrent);
    judgement.detail("concurrent_count", scene.concurrent().count());
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
