//! Real systems, as they are installed. Where one is missing its test says so and ends, unless
//! `ORDALIA_DEMAND_REAL` is set, as `.ci/run` does.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use support::{complaint, latest, ordalia_with, results, status};

/// Three servers take a small machine to themselves: two systems beside each other would show each other's load.
static MACHINE: Mutex<()> = Mutex::new(());

/// Runs a command that needs a system; `None` if the system is not installed.
fn with_system(args: &[&str]) -> Option<(i32, String)> {
    let _alone = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    let output = ordalia_with(args);
    let said = complaint(&output) + &String::from_utf8_lossy(&output.stdout);
    if said.contains("not installed") {
        assert!(std::env::var_os("ORDALIA_DEMAND_REAL").is_none(), "demanded, and missing: {said}");
        // What is printed by eprintln, a test that passes keeps to itself.
        let mut errors = std::io::stderr();
        writeln!(errors, "skipped: {}", said.trim()).unwrap();
        return None;
    }
    Some((status(&output), said))
}

/// Kills and pauses servers: registers stay linearizable, and operations of every kind succeed.
fn survives(system: &str) {
    let results = results();
    let args = ["run", system, "-t", "4s", "-r", "100", "-c", "5", "--faults", "kill,pause", "--seed", "3"];
    let folder = results.path().to_str().unwrap();
    let rest = ["--fault-interval", "1s", "--client-timeout", "3s", "--plain", "--results", folder];
    let Some((status, said)) = with_system(&[&args[..], &rest].concat()) else { return };
    // A slow machine may leave too little evidence for valid, and never any for invalid.
    assert!(status == 0 || status == 2, "status {status}: {said}");
    let history = fs::read_to_string(latest(results.path()).join("history.jsonl")).unwrap();
    for f in ["read", "write", "cas"] {
        let done = |line: &&str| line.contains(&format!("\"f\":\"{f}\"")) && line.contains("\"type\":\"ok\"");
        assert!(history.lines().any(|line| done(&line)), "no {f} is ok: {said}");
    }
    let faults = fs::read_to_string(latest(results.path()).join("faults.jsonl")).unwrap();
    assert!(faults.contains("\"effective\":true"), "{faults}");
}

#[test]
fn zookeeper_bears_kills_and_pauses() {
    survives("zookeeper");
}

#[test]
fn etcd_bears_kills_and_pauses() {
    survives("etcd");
}

/// The sensors on ZooKeeper's ensemble: rounds go on over kills, pauses and partitions, and their API records means.
#[test]
fn sensors_hold_together_on_zookeeper() {
    let results = results();
    let folder = results.path().to_str().unwrap();
    let args = ["run", "sensor-barrier", "--ensemble", "zookeeper", "-t", "6s", "--seed", "3", "--plain"];
    let rest = ["--faults", "kill,pause,partition", "--fault-interval", "2s", "--results", folder];
    let Some((status, said)) = with_system(&[&args[..], &rest].concat()) else { return };
    // A slow machine may leave too little evidence for valid, and never any for invalid.
    assert!(status == 0 || status == 2, "status {status}: {said}");
    assert!(said.contains("the links from server to server are not"), "{said}");
    let history = fs::read_to_string(latest(results.path()).join("history.jsonl")).unwrap();
    for f in ["measure", "wait", "increment", "lead", "posted", "configure", "counter_read"] {
        let done = |line: &&str| line.contains(&format!("\"f\":\"{f}\"")) && line.contains("\"type\":\"ok\"");
        assert!(history.lines().any(|line| done(&line)), "no {f} is ok: {said}");
    }
}

#[test]
fn systems_are_measured_side_by_side() {
    for (system, ways) in [("zookeeper", ["sync", "local"]), ("etcd", ["linearizable", "serializable"])] {
        let args =
            ["bench", "coordination", "-n", "3", "--beside", system, "--clients", "2", "--rounds", "1"];
        let args = [&args[..], &["-t", "500ms", "--json"]].concat();
        let Some((status, said)) = with_system(&args) else { continue };
        assert_eq!(status, 0, "{said}");
        for way in ways {
            assert!(said.contains(&format!("\"subject\": \"{system}, {way} reads\"")), "{said}");
        }
        assert!(!said.contains("\"ops_per_s\": 0.0"), "{said}");
    }
}
