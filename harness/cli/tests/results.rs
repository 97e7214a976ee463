//! The record, looked through and cleared away.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use support::{complaint, json, latest, ordalia_with, results, status};

fn of(results: &Path, args: &[&str]) -> Output {
    ordalia_with(&[&["results", "--results", results.to_str().unwrap()], args].concat())
}

fn told(output: &Output) -> String {
    assert_eq!(status(output), 0, "{}", complaint(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A stored run without a history to speak of.
fn plant(results: &Path, test: &str, folder: &str, verdict: Option<&str>) -> PathBuf {
    let root = results.join(test).join(folder);
    fs::create_dir_all(&root).unwrap();
    let (target, workload) = test.split_once('.').unwrap();
    let seed = folder.split_once('-').unwrap().1;
    let info = format!(
        r#"{{"version":"0.1.0","binary":"x","command":"ordalia run {target} --seed {seed}","started":"2026-01-02T03:04:05Z",
        "target":{{"name":"{target}"}},"workload":"{workload}","seed":{seed},"nodes":3,"concurrency":3,"time_limit_ms":1000,
        "client_timeout_ms":1000,"faults":[],"fault_interval_ms":1000,"proxied":true}}"#
    );
    fs::write(root.join("run.json"), info).unwrap();
    fs::write(root.join("history.jsonl"), "").unwrap();
    if let Some(verdict) = verdict {
        fs::write(root.join("verdict.json"), format!(r#"{{"valid":{verdict},"checkers":{{}}}}"#)).unwrap();
    }
    root
}

#[test]
fn a_list_is_of_what_was_asked_for_the_newest_first() {
    let folder = results();
    let root = folder.path();
    plant(root, "a.w", "20260101T000000Z-1", Some("true"));
    plant(root, "a.w", "20260103T000000Z-2", Some("false"));
    plant(root, "b.w", "20260102T000000Z-3", Some("\"unknown\""));
    plant(root, "a.w", "20260102T000001Z-4", None);
    let runs = |args: &[&str]| -> Vec<u64> {
        let output = of(root, &[&["list", "--json"], args].concat());
        let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        rows.as_array().unwrap().iter().map(|row| row["seed"].as_u64().unwrap()).collect()
    };
    assert_eq!(runs(&[]), [2, 4, 3, 1]);
    assert_eq!(runs(&["--target", "a"]), [2, 4, 1]);
    assert_eq!(runs(&["--verdict", "invalid"]), [2]);
    assert_eq!(runs(&["--verdict", "unjudged"]), [4]);
    assert_eq!(runs(&["--limit", "1"]), [2]);
    assert_eq!(runs(&["--since", "1d"]), [0; 0]);
    assert!(told(&of(root, &["list"])).starts_with("invalid  a.w/20260103T000000Z-2"));
    assert_eq!(status(&of(root, &["list", "--since", "soon"])), 254);
}

#[test]
fn clearing_away_keeps_what_is_not_valid_or_referred_to_and_tells_of_the_rest() {
    let folder = results();
    let root = folder.path();
    let valid = plant(root, "a.w", "20260101T000000Z-1", Some("true"));
    let invalid = plant(root, "a.w", "20260101T000000Z-2", Some("false"));
    let unjudged = plant(root, "a.w", "20260101T000000Z-3", None);
    let referred = plant(root, "a.w", "20260101T000000Z-4", Some("true"));
    let newest = plant(root, "a.w", "20260105T000000Z-5", Some("true"));
    let campaign = root.join("campaigns/nightly/20260101T000000Z");
    fs::create_dir_all(&campaign).unwrap();
    let line = r#"{"line":"recording","cell":"c","seed":4,"folder":"a.w/20260101T000000Z-4"}"#;
    fs::write(campaign.join("journal.jsonl"), format!("{line}\n")).unwrap();
    fs::write(campaign.join("plan.json"), "{}").unwrap();
    std::os::unix::fs::symlink("a.w/20260101T000000Z-1", root.join("latest")).unwrap();

    fs::write(newest.join("history.jsonl"), "\n".repeat(9999)).unwrap();
    let only_told = told(&of(root, &["gc", "--keep", "1", "--older-than", "1d"]));
    assert!(only_told.contains("would remove a.w/20260101T000000Z-1"), "{only_told}");
    assert!(only_told.contains("would compress 1 runs") && only_told.contains("--yes"), "{only_told}");
    assert!(valid.exists() && newest.join("history.jsonl").exists());

    let done = told(&of(root, &["gc", "--keep", "1", "--older-than", "1d", "--yes"]));
    assert!(done.contains("removed 1 runs") && done.contains("1 more stay: they are not valid"), "{done}");
    assert!(!valid.exists());
    for stays in [&invalid, &unjudged, &referred, &newest] {
        assert!(stays.exists(), "{}", stays.display());
    }
    assert!(newest.join("history.jsonl.zst").exists() && !newest.join("history.jsonl").exists());
    let removed = fs::read_to_string(root.join("removed.jsonl")).unwrap();
    for word in ["a.w/20260101T000000Z-1", "gc --older-than 86400s --keep 1", "ordalia run a --seed 1"] {
        assert!(removed.contains(word), "{word}: {removed}");
    }
    assert_eq!(fs::canonicalize(latest(root)).unwrap(), fs::canonicalize(&newest).unwrap());

    let done = told(&of(root, &["rm", "a.w/20260101T000000Z-4", invalid.to_str().unwrap()]));
    assert!(done.contains("campaigns/nightly/20260101T000000Z referred to it"), "{done}");
    assert!(!referred.exists() && !invalid.exists());
    assert_eq!(fs::read_to_string(root.join("removed.jsonl")).unwrap().lines().count(), 3);
    let refused = of(root, &["rm", "campaigns/nightly/20260101T000000Z", "a.w/20260105T000000Z-9"]);
    assert_eq!(status(&refused), 254);
    assert!(campaign.exists(), "one name was wrong, and yet another was removed");
    for wrong in ["campaigns", "campaigns/nightly", "a.w", "..", "/tmp", "."] {
        assert_eq!(status(&of(root, &["rm", wrong])), 254, "{wrong}");
    }
    fs::create_dir(root.join("a.w/20260106T000000Z-6")).unwrap();
    told(&of(root, &["rm", "campaigns/nightly/20260101T000000Z", "a.w/20260106T000000Z-6"]));
    assert!(!campaign.exists());
}

#[test]
fn a_run_is_shown_and_two_are_compared() {
    let folder = results();
    let root = folder.path();
    let sim = |seed: &str, more: &[&str]| {
        let args = ["sim", "raft-kv", "-n", "3", "-t", "3s", "--faults", "none", "--seed", seed];
        let output = ordalia_with(&[&args[..], more, &["--results", root.to_str().unwrap()]].concat());
        assert_eq!(status(&output), 0, "{}", complaint(&output));
        fs::canonicalize(latest(root)).unwrap()
    };
    let (first, second) = (sim("1", &[]), sim("2", &["-r", "50"]));
    let shown = told(&of(root, &["show"]));
    assert!(shown.contains("to repeat: ordalia sim raft-kv") && shown.contains("VALID"), "{shown}");
    let shown: serde_json::Value =
        serde_json::from_slice(&of(root, &["show", "--json", first.to_str().unwrap()]).stdout).unwrap();
    assert_eq!(shown["settings"], json(&first.join("run.json")));
    assert!(shown["figures"]["ok"].as_u64().unwrap() > 0);
    let names = [&first, &second]
        .map(|run| run.strip_prefix(fs::canonicalize(root).unwrap()).unwrap().to_str().unwrap());
    let differ = told(&of(root, &["diff", names[0], names[1]]));
    for word in ["rate", "seed", "linearizable", "ok_per_s"] {
        assert!(differ.contains(word), "{word}: {differ}");
    }
    assert!(!differ.contains("time_limit_ms"), "what is equal is no difference: {differ}");
    assert_eq!(status(&of(root, &["show", "a.w/nothing"])), 254);
}

/// The list of a large record. Time is told and only a wide bound is held, for machines differ.
#[test]
#[ignore = "writes 5,000 folders: cargo test -p ordalia-cli --release --test results -- --ignored --nocapture"]
fn thousands_of_runs_are_listed_quickly() {
    let folder = results();
    for number in 0..5_000 {
        let stamp =
            format!("202601{:02}T{:02}{:02}00Z-{number}", 1 + number % 28, number / 60 % 24, number % 60);
        plant(folder.path(), "a.w", &stamp, Some("true"));
    }
    for args in [&["list"][..], &["list", "--limit", "0"], &["gc", "--keep", "100"]] {
        let begun = Instant::now();
        told(&of(folder.path(), args));
        println!("{args:?}: {:?}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
