//! The space–time diagram of a made-up run, and its file for ShiViz, held against the trace.

#![allow(clippy::unwrap_used, reason = "a test may end where it cannot go on")]

mod packed;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ordalia_record::RunFolder;
use ordalia_report::draw;
use packed::data;
use serde_json::{Value, json};

const HOSTILE: &str = "</script><script>alert('x')</script>\n\"'&\u{2028}{}";

/// When the load begins, on the world's clock.
const LOAD: u64 = 1_000_000;

/// The files of a run of two nodes and one client with that trace; the client's operations are in the history
/// as the trace has them.
fn store(root: &Path, trace: &[Value]) -> RunFolder {
    let info = json!({
        "version": "0", "binary": "0", "command": "ordalia sim --seed 1", "started": "now",
        "target": {"name": "t"}, "workload": "w", "seed": 1, "nodes": 2, "concurrency": 1, "time_limit_ms": 1,
        "client_timeout_ms": 1, "faults": [], "fault_interval_ms": 0, "proxied": false, "simulated": true,
        "deaths": [{"time": 900_000, "node": "n2", "how": "it panicked"}],
    });
    fs::write(root.join("run.json"), info.to_string()).unwrap();
    let mut history = String::new();
    for (index, event) in
        trace.iter().filter(|e| ["asked", "ended"].contains(&e["what"].as_str().unwrap())).enumerate()
    {
        let kind = if event["what"] == "asked" { "invoke" } else { "ok" };
        let time = event["at"].as_u64().unwrap() - LOAD;
        let line =
            json!({"index": index, "time": time, "process": 0, "type": kind, "f": "read", "value": null});
        history += &format!("{line}\n");
    }
    fs::write(root.join("history.jsonl"), history).unwrap();
    let lines: Vec<String> = trace.iter().map(Value::to_string).collect();
    fs::write(root.join("trace.jsonl"), lines.join("\n") + "\n").unwrap();
    RunFolder::open(root).unwrap()
}

/// Both nodes start, and then they talk, round by round; in each the first node sends two messages, of which one is
/// lost, and tells something, and every tenth round a client asks it.
fn talk(rounds: u64, text: impl Fn(u64) -> String) -> Vec<Value> {
    let mut trace =
        vec![json!({"at": 5, "what": "up", "node": "n1"}), json!({"at": 6, "what": "up", "node": "n2"})];
    for round in 0..rounds {
        let (at, first, second, call) = (LOAD + round * 1000, round * 3, round * 3 + 1, round * 3 + 2);
        if round.is_multiple_of(10) {
            trace.push(json!({"at": at, "what": "asked", "node": "n1", "thread": 0, "call": call, "text": text(round)}));
            trace.push(json!({"at": at + 10, "what": "heard", "node": "n1", "call": call}));
        }
        for message in [first, second] {
            trace.push(json!({"at": at + 20, "what": "sent", "node": "n1", "to": "n2", "message": message, "text": text(round)}));
        }
        trace.push(json!({"at": at + 20, "what": "lost", "node": "n1", "to": "n2", "message": second}));
        trace.push(json!({"at": at + 120, "what": "received", "node": "n2", "from": "n1", "message": first}));
        trace.push(json!({"at": at + 130, "what": "told", "node": "n2", "event": "become-leader", "detail": text(round)}));
        if round.is_multiple_of(10) {
            trace.push(
                json!({"at": at + 140, "what": "replied", "node": "n1", "call": call, "text": text(round)}),
            );
            trace.push(json!({"at": at + 150, "what": "ended", "thread": 0, "call": call, "text": "Ok: 1", "replied": true}));
        }
    }
    trace
}

/// Draws a run with that trace: the diagram's page, and the file for ShiViz.
fn drawn(trace: &[Value]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let run = store(folder.path(), trace);
    let index = fs::read_to_string(draw(&run).unwrap()).unwrap();
    assert!(index.contains("href=\"space-time.html\""), "the report links to it");
    let read = |file: &str| fs::read_to_string(run.report().join(file)).unwrap();
    (read("space-time.html"), read("shiviz.log"))
}

fn numbers(column: &Value) -> Vec<i64> {
    column.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
}

#[test]
fn the_page_agrees_with_the_trace() {
    let (page, _) = drawn(&talk(2, |round| format!("Vote(Vote {{ round: {round} }})")));
    let data = data(&page);
    assert_eq!((&data["lanes"], &data["nodes"]), (&json!(["n1", "n2", "c0"]), &json!(2)));
    assert_eq!(data["kinds"], json!([{"name": "Vote", "count": 4, "quiet": false}]));
    // Up, up, asked, heard, sent, sent, received, told, replied, ended; sent, sent, received, told.
    assert_eq!(numbers(&data["moments"]["mark"]), [0, 0, 9, 10, 4, 4, 5, 8, 11, 12, 4, 4, 5, 8]);
    assert_eq!(numbers(&data["moments"]["lane"]), [0, 1, 2, 0, 0, 0, 1, 1, 0, 2, 0, 0, 1, 1]);
    assert_eq!(numbers(&data["moments"]["at"])[..4], [5 - LOAD as i64, 1, LOAD as i64 - 6, 10]);
    let (arrows, calls) = (&data["arrows"], &data["calls"]);
    assert_eq!(
        (numbers(&arrows["sent"]), numbers(&arrows["received"])),
        (vec![4, 5, 10, 11], vec![6, -1, 12, -1])
    );
    assert_eq!(
        (numbers(&arrows["fate"]), numbers(&arrows["length"])),
        (vec![0, 3, 0, 3], vec![100, 0, 100, 0])
    );
    let ends: Vec<i64> =
        ["asked", "heard", "replied", "ended", "outcome"].iter().map(|end| numbers(&calls[end])[0]).collect();
    assert_eq!(ends, [2, 3, 8, 9, 0]);
}

