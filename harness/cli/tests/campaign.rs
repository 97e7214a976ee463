//! Campaigns as a person runs them.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use support::{complaint, json, ordalia, ordalia_with, results, status};

/// A campaign's file in a folder.
fn file(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("trial.toml");
    fs::write(&path, text).unwrap();
    path
}

fn campaign(results: &Path, file: &Path, more: &[&str]) -> Output {
    let args = ["campaign", file.to_str().unwrap(), "--plain", "--results", results.to_str().unwrap()];
    ordalia_with(&[&args, more].concat())
}

/// How often each job has a line of that kind in the journal.
fn lines(campaign: &Path, kind: &str) -> BTreeMap<(String, u64), u32> {
    let mut count = BTreeMap::new();
    for line in fs::read_to_string(campaign.join("journal.jsonl")).unwrap().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["line"] == kind {
            let id = (line["cell"].as_str().unwrap().to_owned(), line["seed"].as_u64().unwrap());
            *count.entry(id).or_default() += 1;
        }
    }
    count
}

fn newest(results: &Path) -> PathBuf {
    fs::canonicalize(results.join("campaigns/trial/latest")).unwrap()
}

#[test]
fn the_worst_verdict_decides_and_the_page_leads_to_what_was_found() {
    let folder = results();
    let file = file(
        folder.path(),
        r#"
[defaults]
nodes = 3
faults = "partition"
seeds = [1, 3]
[matrix]
target = ["raft-kv", "raft-kv --bug ack-before-commit"]
time-limit = "4s"
[[include]]
mode = "real"
target = "raft-kv"
faults = "none"
time-limit = "1s"
seeds = [5]
"#,
    );
    let output = campaign(folder.path(), &file, &["--json"]);
    assert_eq!(status(&output), 1, "{}", complaint(&output));
    let newest = newest(folder.path());
    let summary = json(&newest.join("summary.json"));
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap(), summary);
    assert_eq!((&summary["verdict"], &summary["finished"]), (&false.into(), &true.into()));
    assert_eq!((&summary["totals"]["done"], &summary["cells"][0]["valid"]), (&5.into(), &2.into()));
    let finding = &summary["cells"][1]["findings"][0];
    assert_eq!(finding["checker"], "linearizable", "{finding:#}");
    let run = folder.path().join(finding["first"]["folder"].as_str().unwrap());
    for kept in ["history.jsonl.zst", "trace.jsonl.zst", "report/index.html", "verdict.json"] {
        assert!(run.join(kept).is_file(), "{kept}");
    }
    assert!(!run.join("history.jsonl").exists());
    let page = fs::read_to_string(newest.join("index.html")).unwrap();
    let link = format!("../../../{}/report/index.html", finding["first"]["folder"].as_str().unwrap());
    assert!(page.contains(&link) && newest.join(link).is_file());
    let repeat = finding["first"]["repeat"].as_str().unwrap();
    let words: Vec<&str> =
        repeat.split(' ').skip(1).chain(["--results", folder.path().to_str().unwrap()]).collect();
    assert_eq!(status(&ordalia_with(&words)), 1, "{repeat}");
    // What is compressed is judged and checked as before.
    assert_eq!(status(&ordalia_with(&["report", run.to_str().unwrap()])), 1);
    assert_eq!(status(&ordalia_with(&["check", run.join("history.jsonl").to_str().unwrap()])), 1);
    // All was done, so that the same command is a campaign of its own.
    assert_eq!(summary["runs"][4]["cell"], "real raft-kv · register · none · n3 · t1s", "{summary:#}");
    assert!(summary["runs"][4]["figures"]["ok"].as_u64().unwrap() > 0);
}

