//! The gate as continuous integration runs it.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use support::{complaint, json, ordalia_with, results, status};

const MATRIX: &str = r#"
[defaults]
nodes = 3
faults = "partition"
time-limit = "4s"
[matrix]
target = ["raft-kv"]
seeds = "0..8"
"#;

/// A campaign's file, and the place of its baseline beside it.
fn files(folder: &Path, text: &str) -> PathBuf {
    fs::write(folder.join("ci.toml"), text).unwrap();
    folder.join("ci.json")
}

fn gate(baseline: &Path, more: &[&str]) -> Output {
    let results = baseline.parent().unwrap().to_str().unwrap();
    let args = ["gate", "--baseline", baseline.to_str().unwrap(), "--plain", "--results", results];
    ordalia_with(&[&args, more].concat())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn it_passes_unchanged_and_a_planted_bug_is_told_with_place_and_command() {
    let folder = results();
    let baseline = files(folder.path(), MATRIX);
    let written = gate(&baseline, &["--update"]);
    assert_eq!(status(&written), 0, "{}", complaint(&written));
    let unchanged = gate(&baseline, &[]);
    assert_eq!(status(&unchanged), 0, "{}{}", said(&unchanged), complaint(&unchanged));
    assert!(said(&unchanged).starts_with("## Ordalia: no regression"), "{}", said(&unchanged));
    assert!(
        said(&unchanged).contains("8 of 8 runs, of 1 cells; 3 figures within the noise"),
        "{}",
        said(&unchanged)
    );

    let (summary, xml) = (folder.path().join("summary.md"), folder.path().join("gate.xml"));
    let outputs = ["--markdown", summary.to_str().unwrap(), "--junit", xml.to_str().unwrap(), "--github"];
    let broken = gate(&baseline, &[&["--bug", "ack-before-commit"][..], &outputs].concat());
    assert_eq!(status(&broken), 1, "{}{}", said(&broken), complaint(&broken));
    let told = fs::read_to_string(&summary).unwrap();
    assert!(told.contains("found a violation** in `sim raft-kv"), "{told}");
    let repeats =
        told.lines().any(|line| line.starts_with("ordalia sim ") && line.contains("--bug ack-before-commit"));
    assert!(repeats && told.len() < 8000, "{told}");
    assert!(said(&broken).contains("\n::error title="), "{}", said(&broken));
    assert!(fs::read_to_string(&xml).unwrap().contains("<failure message="));
}

#[test]
fn a_finding_is_taken_up_with_a_reason_alone_and_must_be_found_again() {
    let folder = results();
    let broken = MATRIX.replace("\"raft-kv\"", "\"raft-kv --bug ack-before-commit\"").replace("0..8", "0..2");
    let baseline = files(folder.path(), &broken);
    let refused = gate(&baseline, &["--update"]);
    assert_eq!(status(&refused), 1, "{}", complaint(&refused));
    assert!(complaint(&refused).contains("no reason is known for") && !baseline.exists());
    let accepted = gate(&baseline, &["--update", "--accept", "planted on purpose"]);
    assert_eq!(status(&accepted), 0, "{}", complaint(&accepted));
    assert!(fs::read_to_string(&baseline).unwrap().contains("planted on purpose"));
    let known = gate(&baseline, &[]);
    assert_eq!(status(&known), 0, "{}", said(&known));
    assert!(said(&known).contains("found again"), "{}", said(&known));

    // As if a checker had always found fault here, and does no more.
    let mut text = json(&baseline);
    let cell = text["cells"].as_object_mut().unwrap().values_mut().next().unwrap();
    let lost = serde_json::json!({"checker": "lost", "verdict": false, "reason": "known", "seeds": [0]});
    cell["known"].as_array_mut().unwrap().push(lost);
    fs::write(&baseline, text.to_string()).unwrap();
    let vanished = gate(&baseline, &[]);
    assert_eq!(status(&vanished), 2, "{}", said(&vanished));
    assert!(said(&vanished).contains("a known finding vanished"), "{}", said(&vanished));
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = results();
    let baseline = files(folder.path(), MATRIX);
    let absent = gate(&baseline, &[]);
    assert_eq!(status(&absent), 255);
    assert!(complaint(&absent).contains("ci.json"), "{}", complaint(&absent));
    fs::write(&baseline, r#"{"version": 7}"#).unwrap();
    let refusal = |more: &[&str], expected: &str| {
        let output = gate(&baseline, more);
        assert_eq!(status(&output), 254, "{}", complaint(&output));
        assert!(complaint(&output).contains(expected), "{}", complaint(&output));
    };
    refusal(&[], "expected a baseline of version 1, found 7");
    let empty = r#"{"version": 1, "campaign": "ci.toml", "plan": "00000000", "ordalia": "0.1.0", "machine": "",
        "repetitions": 5, "cells": {}}"#;
    fs::write(&baseline, empty).unwrap();
    refusal(&[], "another matrix (00000000, and it is ");
    refusal(&["--update", "--budget", "1m"], "cannot be used with");
    refusal(&["--accept", "why"], "--update");
    fs::write(&baseline, empty.replace("ci.toml", "none.toml")).unwrap();
    let nowhere = gate(&baseline, &[]);
    assert_eq!(status(&nowhere), 255);
    assert!(complaint(&nowhere).contains("none.toml"), "{}", complaint(&nowhere));
}

#[test]
fn a_bug_that_no_target_knows_is_refused_with_those_that_there_are() {
    let folder = results();
    let baseline = files(folder.path(), &MATRIX.replace("0..8", "0..1"));
    assert_eq!(status(&gate(&baseline, &["--update"])), 0);
    let output = gate(&baseline, &["--bug", "ack-befor-commit"]);
    assert_eq!(status(&output), 254);
    assert!(complaint(&output).contains("ack-before-commit"), "{}", complaint(&output));
}