#[test]
fn times_of_all_columns_are_differences() {
    let (page, _) = drawn(&talk(22, |_| "Vote".to_owned()));
    let data = data(&page);
    assert_eq!(numbers(&data["calls"]["start"]), [0, 10_000, 10_000]);
    assert_eq!(numbers(&data["calls"]["length"]), [150; 3]);
    assert_eq!(numbers(&data["arrows"]["start"])[..4], [20, 0, 1_000, 0]);
    let last: i64 = numbers(&data["moments"]["at"]).iter().sum();
    assert_eq!((last, &data["end"]), (21_130, &json!(21_130)));
}

/// The vector clocks of the page's moments, as the script adds them up.
fn vectors(data: &Value) -> Vec<Vec<i64>> {
    let lanes = numbers(&data["moments"]["lane"]);
    let mut known = vec![vec![0; 3]; 3];
    let columns: Vec<Vec<i64>> = data["moments"]["vector"].as_array().unwrap().iter().map(numbers).collect();
    let rows = lanes.iter().enumerate().map(|(at, lane)| {
        let row = &mut known[*lane as usize];
        row.iter_mut().zip(&columns).for_each(|(sum, column)| *sum += column[at]);
        row.clone()
    });
    rows.collect()
}

#[test]
fn the_clocks_of_the_page_follow_messages_requests_and_answers() {
    let (page, _) = drawn(&talk(2, |_| "Vote".to_owned()));
    let vectors = vectors(&data(&page));
    assert_eq!(vectors[3], [2, 0, 1], "heard: the client's question is known");
    assert_eq!(vectors[6], [3, 2, 1], "received: what the sender knew is known, and not what was sent after");
    assert_eq!(vectors[9], [5, 0, 2], "ended: of n2 nothing is known, for nothing came back");
    let lamport = numbers(&data(&page)["moments"]["lamport"]);
    assert_eq!(lamport[..7], [1, 1, 1, 1, 1, 1, 3]);
}

#[test]
fn hostile_text_stays_text() {
    let (page, log) = drawn(&talk(12, |_| HOSTILE.to_owned()));
    assert!(!page.contains("alert("));
    assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
    assert!(
        data(&page)["texts"].as_array().unwrap().iter().any(|text| text.as_str().unwrap().contains("alert("))
    );
    assert_eq!(events(&log).len(), 2 + 12 * 4 + 2 * 4);
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let (page, _) = drawn(&talk(3, |_| "Vote".to_owned()));
    for forbidden in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn a_long_run_is_cut_to_where_it_failed_and_says_so() {
    // Of the run's 11,000 rounds the node's death comes after 900.
    let (page, log) =
        drawn(&talk(11_000, |round| format!("Append {round} {}", "x".repeat((round % 300) as usize))));
    assert!(page.len() < 4_000_000, "{}", page.len());
    let data = data(&page);
    let (start, end) = (data["start"].as_i64().unwrap(), data["end"].as_i64().unwrap());
    assert!(start <= 0 && end > 900_000, "{start} {end}");
    let count = numbers(&data["moments"]["at"]).len();
    assert_eq!(count, 40_000);
    assert!(page.contains("40,000 of its 48,402 events are drawn"), "the page says what is left out");
    assert!(page.contains("Shown first: the end of n2"));
    assert!(numbers(&data["arrows"]["start"]).len() < 20_100);
    assert_eq!(events(&log).len(), 3_000);
}

#[test]
fn a_trace_that_is_damaged_is_named_and_the_report_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let run = store(folder.path(), &talk(2, |_| "Vote".to_owned()));
    fs::write(run.trace(), "{\"at\": 1, \"what\": \"up\"}\n{}\n").unwrap();
    let index = fs::read_to_string(draw(&run).unwrap()).unwrap();
    assert!(index.contains("trace.jsonl cannot be read") && index.contains("trace.jsonl:1"));
    assert!(!run.report().join("space-time.html").exists() && !index.contains("space-time.html"));
}

/// The events of a file for ShiViz, read as its expression `(?<event>.*)\n(?<host>\S*) (?<clock>{.*})` reads them.
fn events(log: &str) -> Vec<(String, BTreeMap<String, u64>)> {
    // In the expression a dot is anything but these.
    let lines: Vec<&str> = log.split(['\n', '\r', '\u{2028}', '\u{2029}']).collect();
    assert_eq!(lines[0], r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})");
    assert_eq!((lines[1], lines.last()), ("", Some(&"")));
    let pairs = lines[2..lines.len() - 1].chunks(2).map(|pair| {
        let [_, place] = pair else { panic!("an event of one line: {pair:?}") };
        let (host, clock) = place.split_once(' ').unwrap();
        assert!(
            !host.contains(char::is_whitespace) && clock.starts_with('{') && clock.ends_with('}'),
            "{place}"
        );
        (host.to_owned(), serde_json::from_str(clock).unwrap())
    });
    pairs.collect()
}

#[test]
fn shiviz_finds_its_expression_and_clocks_without_gaps() {
    for rounds in [1, 40, 800] {
        let (_, log) = drawn(&talk(rounds, |round| format!("Vote {{ round: {round} }}")));
        let mut own: BTreeMap<String, u64> = BTreeMap::new();
        let found = events(&log);
        assert!(!found.is_empty());
        for (host, clock) in found {
            let count = own.entry(host.clone()).or_default();
            *count += 1;
            assert_eq!(clock[&host], *count, "{host} counts its own events from 1");
            assert!(
                clock.iter().all(|(other, seen)| own.get(other).is_some_and(|all| seen <= all)),
                "{clock:?}"
            );
        }
    }
}
