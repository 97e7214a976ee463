//! Golden scenarios: one situation a file, readable by a person.
//!
//! A line that begins with `>` is a command, the lines after it are what happened, with the time in ms
//! since the ensemble had a leader. `UPDATE_GOLDEN=1` writes what happens now. What the members say
//! among themselves is not shown.
//!
//! | command | does |
//! |---|---|
//! | `ensemble 3 option=value bug=NAME` | starts the members and waits for a leader |
//! | `lead n1` | has the leader hand over to n1 |
//! | `s1 opens 1000 at n1` | a client opens the session that the scenario calls s1, of 1000 ms |
//! | `s1 beats at n1` | from now on it sends a heartbeat every third of the time-out there, at once the first |
//! | `s1 falls silent` | no more |
//! | `s1 pauses`, `s1 goes on` | its client's process is halted: it neither beats nor hears; it goes on |
//! | `s1 closes at n1` | it ends its session |
//! | `s1 creates /a 1 at n1`, `… ephemeral`, `… sequential` | writes, without a number |
//! | `s1 sets /a 2 at n1`, `s1 removes /a at n1` | likewise |
//! | `s1 writes #4 /q- at n1` | creates a sequential node, as the write of that number |
//! | `s1 watches /a once at n1` | exists, with a watch |
//! | `s1 multi OP; OP; … at n1` | `create PATH`, `set PATH VERSION`, `remove PATH`, `check PATH VERSION` |
//! | `ask n1 TYPE …` | a client without a session: `SET /a 1`, `GET /a`, `LIST /`, `DELETE /a`, `WATCH /a`, `sync` |
//! | `wait 500` | lets time pass |
//! | `crash n1`, `restart n1`, `halt n1`, `resume n1` | of members; a halted one stands still |
//! | `cut n1`, `cut n1 n2`, `heal` | n1 hears nothing of the other members, or of n2; as it was |

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

fn script(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/scenarios/{name}.txt"));
    std::fs::read_to_string(path).unwrap()
}

fn check(name: &str) {
    let golden = script(name);
    let found = play(&golden);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/scenarios/{name}.txt"));
        std::fs::write(path, &found).unwrap();
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
    client_paused
    exactly_once
    heartbeat_too_late
    multi_refused
    session_expires
    session_survives_leader
    simple_form
    sync_then_local_read
    watch_once
    watch_over_reconnect
    watch_persistent
}

/// What a scenario comes to with a defect.
fn ill(name: &str, bug: &str) -> String {
    play(&script(name).replacen("> ensemble 3", &format!("> ensemble 3 bug={bug}"), 1))
}

/// That a defect changes what its scenario says, from the one to the other.
fn planted(name: &str, bug: &str, sound: &str, broken: &str) {
    let (healthy, ill) = (play(&script(name)), ill(name, bug));
    assert!(healthy.contains(sound) && !healthy.contains(broken), "{healthy}");
    assert!(ill.contains(broken) && !ill.contains(sound), "{bug}: {ill}");
}

#[test]
fn planted_defects_show_in_the_scenarios() {
    let survives = "session_survives_leader";
    planted(survives, "ephemeral-leak", "6932 n2 answers LIST /: []", "6932 n2 answers LIST /: [mine]");
    planted(survives, "early-expiry", "3682 n2 answers LIST /: [mine]", "3682 n2 answers LIST /: []");
    planted("sync_then_local_read", "stale-sync", "sync: has change 2", "sync: has change 1");
    let (twice, once) = ("q-0000000001, q-0000000002]", "[q-0000000000, q-0000000001]");
    planted("exactly_once", "double-create", once, twice);
    planted("multi_refused", "version-ignored", "operation 3 of the multi", "all done: created /b, removed");
}

#[test]
fn a_lost_watch_shows_after_a_reconnect() {
    assert!(script("watch_over_reconnect").contains("event 3: changed /a"));
    let ill = ill("watch_over_reconnect", "lost-watch");
    assert!(ill.contains("event 1: created /a") && !ill.contains("event 3"), "{ill}");
}

/// The moment is a narrow one; a scenario that misses it shows nothing.
#[test]
fn the_late_heartbeat_meets_the_proposal() {
    assert!(play(&script("heartbeat_too_late")).contains("s1 heartbeat: temporarily-unavailable"));
}
