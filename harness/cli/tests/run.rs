//! Whole tests with real processes.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{complaint, json, latest, ordalia, ordalia_with, processes_of, results, status};

/// What a run's clients were asked to do, in order: kind, key and value of each invocation of the load.
fn choices(run: &Path) -> Vec<(Value, Value, Value)> {
    let end = json(&run.join("run.json"))["phases"][0]["end_ns"].as_u64().unwrap();
    let history = fs::read_to_string(run.join("history.jsonl")).unwrap();
    let events = history.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let load = events.filter(|event| event["type"] == "invoke" && event["time"].as_u64().unwrap() < end);
    load.map(|event| (event["f"].clone(), event["key"].clone(), event["value"].clone())).collect()
}

#[test]
fn a_run_leaves_its_whole_record_and_ends_with_its_verdict() {
    let results = results();
    let folder = results.path().to_str().unwrap();
    let args = ["run", "-n", "3", "-t", "4s", "-r", "400", "--seed", "7", "--results", folder, "--json"];
    let output = ordalia_with(&args);
    let run = latest(results.path());
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdict, json(&run.join("verdict.json")), "{}", complaint(&output));
    assert_eq!(verdict["checkers"]["linearizable"]["valid"], true, "{verdict:#}");
    assert_eq!(status(&output), if verdict["valid"] == true { 0 } else { 2 }, "{verdict:#}");
    for file in
        ["run.json", "schedule.json", "faults.jsonl", "status.jsonl", "links.json", "report/index.html"]
    {
        assert!(fs::metadata(run.join(file)).unwrap().len() > 0, "{file}");
    }
    let disks = json(&run.join("disks.json"));
    assert!(disks.as_array().is_some_and(|disks| disks.len() == 3), "{disks}");
    assert!(disks[0]["fsyncs"].as_u64() > Some(10), "{disks}");
    assert!(
        complaint(&output).starts_with("seed 7; to repeat: ordalia run raft-kv "),
        "{}",
        complaint(&output)
    );
    assert!(processes_of(results.path()).is_empty(), "nodes outlived their run");

    // Judging and drawing again comes to the same.
    let again = ordalia_with(&["report", run.to_str().unwrap(), "--json"]);
    assert_eq!(serde_json::from_slice::<Value>(&again.stdout).unwrap(), verdict);
    assert_eq!(status(&again), status(&output));
    let checked = ordalia_with(&["check", run.join("history.jsonl").to_str().unwrap()]);
    assert_eq!(status(&checked), 0, "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn one_seed_gives_one_schedule_and_one_sequence_of_operations_also_side_by_side() {
    let (first, second) = (results(), results());
    let begin = |results: &Path| {
        let folder = results.to_str().unwrap();
        let args =
            ["run", "-n", "3", "-t", "3s", "-r", "300", "--seed", "99", "--results", folder, "--plain"];
        ordalia().args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut runs = [begin(first.path()), begin(second.path())];
    for run in &mut runs {
        // Whatever the load on this machine does to the verdict, neither run may break the other.
        assert!(matches!(run.wait().unwrap().code(), Some(0 | 2)));
    }
    let (first, second) = (latest(first.path()), latest(second.path()));
    let schedules = [&first, &second].map(|run| fs::read(run.join("schedule.json")).unwrap());
    assert_eq!(schedules[0], schedules[1]);
    let (one, other) = (choices(&first), choices(&second));
    let common = one.len().min(other.len());
    assert!(common > 100, "{} and {} operations", one.len(), other.len());
    assert_eq!(one[..common], other[..common]);
}

#[test]
fn local_reads_are_found_out_and_explained() {
    let results = results();
    let folder = results.path().to_str().unwrap();
    let reads =
        ["run", "raft-kv", "--reads", "local", "-n", "3", "-t", "5s", "--seed", "3", "--results", folder];
    let output = ordalia_with(&reads);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(status(&output), 1, "{text}");
    assert!(text.contains("returned"), "{text}");
    let page = fs::read_to_string(latest(results.path()).join("report/index.html")).unwrap();
    assert!(page.contains("INVALID") || page.contains("invalid"));
    assert!(page.contains("href=\"linearization.html\""));
    let timeline = fs::read_to_string(latest(results.path()).join("report/linearization.html")).unwrap();
    assert!(timeline.contains("Cannot be placed") && timeline.contains("href=\"index.html\""));
    let minimal = latest(results.path()).join("minimal.jsonl");
    let checked = ordalia_with(&["check", "--model", "cas-register", minimal.to_str().unwrap()]);
    assert_eq!(status(&checked), 1, "{}", complaint(&checked));
}

#[test]
fn nothing_outlives_a_controller_that_is_killed_and_what_it_recorded_stays() {
    let results = results();
    let folder = results.path().to_str().unwrap();
    let args = ["run", "-n", "3", "-t", "60s", "--faults", "none", "--results", folder, "--plain"];
    let mut controller = ordalia().args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let history = latest(results.path()).join("history.jsonl");
    let recorded = || fs::metadata(&history).map_or(0, |file| file.len());
    let begun = Instant::now();
    while recorded() < 20_000 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the load never began");
        sleep(Duration::from_millis(10));
    }
    assert_eq!(processes_of(results.path()).len(), 3);
    controller.kill().unwrap();
    controller.wait().unwrap();
    let killed = Instant::now();
    while !processes_of(results.path()).is_empty() {
        assert!(killed.elapsed() < Duration::from_secs(2), "nodes are left two seconds after the kill");
        sleep(Duration::from_millis(10));
    }
    assert!(recorded() >= 20_000);
    let report = ordalia_with(&["report", latest(results.path()).to_str().unwrap()]);
    assert_eq!(status(&report), 2, "a run without an end proves nothing: {}", complaint(&report));
}
