//! `ordalia convert`, there and back.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use support::{complaint, ordalia_with, results, status};

const HISTORY: &str = r#"{"index":0,"time":7,"process":0,"type":"invoke","f":"txn","value":[["append",1,2]],"node":"n1"}
{"index":1,"time":8,"process":1,"type":"invoke","f":"cas","key":"k","value":[1,2]}
{"index":2,"time":9,"process":1,"type":"fail","f":"cas","key":"k","value":[1,2],"error":["precondition-failed","was 3"]}
"#;

#[test]
fn a_history_comes_back_as_it_was() {
    let folder = results();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("a.jsonl"), HISTORY).unwrap();
    for (from, to) in [("a.jsonl", "b.edn.zst"), ("b.edn.zst", "c.edn.gz"), ("c.edn.gz", "d.jsonl")] {
        let output = ordalia_with(&["convert", &path(from), &path(to)]);
        assert_eq!(status(&output), 0, "{from} to {to}: {}", complaint(&output));
    }
    assert_eq!(fs::read_to_string(path("d.jsonl")).unwrap(), HISTORY);
    let output = ordalia_with(&["convert", &path("b.edn.zst"), "-", "--to", "edn"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("{:index 0, :time 7, :process 0, :type :invoke, :f :txn, :value [[:append 1 2]]")
    );
}

#[test]
fn a_meaning_that_is_lost_is_told() {
    let folder = results();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let edn =
        "{:process 0, :type :invoke, :f :read, :value nil}\n{:process 0, :type :ok, :f :read, :value nil}\n";
    fs::write(path("a.edn"), edn).unwrap();
    for (from, to, told) in
        [("a.edn", "b.jsonl", true), ("a.edn", "c.edn", false), ("b.jsonl", "d.jsonl", false)]
    {
        let output = ordalia_with(&["convert", &path(from), &path(to)]);
        let word = complaint(&output);
        assert_eq!(status(&output), 0, "{word}");
        assert_eq!(
            word.contains("1 reads of nil are written as reads of null"),
            told,
            "{from} to {to}: {word}"
        );
    }
    // What is told is so.
    let verdict = |name: &str| status(&ordalia_with(&["check", &path(name), "--initial", "0"]));
    assert_eq!((verdict("a.edn"), verdict("b.jsonl")), (2, 1));
}

#[test]
fn an_output_of_no_known_form_is_refused_before_anything_is_written() {
    let folder = results();
    let path = folder.path().join("history.txt");
    let output = ordalia_with(&["convert", "/no/such/file", path.to_str().unwrap()]);
    assert_eq!(status(&output), 254, "{}", complaint(&output));
    assert!(complaint(&output).contains("a name that ends in .jsonl or .edn"));
    let output = ordalia_with(&["convert", "/no/such/file", path.to_str().unwrap(), "--to", "edn"]);
    assert_eq!(status(&output), 255, "{}", complaint(&output));
    assert!(complaint(&output).contains("/no/such/file"));
    assert!(!path.exists());
}
