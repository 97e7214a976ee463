//! The simulator as a person uses it.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{complaint, json, latest, ordalia_with, results, status};

/// Runs `ordalia sim` with these arguments and a folder for results.
fn sim(results: &Path, args: &[&str]) -> std::process::Output {
    let folder = ["--results", results.to_str().unwrap()];
    ordalia_with(&[&["sim", "raft-kv"], args, &folder].concat())
}

/// The files of a run that must not depend on anything but its settings.
fn essence(run: &Path) -> Vec<Vec<u8>> {
    let files =
        ["schedule.json", "history.jsonl", "faults.jsonl", "status.jsonl", "trace.jsonl", "links.json"];
    files.iter().map(|file| fs::read(run.join(file)).unwrap()).collect()
}

fn stored(results: &Path) -> PathBuf {
    fs::canonicalize(latest(results)).unwrap()
}

#[test]
fn one_seed_gives_one_run_and_a_stored_run_is_repeated_exactly() {
    let (first, second, third) = (results(), results(), results());
    let seed = ["--seed", "7", "-t", "5s"];
    assert_eq!(status(&sim(first.path(), &seed)), 0);
    assert_eq!(status(&sim(second.path(), &seed)), 0);
    let run = stored(first.path());
    assert!(essence(&run) == essence(&stored(second.path())), "the same seed gave two runs");
    assert_eq!(json(&run.join("verdict.json")), json(&stored(second.path()).join("verdict.json")));
    let repeat = ["--repeat", run.to_str().unwrap()];
    assert_eq!(status(&sim(third.path(), &repeat)), 0);
    assert!(essence(&run) == essence(&stored(third.path())), "the repetition is another run");
    assert!(run.join("report/index.html").is_file());
}

#[test]
fn a_planted_defect_is_found_made_small_and_repeated() {
    let folder = results();
    let hunt =
        ["--seeds", "0..40", "--bug", "quorum-of-alive", "-t", "10s", "--shrink-time", "20s", "--fail-fast"];
    let output = sim(folder.path(), &hunt);
    assert_eq!(status(&output), 1, "{}", complaint(&output));
    let run = stored(folder.path());
    let faults = json(&run.join("schedule.json"))["faults"].as_array().unwrap().len();
    assert!(faults <= 6, "{}", complaint(&output));
    assert!(
        complaint(&output).contains("to repeat it exactly: ordalia sim --repeat"),
        "{}",
        complaint(&output)
    );
    assert_eq!(json(&run.join("verdict.json"))["valid"], false);
    assert_eq!(status(&sim(results().path(), &["--repeat", run.to_str().unwrap()])), 1);
}

#[test]
fn a_failure_is_tried_on_real_processes_and_its_rate_told() {
    let folder = results();
    let local = ["--reads", "local", "--seeds", "0..1", "-t", "2s", "--shrink-time", "2s", "--real", "2"];
    let output = sim(folder.path(), &local);
    assert_eq!(status(&output), 1, "{}", complaint(&output));
    let runs = fs::read_dir(folder.path().join("raft-kv.register")).unwrap().count();
    assert_eq!(runs, 2, "{}", complaint(&output));
    // How often it repeats depends on the machine; that it is told does not.
    assert!(complaint(&output).contains("of 2 tries"), "{}", complaint(&output));
}

#[test]
fn a_sweep_without_a_defect_raises_no_alarm_and_is_deterministic() {
    let folder = results();
    let output = sim(folder.path(), &["--seeds", "100..130", "-t", "6s", "--json"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status(&output), 0, "{summary:#}");
    assert_eq!((&summary["ran"], &summary["valid"]), (&30.into(), &30.into()));
    let twice = sim(folder.path(), &["--seeds", "0..3", "-t", "3s", "--check-determinism"]);
    assert_eq!(status(&twice), 0, "{}", complaint(&twice));
}

#[test]
fn what_cannot_be_is_wrong_usage() {
    let folder = results();
    let schedule = folder.path().join("schedule.json");
    fs::write(&schedule, r#"{"version":1,"nodes":3,"faults":[]}"#).unwrap();
    let schedule = schedule.to_str().unwrap();
    for (args, words) in [
        (&["--seeds", "5..5"][..], "empty"),
        (&["--seeds", "9..2"], "did you mean 2..9?"),
        (&["--seeds", "many"], "half-open range"),
        (&["--schedule", schedule, "-n", "5"], "3 nodes"),
        (&["--bug", "no-such"], "unknown bug"),
        (&["--faults", "kil"], "unknown fault"),
        (&["--seed", "1", "--seeds", "0..2"], "cannot be used with"),
    ] {
        let output = sim(folder.path(), args);
        assert_eq!(status(&output), 254, "{args:?}: {}", complaint(&output));
        assert!(complaint(&output).contains(words), "{args:?}: {}", complaint(&output));
    }
    for (target, words) in [("etcd", "only runs as real processes"), ("nothing", "unknown target")] {
        let output = ordalia_with(&["sim", target]);
        assert!(
            status(&output) == 254 && complaint(&output).contains(words),
            "{target}: {}",
            complaint(&output)
        );
    }
    assert_eq!(status(&sim(folder.path(), &["--repeat", "/no/such/run"])), 255);
}

#[test]
fn mutants_are_counted() {
    let found = ordalia_with(&[
        "mutants",
        "raft-kv",
        "--bug",
        "quorum-of-alive",
        "-t",
        "8s",
        "--rounds",
        "1",
        "--json",
    ]);
    let table: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(status(&found), 0, "{table:#}");
    assert_eq!(table[0]["bug"], "quorum-of-alive");
    assert!(table[0]["rounds"][0]["seeds"].as_u64().is_some_and(|seeds| seeds >= 1), "{table:#}");
    // What a load of a few milliseconds cannot show is missed, and a miss fails.
    let missed = ordalia_with(&[
        "mutants",
        "raft-kv",
        "--bug",
        "lost-session",
        "-t",
        "5ms",
        "--rounds",
        "1",
        "--seeds",
        "2",
    ]);
    assert_eq!(status(&missed), 1, "{}", String::from_utf8_lossy(&missed.stdout));
}

#[test]
fn the_speed_of_the_simulator_is_measured_on_the_same_tests_every_time() {
    let bench = ["bench", "--sim", "--seeds", "0..2", "-t", "2s", "--rounds", "2", "--json"];
    let output = ordalia_with(&bench);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = all.as_array().unwrap();
    let of = |faults: bool, name: &str| -> Vec<u64> {
        let rows = all.iter().filter(|row| row["faults"] == faults);
        rows.map(|row| row[name].as_u64().unwrap()).collect()
    };
    for faults in [false, true] {
        for name in ["runs", "valid", "messages", "operations", "events"] {
            let figures = of(faults, name);
            assert!(figures.len() >= 2 && figures[0] > 0, "{name}: {figures:?}");
            assert!(figures.iter().all(|figure| *figure == figures[0]), "{name}: {figures:?}");
        }
    }
    assert_ne!(of(false, "events")[0], of(true, "events")[0]);
}
