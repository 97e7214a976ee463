//! What the model makes of operations.

use super::*;
use ordalia_history::OpError;
use serde_json::json;

fn operation(f: &str, value: Value, outcome: Outcome, error: Option<&str>) -> Operation {
    Operation {
        process: 1,
        f: f.into(),
        key: Some(json!("k")),
        input: value.clone(),
        output: value,
        outcome,
        error: error.map(OpError::new),
        node: None,
        invoked_ns: 0,
        intended_ns: None,
        completed_ns: None,
        invoke_index: 7,
        complete_index: Some(9),
    }
}

fn parse(model: &Kv, values: &mut Values, f: &str, value: Value) -> KvOp {
    match model.parse(&operation(f, value, Outcome::Ok, None), values) {
        Ok(Part::Must(op)) => op,
        other => panic!("{other:?}"),
    }
}

/// Whether these operations, one after the other, can have come out so.
fn legal(initial: Value, operations: &[(&str, Value)]) -> bool {
    let (model, mut values) = (Kv::new(initial), Values::default());
    let mut state = Some(model.init(&mut values));
    for (f, value) in operations {
        let op = parse(&model, &mut values, f, value.clone());
        state = state.and_then(|state| model.step(&state, &op));
    }
    state.is_some()
}

#[test]
fn appends_go_to_the_end() {
    let ab = [("append", json!("a")), ("append", json!("b")), ("get", json!("ab"))];
    assert!(legal(json!(""), &ab) && legal(json!(null), &ab));
    assert!(!legal(json!("x"), &ab));
    assert!(!legal(json!(""), &[("append", json!("a")), ("append", json!("b")), ("get", json!("ba"))]));
    assert!(legal(json!(""), &[("put", json!("p")), ("append", json!("q")), ("cas", json!(["pq", "r"]))]));
    // There is nothing to append to.
    assert!(!legal(json!(null), &[("put", json!(5)), ("append", json!("a"))]));
}

#[test]
fn a_key_that_is_not_there_reads_as_keys_begin() {
    for (initial, reads, otherwise) in
        [(json!(""), json!(""), json!("x")), (json!(null), json!(null), json!(""))]
    {
        assert!(legal(initial.clone(), &[("get", reads.clone()), ("get", json!(null))]));
        assert!(legal(initial.clone(), &[("put", json!("a")), ("delete", json!(null)), ("get", reads)]));
        assert!(!legal(initial, &[("get", otherwise)]));
    }
    assert!(legal(json!("a"), &[("get", json!("a")), ("delete", json!(null)), ("get", json!(null))]));
}

#[test]
fn what_failed_says_no_more_than_it_must() {
    let (model, mut values) = (Kv::new(json!(null)), Values::default());
    let mut part = |f: &str, value: Value, error: &str| {
        model.parse(&operation(f, value, Outcome::Fail, Some(error)), &mut values).unwrap()
    };
    for f in ["get", "delete"] {
        assert!(matches!(part(f, json!(null), "key-does-not-exist"), Part::Must(KvOp::Missing(_))));
        assert_eq!(part(f, json!(null), "timeout"), Part::Out);
    }
    assert!(matches!(part("cas", json!(["a", "b"]), "key-does-not-exist"), Part::Must(KvOp::Missing(_))));
    assert_eq!(part("cas", json!([null, "b"]), "key-does-not-exist"), Part::Out);
    assert!(matches!(part("cas", json!(["a", "b"]), "precondition-failed"), Part::Must(KvOp::Refused(..))));
    assert_eq!(part("cas", json!(["a", "b"]), "abort"), Part::Out);
    assert_eq!(part("put", json!("a"), "key-does-not-exist"), Part::Out);
    assert_eq!(part("append", json!("a"), "precondition-failed"), Part::Out);
}

#[test]
fn what_does_not_fit_names_the_event_and_what_was_expected() {
    let (model, mut values) = (Kv::new(json!("")), Values::default());
    let mut complaint = |f: &str, value| {
        model.parse(&operation(f, value, Outcome::Ok, None), &mut values).unwrap_err().to_string()
    };
    assert_eq!(
        complaint("append", json!(5)),
        "event 7: the model kv expected append with a string, found append with 5"
    );
    assert_eq!(
        complaint("cas", json!([1])),
        "event 7: the model kv expected cas with a value of the form [from, to], found cas with [1]"
    );
    assert_eq!(
        complaint("pop", json!(null)),
        "event 7: the model kv expected get, put, append, cas or delete, found \"pop\""
    );
}

#[test]
fn long_values_are_shown_by_their_end() {
    let (model, mut values) = (Kv::new(json!("")), Values::default());
    let op = parse(&model, &mut values, "get", json!("x".repeat(70) + "y"));
    assert_eq!(model.claim(&op, &values), format!("returned …\"{}y\"", "x".repeat(59)));
}
