//! A made-up run is drawn, whole and in parts, and the files are held against what they must be.

#![allow(clippy::unwrap_used, reason = "a test may end where it cannot go on")]

mod synthetic;

use std::fs;
use std::path::Path;

use ordalia_record::RunFolder;
use ordalia_report::{draw, summary};

const SECTIONS: [&str; 10] =
    ["verdict", "why", "violation", "settings", "plots", "leaders", "nodes", "links", "faults", "operations"];

/// Draws the run and returns its page.
fn page(run: &RunFolder) -> String {
    fs::read_to_string(draw(run).unwrap()).unwrap()
}

/// Fails where an element is closed that is not open, or never closed. `void` elements have no end in HTML.
fn assert_balanced(text: &str, void: &[&str]) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find('>').expect("a tag that does not end");
        let tag = &rest[..end];
        assert!(!tag.contains('<'), "a stray <: {tag}");
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed.trim()), "…{}", &rest[..rest.len().min(80)].escape_debug());
        } else if !tag.starts_with(['!', '?']) && !tag.ends_with('/') && !void.contains(&name) {
            open.push(name);
        }
        // What stands in scripts and styles is no markup.
        if ["script", "style"].contains(&tag) {
            rest = &rest[rest.find("</").unwrap_or(0)..];
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

fn svg_files(run: &RunFolder) -> Vec<String> {
    let files = fs::read_dir(run.report()).unwrap().map(|entry| entry.unwrap().path());
    let svg = files.filter(|path| path.extension().is_some_and(|extension| extension == "svg"));
    svg.map(|path| fs::read_to_string(path).unwrap()).collect()
}

fn remove(path: &Path) {
    fs::remove_file(path).unwrap();
}

#[test]
fn a_whole_run_becomes_a_whole_page() {
    let folder = tempfile::tempdir().unwrap();
    let run = synthetic::write(folder.path());
    let page = page(&run);
    assert_balanced(&page, &["meta", "link", "br"]);
    let places: Vec<usize> =
        SECTIONS.iter().map(|id| page.find(&format!("id=\"{id}\"")).expect(id)).collect();
    assert!(places.is_sorted(), "the sections are out of order: {places:?}");
    assert!(page.contains("invalid") && page.contains("cas-register") && page.contains("--seed 42"));
    assert!(page.contains("intended start") && page.contains("never</td>"));
    assert!(!page.contains("incomplete"), "nothing is missing of this run");
    assert!(page.len() < 3_000_000, "{}", page.len());
    let plots = svg_files(&run);
    assert_eq!(plots.len(), 6);
    for plot in plots {
        assert_balanced(&plot, &[]);
        assert!(plot.contains("partition halves") && !plot.contains("var(--"));
    }
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&synthetic::write(folder.path()));
    for outside in [" src=", "@import", "url(", "href=\"http", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn hostile_text_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let run = synthetic::write(folder.path());
    let page = page(&run);
    assert!(!page.contains(synthetic::HOSTILE) && !page.contains("<script>alert"));
    assert!(page.contains("&lt;script&gt;alert"), "the hostile text should be shown, escaped");
    assert_eq!(page.matches("<script").count(), 1);
    for plot in svg_files(&run) {
        assert!(!plot.contains("<script"));
    }
}

#[test]
fn a_run_without_a_verdict_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let run = synthetic::write(folder.path());
    for path in [run.verdict(), run.links(), run.faults(), run.status()] {
        remove(&path);
    }
    let history = fs::read_to_string(run.history()).unwrap();
    fs::write(run.history(), &history[..history.len() - 30]).unwrap();
    let page = page(&run);
    assert_balanced(&page, &["meta"]);
    for told in
        ["not judged", "verdict.json is not there", "links.json is not there", "cut off in the middle"]
    {
        assert!(page.contains(told), "{told}");
    }
    assert!(page.contains("latency-raw.svg") && !page.contains("id=\"violation\""));
    assert!(summary(&run).unwrap().starts_with("verdict     none"));
}

#[test]
fn damaged_files_are_named_and_the_rest_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let run = synthetic::write(folder.path());
    fs::write(run.run_json(), "{").unwrap();
    fs::write(run.verdict(), "[]").unwrap();
    fs::write(run.history(), "x\n").unwrap();
    let page = page(&run);
    assert_balanced(&page, &["meta"]);
    for told in
        ["run.json cannot be read", "verdict.json cannot be read", "history.jsonl:1", "no operations to draw"]
    {
        assert!(page.contains(told), "{told}");
    }
    assert!(page.contains("leaders.svg"));
}

#[test]
fn a_history_that_breaks_is_drawn_up_to_there() {
    let folder = tempfile::tempdir().unwrap();
    let run = synthetic::write(folder.path());
    let history = fs::read_to_string(run.history()).unwrap();
    let mut lines: Vec<String> = history.lines().map(str::to_owned).collect();
    let at = 2_000;
    lines[at] = format!(r#"{{"index":{at},"time":1,"process":0,"type":"invoke","f":"read","value":null}}"#);
    fs::write(run.history(), lines.join("\n")).unwrap();
    let page = page(&run);
    assert!(page.contains("event 2000: time 1 ns is before"));
    assert!(page.contains("latency-raw.svg"));
}

#[test]
fn an_empty_run_is_a_page_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("run.json"), "{}").unwrap();
    fs::write(folder.path().join("history.jsonl"), "").unwrap();
    let run = RunFolder::open(folder.path()).unwrap();
    assert_balanced(&page(&run), &["meta"]);
    assert!(summary(&run).unwrap().contains("0 ok, 0 fail, 0 info"));
}

#[test]
fn the_summary_says_what_matters() {
    let folder = tempfile::tempdir().unwrap();
    let run = synthetic::write(folder.path());
    let text = summary(&run).unwrap();
    let starts: Vec<&str> = text.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert!(text.starts_with("verdict     INVALID\n  linearizable (invalid): key k"), "{text}");
    for line in ["operations", "latency", "recovery", "report"] {
        assert!(starts.contains(&line), "{text}");
    }
    assert!(text.contains("after 6 of 7 faults, the slowest in 224 ms"), "{text}");
    assert!(!starts.contains(&"minimal"), "{text}");
    fs::write(run.minimal(), "").unwrap();
    assert!(summary(&run).unwrap().contains("minimal.jsonl\nreport "));
    assert!(page(&run).contains("href=\"../minimal.jsonl\""));
}
