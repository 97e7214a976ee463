//! The page on linearizability, held against what was found.

#![allow(clippy::unwrap_used, reason = "a test may end where it cannot go on")]

mod packed;

use std::sync::Arc;

use ordalia_checker::linearizable::{Depiction, KeyDepiction};
use ordalia_checker::{Budget, History, Verdict, examiner};
use ordalia_history::{Operation, Outcome, fault_windows};
use ordalia_report::LinearizationPage;
use packed::data;
use serde_json::{Value, json};

/// A history of two processes that write and read in turns; the last read is stale.
fn stale(value: impl Fn(u64) -> Value) -> History {
    let line = |index: u64, process: u64, kind: &str, f: &str, value: Value| json!({"index": index, "time": index * 1000, "process": process, "type": kind, "f": f, "value": value});
    let mut events = Vec::new();
    for round in 0..10 {
        let (at, read) = (round * 4, if round == 9 { 3 } else { round });
        events.push(line(at, 0, "invoke", "write", value(round)));
        events.push(line(at + 1, 0, "ok", "write", value(round)));
        events.push(line(at + 2, 1, "invoke", "read", Value::Null));
        events.push(line(at + 3, 1, "ok", "read", value(read)));
    }
    History::new(events.into_iter().map(|event| serde_json::from_value(event).unwrap()).collect()).unwrap()
}

fn page(history: &History, depiction: &Depiction) -> String {
    let faults = fault_windows(&history.events);
    let operations = &history.operations;
    LinearizationPage { title: "h.jsonl", depiction, operations, faults: &faults, back: None }.render()
}

#[test]
fn the_numbers_agree_with_the_examination() {
    let history = stale(|round| json!(round));
    let checker = examiner("register", None, "wgl").unwrap();
    let found = checker.examine(&history, &Budget::default(), &Arc::default());
    let html = page(&history, &checker.depict(&history, &found));
    let data = data(&html);
    let (key, columns) = (&data["keys"][0], &data["columns"]);
    assert_eq!(found.keys[0].stuck, Some(19));
    assert_eq!(key["stuck"], 19);
    assert_eq!(key["ordered"], found.keys[0].order.len());
    for (place, operation) in found.keys[0].order.iter().enumerate() {
        assert_eq!(columns["place"][*operation], place + 1);
        let state = data["texts"][columns["state"][*operation].as_u64().unwrap() as usize].as_str().unwrap();
        assert_eq!(state, (operation / 2).to_string());
    }
    let text = |at: usize| &data["texts"][columns["text"][at].as_u64().unwrap() as usize];
    assert_eq!((text(18), text(19)), (&json!("write 9"), &json!("read 3")));
    let times: u64 = columns["start"].as_array().unwrap().iter().map(|step| step.as_u64().unwrap()).sum();
    assert_eq!(times, history.operations[19].invoked_ns);
    assert_eq!((&key["legal"], &key["states"]), (&json!(["read 9"]), &json!(["9"])));
    let sentence = &found.judgement.reasons[0];
    assert!(html.contains(sentence), "{sentence}");
}

#[test]
fn hostile_text_stays_text() {
    const HOSTILE: &str = "</script><script>alert(1)</script>\"'<b>";
    let mut history = stale(|round| json!(format!("{HOSTILE}{round}")));
    history.operations[18].node = Some(HOSTILE.into());
    let checker = examiner("register", None, "wgl").unwrap();
    let found = checker.examine(&history, &Budget::default(), &Arc::default());
    let html = page(&history, &checker.depict(&history, &found));
    assert!(!html.contains("<script>alert") && !html.contains("<b>"));
    assert!(html.contains("&lt;script&gt;alert"), "the hostile text should be shown, escaped");
    assert_eq!(html.matches("</script>").count(), 2);
    let known = data(&html);
    let shown = known["texts"].as_array().unwrap().iter().filter_map(Value::as_str);
    assert!(shown.filter(|text| text.contains("<script>alert")).count() > 2, "and whole in the picture");
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let history = stale(|round| json!(round));
    let checker = examiner("register", None, "wgl").unwrap();
    let found = checker.examine(&history, &Budget::default(), &Arc::default());
    let html = page(&history, &checker.depict(&history, &found));
    for outside in [" src=", "@import", "url(", "href=", "<link", "http:", "https:", "fetch("] {
        assert!(!html.contains(outside), "{outside}");
    }
}

/// An operation of a long history with texts that do not compress well.
fn operation(at: u64) -> Operation {
    let noise = at.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Operation {
        process: at % 50,
        f: if at.is_multiple_of(2) { "write" } else { "read" }.into(),
        key: None,
        input: Value::Null,
        output: Value::Null,
        outcome: Outcome::Ok,
        error: None,
        node: Some(format!("n{}", at % 5).as_str().into()),
        invoked_ns: at * 20_000 + noise % 20_000,
        intended_ns: None,
        completed_ns: Some(at * 20_000 + 20_000 + noise % 900_000),
        invoke_index: at * 2,
        complete_index: Some(at * 2 + 1 + noise % 40),
    }
}

#[test]
fn a_hundred_thousand_operations_fit_into_five_megabytes() {
    let operations: Vec<Operation> = (0..100_000).map(operation).collect();
    let noise =
        |at: u64| at.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ at.rotate_left(17).wrapping_mul(0xD6E8_FEB8);
    // Each with a value of its own, of 64 digits.
    let long = |at: u64| {
        format!("write {}", (0..4).map(|part| format!("{:016x}", noise(at * 4 + part))).collect::<String>())
    };
    let key = KeyDepiction {
        verdict: Verdict::Valid,
        order: (0..operations.len()).collect(),
        texts: (0..100_000).map(long).collect(),
        shown: (0..100_000).map(|at| (at as usize, at as u32)).collect(),
        states: (0..100_000).map(Some).collect(),
        ..KeyDepiction::default()
    };
    let depiction = Depiction {
        verdict: Verdict::Valid,
        reasons: Vec::new(),
        model: "register".to_owned(),
        object: "register".to_owned(),
        keys: vec![key],
    };
    let page = LinearizationPage {
        title: "long",
        depiction: &depiction,
        operations: &operations,
        faults: &[],
        back: None,
    };
    let html = page.render();
    assert!(html.len() < 5_000_000, "{} bytes", html.len());
    assert_eq!(data(&html)["columns"]["row"].as_array().unwrap().len(), 100_000);
}

#[test]
fn a_depiction_that_names_what_is_not_there_is_drawn_without_it() {
    let history = stale(|round| json!(round));
    let checker = examiner("register", None, "wgl").unwrap();
    let found = checker.examine(&history, &Budget::default(), &Arc::default());
    let mut depiction = checker.depict(&history, &found);
    let key = &mut depiction.keys[0];
    key.order.push(9_999);
    key.stuck = Some(12_345);
    key.shown.push((7_777, 999));
    key.states = vec![Some(123_456); 3];
    key.core = vec![88_888];
    let data = data(&page(&history, &depiction));
    assert_eq!(data["keys"][0]["stuck"], -1);
    assert_eq!(data["columns"]["row"].as_array().unwrap().len(), 20);
}
