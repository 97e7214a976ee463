//! Golden scenarios: one protocol situation a file, readable by a person.
//!
//! A line that begins with `>` is a command, the lines after it are what happened: messages as
//! they are delivered, traces, answers to clients. `UPDATE_GOLDEN=1` writes what happens now.
//!
//! | command | does |
//! |---|---|
//! | `cluster 3 option=value bug=NAME` | starts the nodes |
//! | `tick n1` | lets the time pass until n1's election time-out, and fires it |
//! | `heartbeat n1`, `retry n1` | lets 50 or 300 ms pass and fires n1's timer |
//! | `wait 100` | lets 100 ms pass; no timer fires |
//! | `deliver`, `deliver n1 n2` | delivers all until nothing is under way, or what is from n1 to n2 now |
//! | `lose n1 n2` | loses what is under way from n1 to n2 |
//! | `partition n1 n2 / n3` | messages across are lost when they are sent |
//! | `heal` | undoes it |
//! | `hold n1`, `sync n1` | n1's disk takes its time, until it has written |
//! | `crash n1`, `restart n1` | loses what is not durable or under way; starts from the disk |
//! | `write n1 x 1`, `cas n1 x 1 2`, `read n1 x`, `delete n1 x`, `transfer n1 n2` | a client asks n1 |
//! | `status` | every node's |

mod show;
mod stage;

use std::path::Path;

use stage::Stage;

/// Plays the commands of a script. Comments and blank lines stay where they are.
fn play(script: &str) -> String {
    let mut stage = Stage::default();
    for line in script.lines() {
        if let Some(command) = line.strip_prefix("> ") {
            stage.note(line);
            stage.command(command);
        } else if line.starts_with('#') || line.is_empty() {
            stage.note(line);
        }
    }
    stage.transcript
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/scenarios/{name}.txt"));
    let golden = std::fs::read_to_string(&path).unwrap();
    let found = play(&golden);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).unwrap();
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
    election
    exactly_once_retry
    figure_8
    lease
    log_repair
    pre_vote
    read_index_deposed
    restart
    snapshot_install
    split_vote
    transfer
    write_parallel
}

#[test]
fn figure_8_commits_too_early_with_the_defect() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/figure_8.txt");
    let script = std::fs::read_to_string(path).unwrap();
    let overwritten = "committed-entry-overwritten";
    assert!(!play(&script).contains(overwritten));
    let planted = script.replace("> cluster 5", "> cluster 5 bug=commit-old-term");
    assert!(play(&planted).contains(overwritten), "{}", play(&planted));
}
