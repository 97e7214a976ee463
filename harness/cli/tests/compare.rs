//! `ordalia compare`: what it refuses, and whole comparisons.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{complaint, json as read, ordalia_with, results, status};

/// Compares with these arguments and expects status 254 and these words of complaint.
fn refused(args: &[&str], words: &[&str]) {
    let output = ordalia_with(&[&["compare"], args].concat());
    let complaint = complaint(&output);
    assert_eq!(status(&output), 254, "{args:?}: {complaint}");
    for word in words {
        assert!(complaint.contains(word), "{args:?}: expected {word:?} in: {complaint}");
    }
}

#[test]
fn sides_that_are_none_are_refused_before_anything_starts() {
    refused(&[], &["SIDES"]);
    refused(&["raft-kv"], &["at least two sides", "\"raft-kv\" alone"]);
    refused(&["raft-kv", "raft"], &["side \"raft\"", "unknown target", "raft-kv"]);
    refused(&["raft-kv", "raft-kv --reeds lease"], &["side \"raft-kv --reeds lease\"", "--reeds", "--reads"]);
    refused(&["raft-kv", "raft-kv --reads dirty"], &["dirty", "read-index, lease, local"]);
    refused(&["raft-kv", "raft-kv --bug typo"], &["unknown bug of raft-kv \"typo\""]);
    refused(&["raft-kv", "raft-kv 'open"], &["the quote ' is not closed"]);
    refused(&["raft-kv", " raft-kv "], &["is there twice"]);
    refused(&["raft-kv", "raft-kv --executable /no/such"], &["/no/such", "there is no such file"]);
    refused(&["raft-kv", "zookeeper", "--sim"], &["side \"zookeeper\"", "only runs as real processes"]);
    refused(&["raft-kv", "raft-kv --bug stale-lease", "--seeds", "5..5"], &["did you mean 5..6?"]);
    refused(&["raft-kv", "--runs", "x"], &["--runs"]);
}

#[test]
fn sides_that_have_nothing_in_common_are_refused() {
    let lease = ["raft-kv", "raft-kv --reads lease", "--sim"];
    refused(
        &[&lease[..], &["--faults", "clock"]].concat(),
        &["no fault is borne by all sides", "clock (not borne by raft-kv --reads lease)", "kill"],
    );
    refused(&["coordination", "raft-kv", "--sim"], &["raft-kv does not answer", "which versions asks"]);
}

#[test]
fn an_unknown_fault_is_refused_with_those_that_are_known() {
    refused(&["raft-kv", "raft-kv --reads local", "--faults", "kill,fire"], &["fire", "partition"]);
}

/// A stored run of two operations under these faults.
fn store(parent: &Path, name: &str, settings: &Value, faults: &Value) -> PathBuf {
    let folder = parent.join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut info = json!({"version": "0", "binary": "0", "command": format!("ordalia run {name}"),
        "started": "2026-01-02T03:04:05Z", "target": {"name": name}, "workload": "register", "seed": 1, "nodes": 3,
        "concurrency": 1, "time_limit_ms": 10, "client_timeout_ms": 1, "faults": [], "fault_interval_ms": 1,
        "proxied": false, "heal": {"took_ms": 0}});
    for (key, value) in settings.as_object().unwrap() {
        info[key] = value.clone();
    }
    let event = |index: u64, kind: &str| json!({"index": index, "time": index * 1000, "process": 0, "type": kind, "f": "write", "key": "k", "value": 1});
    fs::write(folder.join("history.jsonl"), format!("{}\n{}\n", event(0, "invoke"), event(1, "ok"))).unwrap();
    fs::write(folder.join("run.json"), info.to_string()).unwrap();
    let schedule = json!({"version": 1, "nodes": info["nodes"], "faults": faults});
    fs::write(folder.join("schedule.json"), schedule.to_string()).unwrap();
    fs::write(folder.join("verdict.json"), r#"{"valid":true,"checkers":{}}"#).unwrap();
    folder
}

fn kill(at_ms: u64) -> Value {
    json!([{"id": 0, "at_ms": at_ms, "for_ms": 10, "kind": "kill", "targets": {"nodes": ["n1"]}}])
}

#[test]
fn stored_runs_that_cannot_be_compared_say_why() {
    let results = results();
    let folder = results.path().to_str().unwrap();
    let make = |name: &str, settings: &Value, faults: &Value| {
        store(results.path(), name, settings, faults).to_str().unwrap().to_owned()
    };
    let first = make("a", &json!({}), &kill(5));
    let of = |runs: &[&str], words: &[&str]| {
        let args = [&["--results", folder, "--runs", first.as_str()], runs].concat();
        refused(&args, words);
        assert!(!results.path().join("comparisons/latest").exists());
    };
    of(&[], &["at least two sides", "found 1"]);
    let other = make("b", &json!({}), &kill(6));
    of(&[&other], &["different fault schedules", "kill at 5 ms", "kill at 6 ms", "--schedule"]);
    let other = make("c", &json!({"workload": "list"}), &kill(5));
    of(&[&other], &["the workload is register", "and list in"]);
    let other = make("d", &json!({"nodes": 5}), &kill(5));
    of(&[&other], &["the number of nodes is 3", "and 5 in"]);
    let other = make("e", &json!({"seed": 2}), &kill(5));
    of(&[&other], &["0 runs of seed 1", "one run of each seed on every side"]);
    let other = make("f", &json!({}), &kill(5));
    fs::remove_file(Path::new(&other).join("verdict.json")).unwrap();
    of(&[&other], &["was not judged yet: ordalia report"]);
    of(&["/no/such/run"], &["/no/such/run holds no run"]);
}

#[test]
fn stored_runs_under_the_same_faults_are_compared() {
    let results = results();
    let folder = results.path().to_str().unwrap();
    let runs = ["a", "b"].map(|name| store(results.path(), name, &json!({}), &kill(5)));
    let runs = runs.each_ref().map(|run| run.to_str().unwrap());
    let output = ordalia_with(&["compare", "--runs", runs[0], runs[1], "--results", folder, "--json"]);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["sides"][1]["name"], "b");
    assert_eq!(told["rows"][0]["figure"], "ok_per_s");
    assert_eq!(told["rows"][0]["differences"][0]["significant"], false);
    assert!(told["rows"][0]["differences"][0]["why_not"].as_str().unwrap().contains("too few"), "{told:#}");
}

