//! Small histories as text, one a file under `golden/`: what happened, and what is concluded.
//!
//! A file holds comments (`# …`), the checker (`checker: linearizable cas-register`), the verdict
//! (`expect: invalid`), all reasons (`because: …`), details worth fixing (`detail legal: ["read 5"]`) and
//! the events, each a millisecond after the one before it: `PROCESS[@NODE] TYPE F KEY VALUE [ERROR]`, or for
//! a fault `nemesis PHASE KIND NUMBER`. A line `at 1500` sets the time of the next event, in milliseconds.

// Helpers of tests are not tests to the lint; a panic is their way to fail.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use ordalia_checker::properties::property;
use ordalia_checker::{Availability, Budget, Checker, History, Judgement, Recovery, Stats, examiner};
use ordalia_history::{Event, EventType, FaultPhase, OpError, Process, fault_event_value};
use serde_json::Value;

#[derive(Default)]
struct Golden {
    checker: String,
    expect: String,
    because: Vec<String>,
    details: Vec<(String, Value)>,
    events: Vec<Event>,
}

fn event(words: &[&str], index: u64, time: u64) -> Event {
    let mut node = None;
    let (process, kind, f, key, value, error) = match words {
        ["nemesis", phase, kind, fault] => {
            let phase: FaultPhase = serde_json::from_value(Value::from(*phase)).unwrap();
            let value = fault_event_value(fault.parse().unwrap(), phase, &format!("{kind} {fault}"));
            (Process::Nemesis, EventType::Info, *kind, None, value, None)
        }
        [process, kind, f, key, value, error @ ..] => {
            let kind: EventType = serde_json::from_value(Value::from(*kind)).unwrap();
            let (process, at_node) = process.split_once('@').map_or((*process, None), |(p, n)| (p, Some(n)));
            node = at_node.map(Into::into);
            let process = Process::Client(process.parse().unwrap());
            let key = (*key != "-").then(|| Value::from(*key));
            (process, kind, *f, key, serde_json::from_str(value).unwrap(), error.first())
        }
        other => panic!("not an event: {other:?}"),
    };
    let error = error.map(|kind| OpError::new(*kind));
    Event { index, time, process, kind, f: f.into(), key, value, error, node, intended: None }
}

fn parse(text: &str) -> Golden {
    let mut golden = Golden::default();
    let mut time_ms = 0;
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if let Some((head, rest)) = line.split_once(": ") {
            match head.split_once(' ') {
                Some(("detail", name)) => {
                    golden.details.push((name.into(), serde_json::from_str(rest).unwrap()))
                }
                None if head == "checker" => golden.checker = rest.into(),
                None if head == "expect" => golden.expect = rest.into(),
                None if head == "because" => golden.because.push(rest.into()),
                _ => panic!("not a heading: {line}"),
            }
        } else if let Some(time) = line.strip_prefix("at ") {
            time_ms = time.parse().unwrap();
        } else {
            let words: Vec<&str> = line.split_whitespace().collect();
            golden.events.push(event(&words, golden.events.len() as u64, time_ms * 1_000_000));
            time_ms += 1;
        }
    }
    golden
}

fn judge(golden: &Golden) -> Judgement {
    let history = History::new(golden.events.clone()).unwrap();
    let checker: Box<dyn Checker> = match golden.checker.split_whitespace().collect::<Vec<_>>()[..] {
        ["linearizable", model] => examiner(model, None, "auto").unwrap(),
        ["stats"] => Box::new(Stats { min_answered: 2, min_ok: 1, ..Stats::default() }),
        ["availability"] => Box::new(Availability::default()),
        ["recovery"] => Box::new(Recovery::default()),
        [name] => (property(name).unwrap().make)(&Value::Null),
        [name, initial] => (property(name).unwrap().make)(&serde_json::from_str(initial).unwrap()),
        ref other => panic!("no checker: {other:?}"),
    };
    checker.check(&history, &Budget::default())
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn each_history_is_judged_as_its_file_says() {
    let mut wrong = Vec::new();
    for path in files() {
        let golden = parse(&std::fs::read_to_string(&path).unwrap());
        let judgement = judge(&golden);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if judgement.valid.to_string() != golden.expect || judgement.reasons != golden.because {
            wrong.push(format!("{name}: {} {:#?}", judgement.valid, judgement.reasons));
        }
        for (detail, value) in &golden.details {
            let found = judgement.details.get(detail);
            if found != Some(value) {
                wrong.push(format!("{name}: {detail} is {}", found.unwrap_or(&Value::Null)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_histories_of_every_verdict() {
    let verdicts: Vec<String> =
        files().iter().map(|path| parse(&std::fs::read_to_string(path).unwrap()).expect).collect();
    for verdict in ["valid", "invalid", "unknown"] {
        assert!(verdicts.iter().any(|found| found == verdict), "{verdict}");
    }
}
