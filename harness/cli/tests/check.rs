//! `ordalia check` as a person meets it.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{complaint, ordalia, ordalia_with, results, status};
use tempfile::TempDir;

/// A history of operations one after the other: key, name, value of the invocation, value of the completion.
fn history(operations: &[(&str, &str, &str, &str)]) -> (TempDir, PathBuf) {
    let mut lines = String::new();
    for (at, (key, f, input, output)) in operations.iter().enumerate() {
        for (index, kind, value) in [(2 * at, "invoke", input), (2 * at + 1, "ok", output)] {
            let time = 1000 * index;
            let key = if key.is_empty() { String::new() } else { format!("\"key\":\"{key}\",") };
            lines += &format!(
                "{{\"index\":{index},\"time\":{time},\"process\":0,\"type\":\"{kind}\",\"f\":\"{f}\",{key}\"value\":{value}}}\n"
            );
        }
    }
    let folder = results();
    let path = folder.path().join("history.jsonl");
    fs::write(&path, lines).unwrap();
    (folder, path)
}

/// Exit status, standard output and standard error.
fn check(path: &std::path::Path, args: &[&str]) -> (i32, String, String) {
    let output = ordalia_with(&[&["check", path.to_str().unwrap()], args].concat());
    (status(&output), String::from_utf8_lossy(&output.stdout).into_owned(), complaint(&output))
}

/// Key b reads what was overwritten.
const STALE: [(&str, &str, &str, &str); 6] = [
    ("a", "write", "1", "1"),
    ("b", "write", "1", "1"),
    ("b", "write", "2", "2"),
    ("a", "read", "null", "1"),
    ("b", "read", "null", "1"),
    ("b", "read", "null", "2"),
];

#[test]
fn a_violation_is_told_in_a_few_lines_and_the_same_facts_as_json() {
    let (_folder, path) = history(&STALE);
    let (status, told, word) = check(&path, &[]);
    assert_eq!(status, 1, "{told}{word}");
    for part in [
        "invalid: register, 6 operations on 2 keys",
        "key b: read by process 0 (events 8–9) returned 1, but the value 1 had been overwritten by write 2",
        "legal        read 2",
        "state then   2, since write 2 by process 0 (events 4–5)",
        "--html FILE draws it",
    ] {
        assert!(told.contains(part), "expected {part:?} in: {told}");
    }
    assert!(word.contains("judged as register"), "{word}");
    let (status, json, _) = check(&path, &["--json"]);
    let verdict: Value = serde_json::from_str(&json).unwrap();
    let found = &verdict["checkers"]["linearizable"];
    assert_eq!((status, &verdict["valid"]), (1, &Value::Bool(false)));
    assert_eq!(found["legal"][0], "read 2");
    assert_eq!(found["since"]["invoke_index"], 4);
    assert_eq!(found["operation"]["invoke_index"], 8);
}

#[test]
fn an_event_that_fits_nothing_is_named_by_its_line() {
    let (folder, path) = history(&STALE);
    let lines = fs::read_to_string(&path).unwrap();
    let twice = lines.lines().next().unwrap();
    // Two lines of air, and then the invocation of line 1 again while it is open.
    fs::write(&path, format!("{twice}\n\n\n{}\n", twice.replace("\"index\":0", "\"index\":1"))).unwrap();
    let (status, _, word) = check(&path, &[]);
    assert!(status == 255 && word.contains("history.jsonl:4: event 1: "), "{status}: {word}");
    let certificate = folder.path().join("proof.json");
    fs::write(&path, &lines).unwrap();
    check(&path, &["--certificate", certificate.to_str().unwrap()]);
    fs::write(&path, format!("{twice}\n{}\n", twice.replace("\"index\":0", "\"index\":1"))).unwrap();
    let verified = ordalia_with(&["verify", path.to_str().unwrap(), certificate.to_str().unwrap()]);
    assert!(complaint(&verified).contains("history.jsonl:2: event 1: "), "{}", complaint(&verified));
}

#[test]
fn properties_alone_write_no_files_and_give_no_hints_at_them() {
    let (_folder, path) = history(&STALE);
    let (status, told, word) = check(&path, &["--checker", "read-your-writes"]);
    assert_eq!(status, 1, "{told}{word}");
    assert!(!told.contains("--html") && !told.contains("--minimal"), "{told}");
    for flag in ["--html", "--minimal", "--certificate"] {
        let (status, _, word) =
            check(&path, &["--checker", "read-your-writes", flag, "/no/such/folder/file"]);
        let expected = format!("{flag} is for the checker linearizable, found --checker read-your-writes");
        assert!(status == 254 && word.contains(&expected), "{status}: {word}");
    }
    let (status, told, _) = check(&path, &["--checker", "read-your-writes,linearizable"]);
    assert!(status == 1 && told.matches("--html FILE draws it").count() == 1, "{told}");
}