#[test]
fn a_campaign_that_is_killed_goes_on_where_it_was() {
    let folder = results();
    let text = "[matrix]\ntarget = \"raft-kv\"\nnodes = [3, 5]\ntime-limit = \"2s\"\nfaults = \"none\"\nrate = 200\nseeds = \"0..12\"\n";
    let file = file(folder.path(), text);
    let args = ["campaign", file.to_str().unwrap(), "--plain", "-j", "2", "--results"];
    let mut killed = ordalia().args(args).arg(folder.path()).stderr(Stdio::piped()).spawn().unwrap();
    // It says where it records before the first job.
    let mut said = BufReader::new(killed.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().contains("24 runs in 2 cells"));
    let newest = newest(folder.path());
    let journal = newest.join("journal.jsonl");
    let written = || fs::read_to_string(&journal).unwrap_or_default().lines().count();
    while written() < 20 {
        assert!(killed.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::sleep(Duration::from_millis(5));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let before = lines(&newest, "done");
    assert!(!before.is_empty() && before.len() < 24, "{before:?}");
    let output = campaign(folder.path(), &file, &[]);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    assert!(complaint(&output).contains("resuming"), "{}", complaint(&output));
    let done = lines(&newest, "done");
    assert_eq!((done.len(), done.values().max()), (24, Some(&1)), "lost or repeated: {done:?}");
    let (begun, abandoned) = (lines(&newest, "begun"), lines(&newest, "abandoned"));
    for (job, times) in begun {
        assert_eq!(times, 1 + abandoned.get(&job).copied().unwrap_or(0), "{job:?}");
    }
    assert_eq!(json(&newest.join("summary.json"))["totals"]["valid"], 24);
    // What is finished is not resumed.
    let output = campaign(folder.path(), &file, &["--stop-early", "invalid"]);
    assert!(!complaint(&output).contains("resuming"), "{}", complaint(&output));
}

#[test]
fn a_real_run_whose_campaign_was_killed_is_marked_and_run_again() {
    let folder = results();
    let text = "[matrix]\nmode = \"real\"\ntarget = \"raft-kv\"\nnodes = 3\nfaults = \"none\"\ntime-limit = \"1s\"\nseeds = 7\n";
    let file = file(folder.path(), text);
    let args = ["campaign", file.to_str().unwrap(), "--plain", "--results"];
    let mut killed = ordalia().args(args).arg(folder.path()).stderr(Stdio::null()).spawn().unwrap();
    let journal = folder.path().join("campaigns/trial/latest/journal.jsonl");
    let recording = || fs::read_to_string(&journal).unwrap_or_default().contains("recording");
    while !(recording() && folder.path().join("latest/run.json").is_file()) {
        assert!(killed.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::sleep(Duration::from_millis(5));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let output = campaign(folder.path(), &file, &[]);
    assert!(complaint(&output).contains("resuming"), "{}", complaint(&output));
    let newest = newest(folder.path());
    let journal: Vec<serde_json::Value> = fs::read_to_string(newest.join("journal.jsonl"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<&str> = journal.iter().map(|line| line["line"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["begun", "recording", "abandoned", "begun", "recording", "done"]);
    let (left, whole) = (journal[2]["folder"].as_str().unwrap(), journal[4]["folder"].as_str().unwrap());
    assert_ne!(left, whole);
    let info = json(&folder.path().join(left).join("run.json"));
    assert_eq!(info["ended_early"], "its campaign was killed");
    assert!(folder.path().join(whole).join("history.jsonl.zst").is_file());
}

#[test]
fn wrong_files_are_refused_with_line_and_suggestion() {
    let folder = results();
    let refused = |text: &str, words: &[&str]| {
        let output = campaign(folder.path(), &file(folder.path(), text), &[]);
        assert_eq!(status(&output), 254, "{text}: {}", complaint(&output));
        for word in words {
            let complaint = complaint(&output);
            assert!(complaint.contains(word), "{text}: expected {word:?} in: {complaint}");
        }
    };
    let good = "[matrix]\nseeds = \"0..2\"\n";
    refused("[matirx]\n", &["trial.toml:1", "unknown key \"matirx\"", "did you mean \"matrix\"?"]);
    refused(&format!("{good}target = \"raftkv\""), &["trial.toml:3", "did you mean \"raft-kv\"?"]);
    refused(&format!("{good}target = \"raft-kv --reads laese\""), &["did you mean \"lease\"?"]);
    refused(&format!("{good}target = \"raft-kv\"\nfaults = \"kil\""), &["toml:4", "did you mean \"kill\"?"]);
    refused(&format!("{good}target = \"raft-kv\"\nworkload = \"rounds\""), &["toml:4", "unknown workload"]);
    refused(&format!("{good}target = \"raft-kv\"\ntime-limit = \"10\""), &["toml:4", "expected a duration"]);
    refused(&format!("{good}target = \"raft-kv\"\nnodes = 0"), &["toml:4", "from 1 to 99"]);
    refused(&format!("{good}target = \"raft-kv\"\nseed = 1"), &["toml:4", "did you mean \"seeds\"?"]);
    let versions = format!("{good}target = \"raft-kv\"\nworkload = \"versions\"");
    refused(&versions, &["toml:3", "sim raft-kv · versions", "raft-kv does not answer"]);
    let simulated = format!("{good}target = \"zookeeper\"");
    refused(&simulated, &["toml:3", "only runs as real processes"]);
    let unborne = format!("{good}target = \"raft-kv\"\nmode = \"real\"\nfaults = \"clock\"");
    refused(&unborne, &["toml:3", "clock faults cannot be done"]);
    let none_fits = format!("{good}target = \"raft-kv\"\nmode = \"real\"\nnodes = 1\nfaults = \"partition\"");
    refused(&none_fits, &["toml:3", "no fault of \"partition\" fits 1 nodes"]);
    refused("", &["toml:1", "the matrix is empty"]);
    refused(&format!("{good}target = []"), &["toml:3", "the matrix is empty"]);
    refused("[matrix]\nseeds = \"5..5\"\ntarget = \"raft-kv\"", &["toml:2", "is empty"]);
    refused("[matrix\n", &["toml:1", "expected TOML"]);
    assert!(!folder.path().join("campaigns").exists(), "something was begun");
    let missing = ordalia_with(&["campaign", "/no/such.toml"]);
    assert_eq!(status(&missing), 255);
    let wrong = ordalia_with(&["campaign", "x.toml", "--stop-early", "invald"]);
    assert!(status(&wrong) == 254 && complaint(&wrong).contains("did you mean"), "{}", complaint(&wrong));
}
