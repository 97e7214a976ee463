//! What the settings of the properties change, those that have no name on the command line.

// A panic is the way in which a test fails.
#![allow(clippy::unwrap_used)]

use ordalia_checker::properties::{Bank, Convergence, Monotonic, TotalQueue};
use ordalia_checker::{Budget, Checker, History, Verdict};
use ordalia_history::{Event, EventType, Process};
use serde_json::{Value, json};

/// Operations that are ok, one after the other: node and process, name, input and output.
fn history(operations: &[(u64, &str, Value, Value)]) -> History {
    let mut events = Vec::new();
    for (process, f, input, output) in operations {
        for (kind, value) in [(EventType::Invoke, input), (EventType::Ok, output)] {
            let index = events.len() as u64;
            events.push(Event {
                index,
                time: index,
                process: Process::Client(*process),
                kind,
                f: (*f).into(),
                key: None,
                value: value.clone(),
                error: None,
                node: Some(format!("n{process}").into()),
                intended: None,
            });
        }
    }
    History::new(events).unwrap()
}

fn verdict(checker: &dyn Checker, history: &History) -> Verdict {
    checker.check(history, &Budget::default()).valid
}

#[test]
fn a_bank_may_allow_overdrafts_and_be_told_its_total() {
    let transfer = json!({"from": "a", "to": "b", "amount": 4});
    let overdrawn = history(&[
        (0, "read", Value::Null, json!({"a": 3, "b": 0})),
        (0, "transfer", transfer, Value::Null),
        (0, "read", Value::Null, json!({"a": -1, "b": 4})),
    ]);
    let bank = Bank::default();
    assert_eq!(verdict(&bank, &overdrawn), Verdict::Invalid);
    assert_eq!(verdict(&Bank { allow_negative: true, ..bank }, &overdrawn), Verdict::Valid);
    let told = Bank { allow_negative: true, total: Some(3) };
    assert_eq!(verdict(&told, &overdrawn), Verdict::Valid);
    assert_eq!(verdict(&Bank { total: Some(5), ..told }, &overdrawn), Verdict::Invalid);
}

#[test]
fn lists_converge_in_order_only_where_it_counts() {
    let lists = history(&[
        (0, "append", json!(1), Value::Null),
        (1, "append", json!(2), Value::Null),
        (0, "read", Value::Null, json!([1, 2])),
        (1, "read", Value::Null, json!([2, 1])),
    ]);
    assert_eq!(verdict(&Convergence { ordered: false }, &lists), Verdict::Valid);
    assert_eq!(verdict(&Convergence { ordered: true }, &lists), Verdict::Invalid);
}

#[test]
fn monotonic_in_each_process_alone_allows_reads_that_lag() {
    let lagging = history(&[
        (0, "add", json!(1), Value::Null),
        (0, "add", json!(2), Value::Null),
        (1, "read", Value::Null, json!(1)),
    ]);
    assert_eq!(verdict(&Monotonic { global: true }, &lagging), Verdict::Invalid);
    assert_eq!(verdict(&Monotonic { global: false }, &lagging), Verdict::Valid);
}

#[test]
fn a_queue_may_hand_out_a_value_twice_where_that_is_allowed() {
    let twice = history(&[
        (0, "enqueue", json!(1), Value::Null),
        (0, "dequeue", Value::Null, json!(1)),
        (1, "dequeue", Value::Null, json!(1)),
    ]);
    assert_eq!(verdict(&TotalQueue::default(), &twice), Verdict::Invalid);
    assert_eq!(verdict(&TotalQueue { at_least_once: true, ..TotalQueue::default() }, &twice), Verdict::Valid);
}
