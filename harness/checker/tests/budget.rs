//! Budgets of whole checks: what cannot be decided is unknown, with the key and how far the search came,
//! and does not hide what can.

// A panic is the way in which a test fails.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use ordalia_checker::{Budget, History, Judgement, Verdict, examiner};
use ordalia_history::{Event, EventType, Process};
use serde_json::{Value, json};

/// Records events a microsecond apart.
#[derive(Default)]
struct Recorder(Vec<Event>);

impl Recorder {
    fn event(&mut self, key: &str, process: u64, kind: EventType, f: &str, value: Value) {
        let index = self.0.len() as u64;
        self.0.push(Event {
            index,
            time: index * 1_000,
            process: Process::Client(process),
            kind,
            f: f.into(),
            key: Some(key.into()),
            value,
            error: None,
            node: None,
            intended: None,
        });
    }

    /// Writes that are all open together, and among them a read of what none of them wrote: all their orders
    /// have to be tried. One value is written twice, so that nothing but a search can decide.
    fn hard_key(&mut self, key: &str, first_process: u64, writes: u64) {
        self.writes(key, first_process, writes, EventType::Invoke);
        self.event(key, first_process + writes, EventType::Invoke, "read", Value::Null);
        self.event(key, first_process + writes, EventType::Ok, "read", json!("never"));
        self.writes(key, first_process, writes, EventType::Ok);
    }

    fn writes(&mut self, key: &str, first_process: u64, writes: u64, kind: EventType) {
        for write in 0..writes {
            self.event(key, first_process + write, kind, "write", json!(write.max(1)));
        }
    }

    fn judged(&self, time: Duration, memory_bytes: u64) -> Judgement {
        let history = History::new(self.0.clone()).unwrap();
        let checker = examiner("cas-register", None, "auto").unwrap();
        checker.check(&history, &Budget { time, memory_bytes })
    }
}

#[test]
fn memory_that_does_not_suffice_leaves_the_key_unknown_the_same_way_each_time() {
    let mut recorder = Recorder::default();
    recorder.hard_key("a", 0, 24);
    recorder.writes("b", 100, 3, EventType::Invoke);
    recorder.writes("b", 100, 3, EventType::Ok);
    recorder.hard_key("c", 200, 24);
    let judgement = recorder.judged(Duration::MAX, 1 << 20);
    assert_eq!(judgement.valid, Verdict::Unknown);
    let of = |key, event| {
        format!(
            "key {key}: undecided, for the memory limit of 1048576 bytes was reached after 24 of 25 operations were placed, at event {event} with "
        )
    };
    let reasons = judgement.reasons.iter().zip([of("a", 25), of("c", 81)]);
    assert!(reasons.into_iter().all(|(reason, start)| reason.starts_with(&start)), "{:?}", judgement.reasons);
    assert_eq!(judgement.details["unknown_keys"], json!(["a", "c"]));
    assert_eq!(judgement, recorder.judged(Duration::MAX, 1 << 20));
}

#[test]
fn an_undecided_key_does_not_hide_one_that_fails() {
    let mut recorder = Recorder::default();
    recorder.hard_key("a", 0, 24);
    recorder.hard_key("b", 100, 3);
    let judgement = recorder.judged(Duration::MAX, 1 << 20);
    assert_eq!(judgement.valid, Verdict::Invalid);
    assert_eq!(judgement.details["failing_keys"], json!(["b"]));
    assert_eq!(judgement.details["unknown_keys"], json!(["a"]));
}

#[test]
fn without_time_every_key_is_unknown() {
    let mut recorder = Recorder::default();
    recorder.hard_key("a", 0, 24);
    let judgement = recorder.judged(Duration::ZERO, u64::MAX);
    assert_eq!(judgement.valid, Verdict::Unknown);
    assert_eq!(
        judgement.reasons,
        ["key a: undecided, for the time limit of 0ns passed after 0 of 25 operations were placed"]
    );
}

#[test]
fn of_many_undecided_keys_some_are_named_and_the_others_counted() {
    let mut recorder = Recorder::default();
    (0..25).for_each(|key| recorder.hard_key(&format!("k{key}"), key * 10, 2));
    let judgement = recorder.judged(Duration::ZERO, u64::MAX);
    assert_eq!(judgement.reasons.len(), 21);
    assert_eq!(judgement.reasons[20], "5 more keys are undecided for the same reasons");
    assert_eq!(judgement.details["unknown_key_count"], 25);
    assert_eq!(judgement.details["unknown_keys"].as_array().map(Vec::len), Some(20));
}

#[test]
fn an_unknown_model_is_refused_with_the_known_ones() {
    let error = examiner("regster", None, "auto").err().unwrap();
    let text = error.to_string();
    assert!(text.starts_with("there is no model \"regster\"; known are register, cas-register"), "{text}");
}
