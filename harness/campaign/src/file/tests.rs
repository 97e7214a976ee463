//! Files that are read, and files that are refused.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::parse_plan;
use crate::{Cell, Known, Mode, Plan};

/// Two targets and what belongs to them.
struct Fake;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl Known for Fake {
    fn targets(&self) -> Vec<String> {
        names(&["kv", "barrier"])
    }
    fn workloads(&self) -> Vec<String> {
        names(&["register", "append", "rounds"])
    }
    fn faults(&self) -> Vec<String> {
        names(&["none", "kill", "partition", "partition:halves"])
    }
    fn workload_of(&self, target: &str) -> Option<String> {
        Some(if target == "kv" { "register" } else { "rounds" }.to_owned())
    }
    fn options_of(&self, target: &str) -> Vec<String> {
        names(if target == "kv" { &["reads", "snapshot-every"] } else { &[] })
    }
    fn values_of(&self, _target: &str, option: &str) -> Vec<String> {
        names(if option == "reads" { &["lease", "local"] } else { &[] })
    }
    fn bugs_of(&self, _target: &str) -> Vec<String> {
        names(&["ack-early"])
    }
    fn duration(&self, text: &str) -> Result<Duration, String> {
        let seconds = text.strip_suffix('s').and_then(|digits| digits.parse().ok());
        seconds.map(Duration::from_secs).ok_or_else(|| format!("expected a duration, found {text:?}"))
    }
    fn seeds(&self, text: &str) -> Result<Range<u64>, String> {
        let parts = text.split_once("..").and_then(|(a, b)| Some(a.parse().ok()?..b.parse().ok()?));
        parts.ok_or_else(|| format!("expected a range, found {text:?}"))
    }
    fn check_concurrency(&self, text: &str) -> Result<(), String> {
        if text == "0" { Err("expected at least one".to_owned()) } else { Ok(()) }
    }
    fn check_rate(&self, _text: &str) -> Result<(), String> {
        Ok(())
    }
    fn check(&self, cell: &Cell) -> Result<(), String> {
        if cell.nodes == Some(99) { Err("too many nodes".to_owned()) } else { Ok(()) }
    }
}

fn plan(text: &str) -> Plan {
    parse_plan(text, Path::new("nightly.toml"), &Fake).unwrap()
}

fn cell_names(plan: &Plan) -> Vec<&str> {
    plan.cells.iter().map(|cell| cell.name.as_str()).collect()
}

#[test]
fn a_matrix_is_the_product_of_its_lists_without_what_is_excluded() {
    let plan = plan(
        r#"
jobs = 2
[defaults]
time-limit = "10s"
[matrix]
target = ["kv", "kv --reads lease --bug ack-early"]
faults = ["kill, partition", "none"]
nodes = [3, 5]
seeds = "0..3"
[[exclude]]
target = "kv"
nodes = 3
[[exclude]]
faults = "none"
seeds = [1]
[[include]]
mode = "real"
target = "barrier"
seeds = [7, "1..3"]
time-limit = "20s"
"#,
    );
    assert_eq!(plan.name, "nightly");
    let bugged = "sim kv --reads lease --bug ack-early · register";
    let expected = [
        "sim kv · register · kill,partition · n5".to_owned(),
        "sim kv · register · none · n5".to_owned(),
        format!("{bugged} · kill,partition · n3"),
        format!("{bugged} · kill,partition · n5"),
        format!("{bugged} · none · n3"),
        format!("{bugged} · none · n5"),
        "real barrier · rounds · t20s".to_owned(),
    ];
    assert_eq!(cell_names(&plan), expected);
    let seeds: Vec<&[u64]> = plan.cells.iter().map(|cell| cell.seeds.as_slice()).collect();
    assert_eq!(seeds, [&[0, 1, 2][..], &[0, 2], &[0, 1, 2], &[0, 1, 2], &[0, 2], &[0, 2], &[1, 2, 7]]);
    assert_eq!(plan.cells[0].time_limit, Duration::from_secs(10));
    let last = plan.jobs_in_order().into_iter().rev().take(3).map(|job| job.seed);
    assert_eq!(last.collect::<Vec<_>>(), [7, 2, 1]);
}

#[test]
fn options_join_the_words_of_the_target() {
    let plan = plan(
        "[matrix]\ntarget = \"kv\"\noptions = [{reads = \"local\"}, {snapshot-every = 7}, {}]\nseeds = 1",
    );
    let expected =
        ["sim kv --reads local · register", "sim kv --snapshot-every 7 · register", "sim kv · register"];
    assert_eq!(cell_names(&plan), expected);
    assert_eq!(plan.cells[0].mode, Mode::Sim);
}

#[test]
fn the_checksum_is_of_what_is_asked_for_and_not_of_how_it_is_written() {
    let one = plan("[matrix]\ntarget = [\"kv\"]\nseeds = \"0..2\"");
    let other =
        plan("jobs = 7\nname = \"other\"\n# why\n[defaults]\nseeds = [1, 0]\n[matrix]\ntarget = \"kv\"");
    assert_eq!(one.checksum(), other.checksum());
    assert_ne!(one.checksum(), plan("[matrix]\ntarget = \"kv\"\nseeds = \"0..3\"").checksum());
}

#[test]
fn a_cell_reads_back_as_written() {
    let plan = plan(
        "[matrix]\ntarget = \"kv --reads lease\"\nseeds = 1\nfault-interval = \"3s\"\nrate = 100\nnodes = 5",
    );
    let text = serde_json::to_string(&plan.cells).unwrap();
    assert!(text.contains("\"fault_interval_ms\":3000") && text.contains("\"rate\":\"100\""), "{text}");
    assert_eq!(serde_json::from_str::<Vec<Cell>>(&text).unwrap(), plan.cells);
}

