//! Golden scenarios: one situation a file, readable by a person.
//!
//! A line that begins with `>` is a command, what happened follows them all: the time in ms since the load began,
//! who, and what. `UPDATE_GOLDEN=1` writes what happens now. Every message takes half a millisecond.
//!
//! | command | does |
//! |---|---|
//! | `> sensors 3 option=value bug=NAME` | three members of the ensemble, n1 to n3, and so many sensors from n4 on |
//! | `> at 500 for 3000 kill n4` | kills (pauses) that node and starts it (lets it go on) so many ms later |
//! | `> at 500 configure api_url VALUE` | a client changes a setting |
//! | `> play 2000`, `> show 1000 2000` | how long it goes on, and which part of it is shown |

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ordalia_history::{Event, EventType, Process};
use ordalia_node::Value;
use serde_json::json;

use crate::play::Play;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/scenarios/{name}.txt"))
}

/// Plays the commands of a script, with these defects too.
fn play(script: &str, bugs: &[&str]) -> String {
    let mut play = Play::new(6);
    play.bugs = bugs.iter().map(|bug| (*bug).to_owned()).collect();
    let (mut from, mut until) = (0, u64::MAX);
    let mut transcript = String::new();
    for line in script.lines().take_while(|line| line.is_empty() || line.starts_with(['>', '#'])) {
        writeln!(transcript, "{line}").unwrap();
        let words: Vec<&str> = line.trim_start_matches('>').split_whitespace().collect();
        let number = |word: &str| word.parse::<u64>().unwrap();
        match words[..] {
            _ if !line.starts_with('>') => {}
            ["sensors", count, ref settings @ ..] => {
                play.nodes = 3 + count.parse::<u16>().unwrap();
                let pairs = settings.iter().map(|word| word.split_once('=').unwrap());
                play.options = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            }
            ["at", at, "for", span, kind, node] => play.faults.push(json!({
                "id": play.faults.len(), "at_ms": number(at), "for_ms": number(span), "kind": kind,
                "targets": {"nodes": [node]},
            })),
            ["at", at, "configure", name, ref value @ ..] => {
                let value = serde_json::from_str(&value.join(" ")).unwrap();
                play.configured.push((number(at), name.to_owned(), value));
            }
            ["play", span] => play.for_ms = number(span),
            ["show", first, last] => (from, until) = (number(first), number(last)),
            _ => panic!("unknown command {line:?}"),
        }
    }
    let lasts = play.for_ms;
    let shown = (from * 1_000_000)..=(until.min(lasts) * 1_000_000);
    for event in play.run().iter().filter(|event| shown.contains(&event.time)) {
        if let Some(said) = said(event) {
            writeln!(transcript, "{:5} {said}", event.time / 1_000_000).unwrap();
        }
    }
    transcript
}

/// An event in words; `None` for what another event tells as well.
fn said(event: &Event) -> Option<String> {
    let value = &event.value;
    let node = event.node.as_ref().map_or("nobody", |node| node.as_str());
    let who = value["sensor"].as_str().unwrap_or(node);
    let round = &value["round"];
    let why = event.error.as_ref().map_or(String::new(), |error| format!(" ({})", error.kind));
    let is_crash = event.error.as_ref().is_some_and(|error| error.kind == "crashed");
    Some(match (event.f.as_str(), event.kind) {
        _ if is_crash => format!("{who} is gone, and nobody knows of its {}", event.f),
        ("measure", EventType::Ok) => format!("{who} has measured {} in round {round}", value["value"]),
        ("measure", EventType::Invoke) => format!("{who} begins to measure in round {round}"),
        ("wait", EventType::Ok) => format!("{who} passes the barrier of round {round}"),
        ("increment", EventType::Ok) => format!("{who} counts {} after round {round}", value["total"]),
        ("measure" | "wait" | "increment", EventType::Fail | EventType::Info) => {
            format!("{who} does not know its {} of round {round} done{why}", event.f)
        }
        ("lead", EventType::Ok) if value["ended"] == true => format!("{who} leads no more"),
        ("lead", EventType::Ok) => format!("{who} leads"),
        ("session", EventType::Ok) => format!("{who}: session {}", value["state"].as_str()?),
        ("post", EventType::Invoke) => {
            let (mean, attempt) = (&value["mean"], &value["attempt"]);
            format!("{who} posts {mean}, the mean of round {round}, attempt {attempt}: {}", value["values"])
        }
        ("post", EventType::Ok) => format!("{who} hears that it was taken"),
        ("post", _) => format!("{who} does not hear that it was taken{why}"),
        ("posted", EventType::Ok) if value["first"] == true => {
            format!("the API records {} for round {round}", value["mean"])
        }
        ("posted", EventType::Ok) => format!("the API has round {round} already"),
        ("release", EventType::Invoke) => format!("{who} releases round {round} of {}", value["expected"]),
        ("release", EventType::Fail | EventType::Info) => {
            format!("{who} does not know round {round} released{why}")
        }
        ("configured", EventType::Ok) => {
            format!("{who} goes by {} {}", text(&value["name"]), value["value"])
        }
        ("configured", EventType::Fail) => {
            format!("{who} refuses {} {}{why}", text(&value["name"]), value["value"])
        }
        ("configure", EventType::Invoke) => {
            format!("a client sets {} to {value}", text(event.key.as_ref()?))
        }
        _ if event.process == Process::Nemesis => {
            let label = value["label"].as_str().unwrap_or_default();
            format!("fault: {label} ({})", text(&value["phase"]))
        }
        _ => return None,
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn script(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

fn check(name: &str) {
    let golden = script(name);
    let found = play(&golden, &[]);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(file(name), &found).unwrap();
        return;
    }
    for (number, (expected, found)) in golden.lines().zip(found.lines()).enumerate() {
        assert_eq!(expected, found, "{name}.txt:{}", number + 1);
    }
    assert_eq!(golden, found, "{name}.txt ends elsewhere");
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[test] fn $name() { check(stringify!($name)); })*

        #[test]
        fn every_file_is_played() {
            let listed = [$(concat!(stringify!($name), ".txt")),*];
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
            for file in std::fs::read_dir(folder).unwrap() {
                let name = file.unwrap().file_name().into_string().unwrap();
                assert!(!name.ends_with(".txt") || listed.contains(&name.as_str()), "{name} is not listed");
            }
        }
    };
}

scenarios! {
    api_breaks
    configured
    leader_dies
    long_period
    rounds
    sensor_dies
}

/// That a scenario says something with a defect, and not without it, or the other way round.
fn planted(name: &str, bug: &str, text: &str, is_said: bool) {
    let (healthy, ill) = (play(&script(name), &[]), play(&script(name), &[bug]));
    assert_eq!(healthy.contains(text), !is_said, "{healthy}");
    assert_eq!(ill.contains(text), is_said, "{bug}: {ill}");
}

#[test]
fn planted_defects_show_in_the_scenarios() {
    planted("long_period", "session-idle", "session expired", true);
    planted("api_breaks", "double-post", "already", false);
    planted("rounds", "lost-increment", "counts 6 after round 2", false);
    planted("configured", "any-config", "n4 refuses sampling_period_ms", false);
    planted(
        "rounds",
        "early-release",
        r#"the mean of round 1, attempt 1: {"n4":18.1,"n5":20.6,"n6":"#,
        false,
    );
}
