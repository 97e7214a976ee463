//! `check --certificate` and `--minimal`, and `verify`.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::PathBuf;

use support::{complaint, json, ordalia_with, results, status};
use tempfile::TempDir;

/// A history of writes and reads, one after the other: `w1 r1` writes 1 and then reads it.
fn history(words: &str) -> String {
    let mut text = String::new();
    for (at, word) in words.split_whitespace().enumerate() {
        let (f, value) = if word.starts_with('w') { ("write", word) } else { ("read", word) };
        let value = value.trim_start_matches(['w', 'r']);
        for (index, kind) in [(2 * at, "invoke"), (2 * at + 1, "ok")] {
            text += &format!(
                "{{\"index\":{index},\"time\":{index},\"process\":{at},\"type\":\"{kind}\",\"f\":\"{f}\",\"key\":\"k\",\"value\":{value}}}\n"
            );
        }
    }
    text
}

struct Files {
    _folder: TempDir,
    history: PathBuf,
    certificate: PathBuf,
    minimal: PathBuf,
}

/// Checks a history, with both files asked for. Returns the status and what was said.
fn checked(text: &str) -> (Files, i32, String) {
    let folder = results();
    let at = |name: &str| folder.path().join(name);
    let files = Files {
        history: at("history.jsonl"),
        certificate: at("certificate.json"),
        minimal: at("minimal.jsonl"),
        _folder: folder,
    };
    fs::write(&files.history, text).unwrap();
    let paths = [&files.history, &files.certificate, &files.minimal].map(|path| path.to_str().unwrap());
    let args = ["check", paths[0], "--model", "register", "--certificate", paths[1], "--minimal", paths[2]];
    let output = ordalia_with(&args);
    (files, status(&output), complaint(&output))
}

/// What `verify` makes of the files: its status, and all that it says.
fn verified(files: &Files) -> (i32, String) {
    let paths = [&files.history, &files.certificate].map(|path| path.to_str().unwrap());
    let output = ordalia_with(&["verify", paths[0], paths[1]]);
    (status(&output), String::from_utf8_lossy(&output.stdout).into_owned() + &complaint(&output))
}

#[test]
fn a_valid_history_gets_a_certificate_that_holds_for_it_alone() {
    let (files, status, said) = checked(&history("w1 r1 w2 r2"));
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("minimal.jsonl is not written") && !files.minimal.exists(), "{said}");
    let (status, told) = verified(&files);
    assert!(status == 0 && told.starts_with("verified: valid\n"), "{told}");
    let honest = fs::read_to_string(&files.certificate).unwrap();
    fs::write(&files.certificate, honest.replace("[0,2,4,6]", "[0,4,2,6]")).unwrap();
    let (status, told) = verified(&files);
    assert!(status == 255 && told.contains("entry 2 of the order (event 2)"), "{told}");
    fs::write(&files.certificate, honest).unwrap();
    fs::write(&files.history, history("w1 r1 w2 r2 r2")).unwrap();
    let (status, told) = verified(&files);
    assert!(status == 255 && told.contains("another history: expected 4 operations"), "{told}");
}

#[test]
fn a_violation_is_cut_down_to_a_history_that_fails_and_to_a_proof() {
    let (files, status, said) = checked(&history("w1 r1 w2 r2 w3 r3 w4 r4 r2 r4 w5 r5"));
    assert_eq!(status, 1, "{said}");
    let (status, told) = verified(&files);
    assert!(status == 1 && told.starts_with("verified: invalid\n"), "{told}");
    let kept = &json(&files.certificate)["violation"]["operations"];
    assert_eq!(*kept, serde_json::json!([4, 12, 16]));
    let lines = fs::read_to_string(&files.minimal).unwrap();
    assert_eq!(lines.lines().count(), 7, "{lines}");
    let output = ordalia_with(&["check", files.minimal.to_str().unwrap(), "--model", "register"]);
    assert_eq!(support::status(&output), 1);
    let edn = files.minimal.with_extension("edn");
    let paths = [files.history.to_str().unwrap(), edn.to_str().unwrap()];
    ordalia_with(&["check", paths[0], "--model", "register", "--minimal", paths[1]]);
    assert_eq!(support::status(&ordalia_with(&["check", paths[1], "--model", "register"])), 1);
    let fewer = fs::read_to_string(&files.certificate).unwrap().replace("[4,12,16]", "[4,16]");
    fs::write(&files.certificate, fewer).unwrap();
    let (status, told) = verified(&files);
    assert!(status == 255 && told.contains("the 2 operations can be ordered"), "{told}");
}

#[test]
fn files_that_are_no_certificates_are_refused() {
    let (files, ..) = checked(&history("w1 r1"));
    for (text, words) in [
        ("{", "certificate.json: line 1: expected a certificate"),
        ("{\"ordalia_certificate\": 7}", "expected a certificate of version 1, found version 7"),
        ("[]", "expected a certificate"),
    ] {
        fs::write(&files.certificate, text).unwrap();
        let (status, told) = verified(&files);
        assert!(status == 255 && told.contains(words), "{told}");
    }
    fs::remove_file(&files.certificate).unwrap();
    let (status, told) = verified(&files);
    assert!(status == 255 && told.contains("certificate.json"), "{told}");
    assert_eq!(support::status(&ordalia_with(&["verify"])), 254);
}