/// Refused at that line, with all of these words.
fn refused(text: &str, line: usize, words: &[&str]) {
    let error = parse_plan(text, Path::new("x.toml"), &Fake).unwrap_err().to_string();
    assert!(error.starts_with(&format!("x.toml:{line}: ")), "{error}");
    for word in words {
        assert!(error.contains(word), "expected {word:?} in: {error}");
    }
}

#[test]
fn what_is_not_known_has_its_line_and_the_nearest_name() {
    let good = "[matrix]\nseeds = \"0..2\"\n";
    let with = |line: &str| format!("{good}target = \"kv\"\n{line}\n");
    refused("jbos = 2\n", 1, &["unknown key \"jbos\"", "did you mean \"jobs\"?"]);
    refused("\n\ntarget = [\"kv\"]\n", 3, &["belongs into [matrix]"]);
    refused(&format!("{good}tagret = [\"kv\"]"), 3, &["[matrix]", "\"tagret\"", "did you mean \"target\"?"]);
    refused(&format!("{good}target = [\"kv\",\n \"kw\"]"), 4, &["unknown target \"kw\"", "mean \"kv\"?"]);
    refused(
        &format!("{good}target = \"kv --raeds lease\""),
        3,
        &["option of kv \"raeds\"", "mean \"reads\"?"],
    );
    refused(
        &format!("{good}target = \"kv --reads leese\""),
        3,
        &["leese", "mean \"lease\"?", "lease, local"],
    );
    refused(&format!("{good}target = \"kv --bug ack-earli\""), 3, &["bug of kv", "mean \"ack-early\"?"]);
    refused(&format!("{good}target = \"kv --reads\""), 3, &["expected a value after --reads"]);
    refused(&with("workload = \"appned\""), 4, &["unknown workload", "mean \"append\"?"]);
    refused(&with("faults = [\"kill\", \"kill,partitoin\"]"), 4, &["fault \"partitoin\"", "\"partition\"?"]);
    refused(&with("mode = \"simulated\""), 4, &["unknown mode", "did you mean \"sim\"?"]);
    refused(&with("options = {raeds = \"x\"}"), 4, &["options: unknown option of kv \"raeds\""]);
    refused(&with("[[include]]\nseed = 3"), 5, &["[include]", "did you mean \"seeds\"?"]);
    refused(
        "stop-early = \"invald\"\n[matrix]\ntarget = \"kv\"\nseeds = 1",
        1,
        &["did you mean \"invalid\"?"],
    );
}

#[test]
fn values_that_cannot_be_say_what_could() {
    let with = |line: &str| format!("[matrix]\nseeds = \"0..2\"\ntarget = \"kv\"\n{line}\n");
    refused(&with("nodes = [3, 0]"), 4, &["nodes: expected a number from 1 to 99, found 0"]);
    refused(&with("nodes = \"3\""), 4, &["nodes: expected a number from 1 to 99, found \"3\""]);
    refused(&with("nodes = 99"), 3, &["sim kv · register · n99", "too many nodes"]);
    refused(&with("time-limit = 10"), 4, &["time-limit: expected a duration", "found 10"]);
    refused(&with("time-limit = \"10\""), 4, &["time-limit: expected a duration, found \"10\""]);
    refused(&with("concurrency = 0"), 4, &["concurrency: expected at least one"]);
    refused(&with("schedule = \"/no/such.json\""), 4, &["/no/such.json"]);
    refused("jobs = 0\n[matrix]", 1, &["expected"]);
    refused("name = \"Night ly\"\n[matrix]\ntarget = \"kv\"\nseeds = 1", 1, &["name: expected", "Night ly"]);
    refused("[matrix]\ntarget = \"kv\"\nseeds = \"5\"", 3, &["seeds: expected a range, found \"5\""]);
    refused("[matrix]\ntarget = \"kv\"\nseeds = \"0..18446744073709551615\"", 3, &["at most 1000000"]);
    refused("[matrix]\ntarget = \"kv\"\nseeds = -1", 3, &["found -1"]);
    refused("[matrix\n", 1, &["expected TOML"]);
    refused("[defaults]\nnodes = [3, 5]\n", 2, &["[defaults] nodes: expected one value"]);
}

#[test]
fn an_empty_matrix_is_refused() {
    refused("name = \"x\"\n", 1, &["the matrix is empty"]);
    refused("[matrix]\n", 1, &["the table matrix is empty"]);
    refused("[matrix]\ntarget = [\"kv\"]\n", 1, &["expected seeds"]);
    refused("[matrix]\nseeds = 1\n", 1, &["expected a target"]);
    refused("[matrix]\ntarget = \"kv\"\nseeds = []\n", 3, &["the matrix is empty"]);
    refused("[matrix]\ntarget = \"kv\"\nnodes = []\nseeds = 1", 3, &["nodes lists nothing"]);
    let excluded = "[matrix]\ntarget = \"kv\"\nseeds = 1\n[[exclude]]\n";
    refused(&format!("{excluded}target = \"kv\""), 1, &["every cell is excluded"]);
    refused(&format!("{excluded}target = \"barrier\""), 4, &["names no cell"]);
    refused("[matrix]\ntarget = [\"kv\", \"kv\"]\nseeds = 1\n", 2, &["is there already, from line 2"]);
}
