//! `ordalia report` on stored runs, made by hand.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{complaint, json as read, ordalia_with, results, status};

/// Stores a run of one key whose clients were told these values, one after the other: `None` is a write of the
/// next number, and `Some` what a read returned.
fn store(folder: &Path, told: &[Option<u64>]) {
    let (mut lines, mut written) = (String::new(), 0);
    for (at, returned) in told.iter().enumerate() {
        written += u64::from(returned.is_none());
        let f = if returned.is_none() { "write" } else { "read" };
        let asked = if returned.is_none() { json!(written) } else { Value::Null };
        for (index, kind, value) in
            [(2 * at, "invoke", asked), (2 * at + 1, "ok", json!(returned.unwrap_or(written)))]
        {
            let event = json!({"index": index, "time": index * 1000, "process": 0, "type": kind, "f": f,
                "key": "k", "value": value});
            lines += &format!("{event}\n");
        }
    }
    let info = json!({"version": "0", "binary": "0", "command": "ordalia run", "started": "2026-01-02T03:04:05Z",
        "target": {"name": "raft-kv"}, "workload": "register", "seed": 1, "nodes": 3, "concurrency": 1,
        "time_limit_ms": 1, "client_timeout_ms": 1, "faults": [], "fault_interval_ms": 1, "proxied": false,
        "heal": {"took_ms": 0}});
    fs::write(folder.join("history.jsonl"), lines).unwrap();
    fs::write(folder.join("run.json"), info.to_string()).unwrap();
    fs::write(folder.join("schedule.json"), r#"{"version":1,"nodes":3,"faults":[]}"#).unwrap();
}

/// Many reads of the newest value, and one of the value before it.
fn stale() -> Vec<Option<u64>> {
    let mut told = vec![None];
    told.extend([Some(1); 20]);
    told.extend([None, Some(2), Some(1), Some(2)]);
    told
}

#[test]
fn a_failure_is_kept_as_a_few_operations_that_fail_on_their_own() {
    let folder = results();
    store(folder.path(), &stale());
    let output = ordalia_with(&["report", folder.path().to_str().unwrap()]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(status(&output), 1, "{told}{}", complaint(&output));
    let minimal = folder.path().join("minimal.jsonl");
    assert!(told.contains(&format!("minimal     {}", minimal.display())), "{told}");

    let events = fs::read_to_string(&minimal).unwrap();
    // Word on what it is, and two writes and a read.
    assert_eq!(events.lines().count(), 1 + 2 * 3, "{events}");
    let checked = ordalia_with(&["check", minimal.to_str().unwrap()]);
    assert_eq!(status(&checked), 1, "{}", complaint(&checked));

    let page = fs::read_to_string(folder.path().join("report/index.html")).unwrap();
    assert!(page.contains("href=\"../minimal.jsonl\""));
    let found = read(&folder.path().join("linearization.json"));
    assert_eq!(found["keys"][0]["core"].as_array().unwrap().len(), 3, "{found}");
}

#[test]
fn what_an_earlier_verdict_left_is_removed() {
    let folder = results();
    store(folder.path(), &stale());
    let report = || ordalia_with(&["report", folder.path().to_str().unwrap()]);
    assert_eq!(status(&report()), 1);
    store(folder.path(), &[None, Some(1)]);
    let output = report();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_ne!(status(&output), 1, "{told}{}", complaint(&output));
    assert!(!told.contains("minimal"), "{told}");
    for file in ["minimal.jsonl", "linearization.json"] {
        assert!(!folder.path().join(file).exists(), "{file}");
    }
}
