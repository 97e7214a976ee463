//! What is read, what is refused, and what repetitions make of a cell.

use ordalia_campaign::Mode;

use super::*;
use crate::stage::{baseline, cell, run, summary};

fn refusal(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ci.json");
    std::fs::write(&path, text).unwrap();
    Baseline::read(&path).unwrap_err().to_string()
}

#[test]
fn it_reads_back_as_written_and_only_for_its_own_matrix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ci.json");
    let mut written = baseline();
    let cell = written.cells.entry("a".into()).or_default();
    cell.figures.entry(Figure::P99Ms).or_default().insert(3, vec![1.5, 2.5]);
    written.write(&path).unwrap();
    let read = Baseline::read(&path).unwrap();
    assert_eq!(read, written);
    assert!(read.check_plan(&path, "01234567").is_ok());
    let refused = read.check_plan(&path, "89abcdef").unwrap_err().to_string();
    assert!(refused.contains("another matrix (01234567, and it is 89abcdef)"), "{refused}");
}

#[test]
fn other_versions_and_findings_without_a_reason_are_refused() {
    let other = refusal(r#"{"version": 9, "whatever": 1}"#);
    assert!(other.contains("expected a baseline of version 1, found 9"), "{other}");
    assert!(refusal("[]").contains("expected a baseline, with its version"));
    let mut silent = baseline();
    let known = KnownFinding {
        checker: "stats".into(),
        verdict: Verdict::Unknown,
        reason: " ".into(),
        seeds: vec![],
    };
    silent.cells.entry("a".into()).or_default().known.push(known);
    let text = serde_json::to_string(&silent).unwrap();
    assert!(refusal(&text).contains("expected a reason why stats of \"a\" is no news"));
}

#[test]
fn repetitions_keep_all_values_and_the_seeds_that_show_a_finding_every_time() {
    let invalid = Some(("linearizable", Verdict::Invalid));
    let cells = || vec![cell("a", Mode::Real, &[1, 2])];
    let first = summary(cells(), vec![run("a", 1, 0.9, invalid), run("a", 2, 0.8, invalid)]);
    let second = summary(cells(), vec![run("a", 1, 0.7, None), run("a", 2, 0.6, invalid)]);
    let (first, second) = (Ran::of(&first), Ran::of(&second));
    let cell = CellBaseline::of(&[&first[0], &second[0]], |_| Some("known".to_owned()));
    assert_eq!((cell.ran, cell.failed), (4, 3));
    assert_eq!(cell.figures[&Figure::Availability], BySeed::from([(1, vec![0.9, 0.7]), (2, vec![0.8, 0.6])]));
    assert_eq!(cell.known.len(), 1);
    assert_eq!(cell.known[0].seeds, [2]);
    assert!(CellBaseline::of(&[&first[0]], |_| None).known.is_empty());
}
