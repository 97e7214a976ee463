//! Wrong input: a clear message, and status 254 for wrong usage, 255 for the rest.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use support::{complaint, json, latest, ordalia_with, results, status};

/// Runs with these arguments and expects that status and these words of complaint.
fn refused(args: &[&str], expected: i32, words: &[&str]) {
    let output = ordalia_with(args);
    let complaint = complaint(&output);
    assert_eq!(status(&output), expected, "{args:?}: {complaint}");
    for word in words {
        assert!(complaint.contains(word), "{args:?}: expected {word:?} in: {complaint}");
    }
    assert!(!complaint.contains("panicked"), "{args:?}: {complaint}");
}

#[test]
fn what_real_systems_cannot_do_is_said() {
    let simulated = ["only runs as real processes: ordalia run zookeeper"];
    refused(&["sim", "zookeeper"], 254, &simulated);
    refused(&["mutants", "zookeeper"], 254, &simulated);
    refused(&["node", "zookeeper", "--id", "n1", "--listen", "127.0.0.1:0", "--data", "d"], 254, &simulated);
    let ensemble = ["--ensemble zookeeper", "cannot stand in", "ordalia run zookeeper"];
    refused(&["run", "coordination", "--ensemble", "zookeeper"], 254, &ensemble);
    let mixed = ["only runs as real processes: ordalia run sensor-barrier --ensemble zookeeper"];
    refused(&["sim", "sensor-barrier", "--ensemble", "zookeeper"], 254, &mixed);
}

#[test]
fn what_the_own_ensemble_has_a_real_one_has_not() {
    let on = ["run", "sensor-barrier", "--ensemble", "zookeeper"];
    let bug = ["--bug lost-watch", "cannot be planted in zookeeper"];
    refused(&[&on[..], &["--bug", "lost-watch"]].concat(), 254, &bug);
    let option = ["--snapshot-every", "not there with --ensemble zookeeper"];
    refused(&[&on[..], &["--snapshot-every", "10"]].concat(), 254, &option);
    refused(&[&on[..], &["--reads", "lease"]].concat(), 254, &["lease", "known: read-index, local"]);
}

#[test]
fn unknown_names_list_the_known_ones() {
    refused(&["run", "raft"], 254, &["unknown target \"raft\"", "raft-kv"]);
    refused(&["run", "-w", "bank"], 254, &["unknown workload \"bank\"", "register"]);
    refused(&["run", "--faults", "kill,fire"], 254, &["fire", "partition", "kill"]);
    refused(&["run", "--faults", "kill,clock"], 254, &["clock faults cannot be done", "ordalia sim"]);
    refused(&["run", "--faults", "disk:full"], 254, &["disk faults cannot be done", "ordalia sim"]);
    refused(&["run", "--faults", "moments"], 254, &["no fault of \"moments\" fits"]);
    refused(&["run", "--bug", "typo"], 254, &["unknown bug of raft-kv \"typo\"", "ack-before-commit"]);
    refused(&["run", "--executable", "/no/such/ordalia"], 254, &["/no/such/ordalia: there is no such file"]);
    refused(&["run", "--reads", "dirty"], 254, &["dirty", "read-index, lease, local"]);
    refused(&["check", "x.jsonl", "--model", "bag"], 254, &["bag", "cas-register"]);
    refused(
        &["check", "x.jsonl", "--checker", "bag"],
        254,
        &["unknown checker \"bag\"", "linearizable, sequential"],
    );
    refused(&["bench", "--beside", "chubby"], 254, &["unknown system \"chubby\"", "zookeeper, etcd"]);
    refused(&["list", "things"], 254, &["things", "targets"]);
    refused(&["frobnicate"], 254, &["frobnicate"]);
    refused(&[], 254, &["Usage"]);
}

#[test]
fn impossible_numbers_say_what_is_possible() {
    refused(&["run", "-n", "0"], 254, &["0", "1..=99"]);
    refused(&["run", "-c", "0"], 254, &["expected 1 to 10000 clients"]);
    refused(&["run", "-c", "2x"], 254, &["expected 1 to 10000 clients"]);
    refused(&["run", "-t", "20"], 254, &["expected a duration such as"]);
    refused(&["run", "-t", "0s"], 254, &["expected a duration"]);
    refused(&["run", "-t", "-5s"], 254, &[]);
    refused(&["run", "-r", "0"], 254, &["expected operations a second above 0"]);
    refused(&["run", "--seed", "x"], 254, &["x"]);
    refused(&["run", "--snapshot-every", "many"], 254, &["expected a number"]);
    refused(&["run", "--check-memory", "1TB"], 254, &["expected bytes such as"]);
    refused(&["run", "-n", "1", "--faults", "partition"], 254, &["no fault of \"partition\" fits 1 nodes"]);
    refused(&["bench", "--clients", "0"], 254, &["expected at least one client"]);
    refused(&["bench", "--sim", "--rounds", "0"], 254, &["expected at least one round"]);
    refused(&["bench", "--seeds", "0..4"], 254, &["--sim"]);
}