/// The places in a JSON value with the kinds of what stands there, one a line; elements of a list share theirs.
fn shape(value: &Value, place: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| shape(member, &format!("{place}.{name}"), into));
        }
        Value::Array(elements) => elements.iter().for_each(|one| shape(one, &format!("{place}[]"), into)),
        // What is not known in one run is in another.
        Value::Null => {}
        Value::Bool(_) => drop(into.insert(format!("{place}: bool"))),
        Value::Number(_) => drop(into.insert(format!("{place}: number"))),
        Value::String(_) => drop(into.insert(format!("{place}: string"))),
    }
}

#[test]
fn a_simulated_comparison_meets_the_same_faults_on_each_side_and_says_who_broke_its_promise() {
    let results = results();
    let folder = results.path().to_str().unwrap();
    let sides = ["compare", "raft-kv", "raft-kv --reads local", "raft-kv --reads lease"];
    let how =
        ["--sim", "--seeds", "0..2", "-n", "3", "-t", "3s", "-r", "100", "--faults", "kill,partition,clock"];
    let args = [&sides[..], &how, &["--results", folder]].concat();
    let output = ordalia_with(&args);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(status(&output), 1, "{told}{}", complaint(&output));
    assert!(told.starts_with("verdict     invalid: raft-kv --reads local\n"), "{told}");
    assert!(told.contains("throughput") && told.contains("too few pairs"), "{told}");

    let made = results.path().join("comparisons/latest");
    let compared = read(&made.join("compare.json"));
    assert_eq!(compared["conditions"]["seeds"], json!([0, 1]));
    assert!(compared["notes"][0].as_str().unwrap().contains("clock (not borne by raft-kv --reads lease)"));
    let faults = |run: &Value| {
        read(&made.join(run["folder"].as_str().unwrap()).join("schedule.json"))["faults"].clone()
    };
    let runs = compared["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 6);
    for of_seed in runs.chunks(3) {
        assert!(!faults(&of_seed[0]).as_array().unwrap().is_empty());
        assert!(
            of_seed.iter().all(|run| faults(run) == faults(&of_seed[0]) && run["seed"] == of_seed[0]["seed"])
        );
    }
    assert!(made.join("runs/seed-1-side-3/report/index.html").exists());
    let page = fs::read_to_string(made.join("index.html")).unwrap();
    for part in ["raft-kv --reads local", "id=\"seed-1\"", "too few pairs", "after kill began"] {
        assert!(page.contains(part), "{part}");
    }

    // The runs that it leaves can be compared again, to the same figures.
    let stored: Vec<PathBuf> = runs.iter().map(|run| made.join(run["folder"].as_str().unwrap())).collect();
    let stored: Vec<&str> = stored.iter().map(|run| run.to_str().unwrap()).collect();
    let again = ordalia_with(&[&["compare", "--results", folder, "--json", "--runs"], &stored[..]].concat());
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&again["rows"], &again["after_faults"]), (&compared["rows"], &compared["after_faults"]));

    // After an intended change of the shape: write `shape` to the file.
    let mut found = BTreeSet::new();
    shape(&compared, "", &mut found);
    let found: String = found.into_iter().map(|line| line + "\n").collect();
    let golden =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compare.shape")).unwrap();
    assert_eq!(found, golden, "the shape of compare.json:\n{found}");
}

#[test]
fn real_processes_are_compared_under_one_recorded_schedule() {
    let results = results();
    let folder = results.path().to_str().unwrap();
    let sides = ["compare", "raft-kv", "raft-kv --reads local"];
    let how = ["--seeds", "7..8", "-n", "3", "-t", "2s", "-r", "200", "--faults", "kill", "--plain"];
    let output = ordalia_with(&[&sides[..], &how, &["--results", folder, "--json"]].concat());
    // Whatever the load on this machine does to the verdict, there is one.
    assert!(matches!(status(&output), 0..=2), "{}", complaint(&output));
    let compared: Value = serde_json::from_slice(&output.stdout).unwrap();
    let made = results.path().join("comparisons/latest");
    for run in compared["runs"].as_array().unwrap() {
        let repeat = run["repeat"].as_str().unwrap();
        assert!(repeat.contains("schedules/7.json") && repeat.contains("--seed 7"), "{repeat}");
        assert!(run["figures"]["fsyncs_per_op"].as_f64() > Some(0.0), "{run:#}");
        assert!(run["figures"]["messages_per_op"].as_f64() > Some(0.0), "{run:#}");
        let folder = made.join(run["folder"].as_str().unwrap());
        assert_eq!(read(&folder.join("schedule.json")), read(&made.join("schedules/7.json")));
    }
}
