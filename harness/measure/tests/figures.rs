//! The figures of small runs made by hand, whose answers are known.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use ordalia_measure::{Figures, Mark, figures_of};
use ordalia_record::RunFolder;
use serde_json::{Value, json};

/// Milliseconds as the nanoseconds of a history.
const MS: u64 = 1_000_000;

/// A run of two seconds: an operation each 10 ms that takes 1 ms, but for those of 500 to 900 ms, which time out, and
/// a fault from 490 to 1200 ms. Two closing operations follow.
fn store(folder: &Path) {
    let mut events: Vec<(u64, Value)> = Vec::new();
    for at in (0..2000).step_by(10) {
        let lost = (500..900).contains(&at);
        // Each lost one retires its process.
        let process = if lost { at } else { 0 };
        let start = json!({"process": process, "type": "invoke", "f": "write", "value": at, "intended": (at * MS).saturating_sub(2 * MS)});
        let (end, took) = if lost { ("info", 100) } else { ("ok", 1) };
        let mut end = json!({"process": process, "type": end, "f": "write", "value": at});
        if lost {
            end["error"] = json!("timeout");
        }
        events.extend([(at * MS, start), ((at + took) * MS, end)]);
    }
    events.extend([nemesis(490, "start"), nemesis(491, "started"), nemesis(1200, "healed")]);
    for at in [2100, 2200] {
        let event = |kind: &str| json!({"process": 0, "type": kind, "f": "read", "value": 7});
        events.extend([(at * MS, event("invoke")), ((at + 50) * MS, event("ok"))]);
    }
    events.sort_by_key(|(time, _)| *time);
    let mut lines = String::new();
    for (index, (time, mut event)) in events.into_iter().enumerate() {
        event["index"] = json!(index);
        event["time"] = json!(time);
        lines += &format!("{event}\n");
    }
    fs::write(folder.join("history.jsonl"), lines).unwrap();
    fs::write(folder.join("run.json"), info().to_string()).unwrap();
    let link = |messages: u64| json!({"from": "n1", "to": "n2", "messages": messages, "bytes": 0, "dropped": 0, "duplicated": 0, "connections": 1});
    fs::write(folder.join("links.json"), json!([link(162), link(162)]).to_string()).unwrap();
    let disks = json!([{"node": "n1", "fsyncs": 80}, {"node": "n2", "fsyncs": 1, "at_least": true}]);
    fs::write(folder.join("disks.json"), disks.to_string()).unwrap();
    let said = |at: u64, node: &str, term: Value| {
        format!("{}\n", json!({"time": at * MS, "node": node, "status": {"role": "follower", "term": term}}))
    };
    let status = [(0, "n1", 3), (1, "n2", 4), (900, "n1", 6), (2100, "n2", 9)];
    let status: String = status.map(|(at, node, term)| said(at, node, json!(term))).concat();
    fs::write(folder.join("status.jsonl"), status).unwrap();
}

fn nemesis(at: u64, phase: &str) -> (u64, Value) {
    let value = json!({"fault": 0, "phase": phase, "label": "kill leader (n1)"});
    (at * MS, json!({"process": "nemesis", "type": "info", "f": "kill", "value": value}))
}

fn info() -> Value {
    json!({"version": "0", "binary": "0", "command": "ordalia run", "started": "2026-01-02T03:04:05Z",
        "target": {"name": "raft-kv"}, "workload": "register", "seed": 1, "nodes": 2, "concurrency": 1,
        "time_limit_ms": 2000, "client_timeout_ms": 100, "faults": [], "fault_interval_ms": 1, "proxied": true,
        "phases": [{"name": "load", "start_ns": 0, "end_ns": 2_010 * MS}, {"name": "heal", "start_ns": 2_010 * MS, "end_ns": 2_050 * MS}],
        "heal": {"took_ms": 40}})
}

fn figures() -> Figures {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    figures_of(&RunFolder::open(folder.path()).unwrap()).unwrap()
}

#[test]
fn counts_and_latencies_are_of_the_load_alone() {
    let figures = figures();
    assert_eq!((figures.ok, figures.fail, figures.info), (160, 0, 40));
    assert_eq!((figures.load_s, figures.ok_per_s, figures.availability), (2.0, 80.0, 0.8));
    let latency = figures.latency.unwrap();
    assert_eq!((latency.invocation.p50_us, latency.invocation.max_us), (1000.0, 1000.0));
    assert_eq!(latency.intended.unwrap().p50_us, 3000.0);
}

#[test]
fn what_nobody_was_answered_in_is_told_of_each_fault() {
    let figures = figures();
    // Somebody waits from 500 ms on, and the next answer comes at 901 ms.
    assert_eq!((figures.unavailable_ms, figures.longest_outage_ms), (401, 401));
    let [start, heal] = figures.after.as_slice() else { panic!("{:?}", figures.after) };
    assert_eq!((start.phase, start.at_ms, start.unavailable_ms), (Mark::Start, 490.0, 401.0));
    // The operation of 490 ms is answered still.
    assert_eq!(start.recovery_ms, Some(1.0));
    assert_eq!(
        (heal.phase, heal.at_ms, heal.unavailable_ms, heal.recovery_ms),
        (Mark::Heal, 1200.0, 0.0, Some(1.0))
    );
    assert_eq!((heal.kind.as_str(), heal.label.as_str()), ("kill", "kill leader (n1)"));
    assert_eq!(figures.heal_ms, Some(40));
}

#[test]
fn costs_are_for_each_ok_operation_of_the_whole_run() {
    let figures = figures();
    assert_eq!(figures.messages_per_op, Some(2.0));
    assert_eq!(figures.bytes_per_op, None);
    assert_eq!((figures.fsyncs_per_op, figures.fsyncs_at_least), (Some(0.5), true));
    // Terms 4 to 6; the 9th was begun after the load.
    assert_eq!(figures.elections, Some(2));
}

#[test]
fn figures_are_written_and_read_again_unchanged() {
    let figures = figures();
    let text = serde_json::to_string(&figures).unwrap();
    assert_eq!(serde_json::from_str::<Figures>(&text).unwrap(), figures);
}

#[test]
fn a_run_that_recorded_nothing_has_figures_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("history.jsonl"), "").unwrap();
    fs::write(folder.path().join("run.json"), info().to_string()).unwrap();
    let figures = figures_of(&RunFolder::open(folder.path()).unwrap()).unwrap();
    assert_eq!((figures.ok, figures.ok_per_s, figures.availability, figures.latency), (0, 0.0, 0.0, None));
    assert_eq!((figures.messages_per_op, figures.elections), (None, None));
}