/// A schedule file with this text.
fn schedule(folder: &Path, text: &str) -> String {
    let path = folder.join("schedule.json");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_schedule_that_cannot_be_carried_out_is_refused_before_anything_starts() {
    let results = results();
    let folder = results.path().to_str().unwrap();
    let run = |file: &str, expected, words: &[&str]| {
        refused(&["run", "-n", "3", "--schedule", file, "--results", folder], expected, words);
    };
    let head = r#""version":1,"nodes":3"#;
    let stranger = r#"{"id":0,"at_ms":10,"for_ms":10,"kind":"kill","targets":{"nodes":["n4"]}}"#;
    let file = schedule(results.path(), &format!("{{{head},\n\"faults\":[{stranger}]}}"));
    run(&file, 254, &["schedule.json:2", "n4"]);
    let file = schedule(results.path(), &format!("{{{head},\n\"faults\":[{{\"id\":0,]}}"));
    run(&file, 255, &["schedule.json:2"]);
    let file = schedule(results.path(), r#"{"version":1,"nodes":5,"faults":[]}"#);
    run(&file, 254, &["5", "3"]);
    run("/no/such/schedule.json", 255, &["/no/such/schedule.json"]);
    let link = r#"{"id":0,"at_ms":10,"for_ms":10,"kind":"loss","links":[["n1","n2"]],"probability":0.5}"#;
    let file = schedule(results.path(), &format!("{{{head},\"faults\":[{link}]}}"));
    refused(&["run", "-n", "3", "--direct", "--schedule", &file, "--results", folder], 254, &["proxies"]);
    let clock = r#"{"id":0,"at_ms":10,"for_ms":10,"kind":"clock","targets":{"nodes":["n1"]},"jump_ms":5}"#;
    let file = schedule(results.path(), &format!("{{{head},\"faults\":[{clock}]}}"));
    run(&file, 254, &["fault 0 is a clock", "ordalia sim"]);
    let upon =
        r#"{"id":0,"at_ms":10,"for_ms":10,"upon":"snapshot","kind":"kill","targets":{"role":"witness"}}"#;
    let file = schedule(results.path(), &format!("{{{head},\"faults\":[{upon}]}}"));
    run(&file, 254, &["fault 0 waits for a snapshot", "ordalia sim"]);
    assert!(!latest(results.path()).exists(), "something was started");
}

#[test]
fn damaged_histories_name_file_and_line() {
    let folder = results();
    let path = folder.path().join("history.jsonl");
    let file = path.to_str().unwrap();
    let line = r#"{"index":0,"time":1,"process":0,"type":"invoke","f":"read","key":"k","value":null}"#;
    fs::write(&path, format!("{line}\n{{\"index\":1,\n{line}\n")).unwrap();
    refused(&["check", file], 255, &["history.jsonl:2", "expected an event"]);
    fs::write(&path, line.replace("invoke", "ok") + "\n").unwrap();
    refused(&["check", file], 255, &["history.jsonl", "event 0", "expected an invoke first"]);
    refused(&["check", "/no/such/file"], 255, &["/no/such/file"]);
    refused(&["check", file, "--initial", "{"], 254, &["expected JSON"]);
    refused(&["report", folder.path().to_str().unwrap()], 255, &["holds no run", "run.json"]);
}

#[test]
fn results_that_cannot_be_written_are_an_error_of_the_harness() {
    let folder = results();
    let file = folder.path().join("occupied");
    fs::write(&file, "").unwrap();
    refused(&["run", "-t", "1s", "--results", file.to_str().unwrap()], 255, &["occupied"]);
}

#[test]
fn a_node_that_never_comes_up_is_shown_with_its_last_words() {
    let results = results();
    let folder = results.path().to_str().unwrap();
    // A time-out that the node itself refuses.
    let args = ["run", "-n", "3", "-t", "1s", "--election-timeout-ms", "1", "--results", folder];
    refused(&args, 255, &["node n1 did not come up", "the last lines of its log", "election-timeout-ms"]);
    let info = json(&latest(results.path()).join("run.json"));
    assert!(info["ended_early"].as_str().unwrap().contains("n1"), "{info:#}");
}