#[test]
fn an_interrupt_ends_a_check_with_what_is_not_known() {
    // So many appends at a time, in each order another text, and a text that none leaves.
    let folder = results();
    let path = folder.path().join("history.jsonl");
    let event = |index: usize, process: usize, kind: &str, f: &str, value: Value| {
        let event = serde_json::json!({"index": index, "time": index, "process": process, "type": kind, "f": f,
            "value": value});
        format!("{event}\n")
    };
    let clients = 0..40;
    let begin = clients.clone().map(|at| event(at, at, "invoke", "append", format!("{at} ").into()));
    let end = clients.map(|at| event(40 + at, at, "ok", "append", format!("{at} ").into()));
    let read = [event(80, 0, "invoke", "get", Value::Null), event(81, 0, "ok", "get", "?".into())];
    fs::write(&path, begin.chain(end).chain(read).collect::<String>()).unwrap();
    let args = ["--algorithm", "wgl", "--memory", "1000GB", "--time-limit", "1h", "--plain"];
    let mut command = ordalia();
    command.arg("check").arg(&path).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut word = BufReader::new(running.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("judging") {
        line.clear();
        assert!(word.read_line(&mut line).unwrap() > 0, "it ended by itself");
    }
    let id = running.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = running.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(status(&output), 2, "{told}");
    assert!(told.contains("undecided, for the check was interrupted after "), "{told}");
}

#[test]
fn one_key_can_be_judged_alone() {
    let (_folder, path) = history(&STALE);
    assert_eq!(check(&path, &["--key", "a"]).0, 0);
    assert_eq!(check(&path, &["--key", "b"]).0, 1);
    assert_eq!(check(&path, &["--key", "\"a\"", "--key", "b"]).0, 1);
    let (status, _, word) = check(&path, &["--key", "z"]);
    assert!(status == 254 && word.contains("no key \"z\"; it has a, b"), "{status}: {word}");
    let (_folder, single) = history(&[("", "write", "1", "1")]);
    let (status, _, word) = check(&single, &["--key", "a"]);
    assert!(status == 254 && word.contains("single object"), "{status}: {word}");
}

#[test]
fn a_model_that_does_not_fit_names_those_that_do() {
    let (_folder, path) = history(&[("", "write", "1", "1"), ("", "cas", "[1,2]", "[1,2]")]);
    assert_eq!(check(&path, &[]).0, 0);
    let (status, _, word) = check(&path, &["--model", "register"]);
    assert_eq!(status, 254, "{word}");
    assert!(word.contains("event 2: the model register expected read or write"), "{word}");
    assert!(word.contains("--model cas-register"), "{word}");
    let (_folder, path) = history(&[("", "write", "1", "1"), ("", "explode", "1", "1")]);
    let (status, _, word) = check(&path, &[]);
    assert!(status == 254 && word.contains("no model is told by the operations explode, write"), "{word}");
    let (status, _, word) = check(&path, &["--model", "register"]);
    assert!(status == 255 && word.contains("no other model can read it"), "{status}: {word}");
    let (_folder, queue) = history(&[("", "enqueue", "1", "1"), ("", "dequeue", "null", "1")]);
    let (status, _, word) = check(&queue, &[]);
    assert!(status == 254 && word.contains("fifo-queue or unordered-queue"), "{status}: {word}");
}

#[test]
fn too_little_is_unknown_with_what_to_try() {
    let (_folder, path) = history(&STALE);
    let (status, told, _) = check(&path, &["--algorithm", "wgl", "--memory", "1B"]);
    assert_eq!(status, 2, "{told}");
    for part in ["unknown", "the memory limit of 1 bytes", "more --memory", "--algorithm auto", "--key KEY"] {
        assert!(told.contains(part), "expected {part:?} in: {told}");
    }
    let (status, _, word) = check(&path, &["--algorithm", "magic"]);
    assert!(status == 254 && word.contains("wgl"), "{status}: {word}");
}

#[test]
fn the_page_is_written_and_a_place_that_cannot_be_is_an_error() {
    let (folder, path) = history(&STALE);
    let page = folder.path().join("view.html");
    let (status, told, _) = check(&path, &["--html", page.to_str().unwrap()]);
    assert!(status == 1 && told.contains("drawn in"), "{told}");
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.contains("had been overwritten by write 2") && html.contains("id=\"timeline\""));
    let (status, _, word) = check(&path, &["--html", "/no/such/folder/x.html"]);
    assert!(status == 255 && word.contains("cannot write /no/such/folder/x.html"), "{status}: {word}");
}
