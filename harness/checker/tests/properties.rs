//! The properties against simulated systems: what a right one did breaks nothing, and what follows from another
//! property follows in fact.

// Helpers of tests are not tests to the lint; a panic is their way to fail.
#![allow(clippy::unwrap_used)]

use ordalia_checker::properties::{PROPERTIES, property};
use ordalia_checker::{Budget, History, Verdict};
use ordalia_history::{Event, EventType, Process};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// A history that is being written, one operation after the other.
#[derive(Default)]
struct Script {
    events: Vec<Event>,
}

impl Script {
    fn event(&mut self, process: u64, kind: EventType, f: &str, key: &str, value: Value) {
        let index = self.events.len() as u64;
        let key = Some(Value::from(key));
        let process = Process::Client(process);
        let (error, node, intended) = (None, None, None);
        self.events.push(Event {
            index,
            time: index,
            process,
            kind,
            f: f.into(),
            key,
            value,
            error,
            node,
            intended,
        });
    }

    fn done(&mut self, process: u64, f: &str, key: &str, input: Value, output: Value) {
        self.event(process, EventType::Invoke, f, key, input);
        self.event(process, EventType::Ok, f, key, output);
    }
}

fn verdict(name: &str, events: &[Event]) -> Verdict {
    let history = History::new(events.to_vec()).unwrap();
    (property(name).unwrap().make)(&Value::Null).check(&history, &Budget::default()).valid
}

const SESSIONS: [&str; 4] =
    ["read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads"];

/// Processes that write unique values to two registers and read what `pick` chooses of all that was written.
fn registers(rng: &mut ChaCha8Rng, count: u64) -> Vec<Event> {
    let mut script = Script::default();
    let mut written = [vec![Value::Null], vec![Value::Null]];
    for number in 1..=count {
        let (process, key) = (rng.random_range(0..3), rng.random_range(0..2));
        let name = ["x", "y"][key];
        if rng.random_bool(0.4) {
            written[key].push(json!(number));
            script.done(process, "write", name, json!(number), Value::Null);
        } else {
            let value = written[key][rng.random_range(0..written[key].len())].clone();
            script.done(process, "read", name, Value::Null, value);
        }
    }
    script.events
}

/// Whether some interleaving of the processes explains all reads: by trying all.
fn interleaves(programs: &[Vec<(bool, usize, Value)>; 3], at: [usize; 3], held: &[Value; 2]) -> bool {
    if (0..3).all(|process| at[process] == programs[process].len()) {
        return true;
    }
    (0..3).any(|process| {
        let Some((wrote, key, value)) = programs[process].get(at[process]) else { return false };
        if !wrote && held[*key] != *value {
            return false;
        }
        let (mut next, mut after) = (at, held.clone());
        next[process] += 1;
        after[*key] = value.clone();
        interleaves(programs, next, &after)
    })
}

fn programs(events: &[Event]) -> [Vec<(bool, usize, Value)>; 3] {
    let mut programs = [const { Vec::new() }; 3];
    for operation in History::new(events.to_vec()).unwrap().operations {
        let wrote = &*operation.f == "write";
        let key = usize::from(operation.key == Some(json!("y")));
        let value = if wrote { operation.input } else { operation.output };
        programs[operation.process as usize].push((wrote, key, value));
    }
    programs
}

#[test]
fn sequential_as_brute_force_decides_and_the_session_guarantees_follow_from_it() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut legal, mut broken) = (0, [0; 4]);
    for round in 0..2_000 {
        let events = registers(&mut rng, 6 + round % 7);
        let expected = interleaves(&programs(&events), [0; 3], &[Value::Null, Value::Null]);
        let has_read = events.iter().any(|event| &*event.f == "read");
        let found = verdict("sequential", &events);
        assert_eq!(found == Verdict::Valid, expected, "{events:#?}");
        legal += u32::from(expected);
        for (name, count) in SESSIONS.iter().zip(&mut broken) {
            let found = verdict(name, &events);
            *count += u32::from(found == Verdict::Invalid);
            assert!(found != Verdict::Invalid || !expected, "{name}: {events:#?}");
            assert!(found != Verdict::Valid || has_read, "{name}");
        }
    }
    assert!(legal > 200 && broken.iter().all(|count| *count > 3), "{legal} {broken:?}");
}

#[test]
fn what_one_register_and_one_set_did_breaks_nothing_and_a_planted_loss_is_found() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for _ in 0..100 {
        let mut script = Script::default();
        let (mut held, mut set, mut sum) = (Value::Null, Vec::new(), 0);
        let (mut registers, mut counters) = (Script::default(), Script::default());
        for number in 0..60 {
            let process = rng.random_range(0..4);
            if rng.random_bool(0.5) {
                (held, sum) = (json!(number), sum + number);
                set.push(number);
                script.done(process, "add", "k", json!(number), Value::Null);
                registers.done(process, "write", "k", json!(number), Value::Null);
                counters.done(process, "add", "k", json!(number), Value::Null);
            } else {
                script.done(process, "read", "k", Value::Null, json!(set));
                registers.done(process, "read", "k", Value::Null, held.clone());
                counters.done(process, "read", "k", Value::Null, json!(sum));
            }
        }
        set.push(99);
        script.done(0, "add", "k", json!(99), Value::Null);
        let mut lossy = set.clone();
        lossy.remove(rng.random_range(0..lossy.len()));
        script.done(1, "read", "k", Value::Null, json!(set));
        counters.done(1, "read", "k", Value::Null, json!(sum));
        for name in SESSIONS.iter().chain(&["sequential", "monotonic"]) {
            assert_eq!(verdict(name, &registers.events), Verdict::Valid, "{name}");
        }
        for name in ["set-full", "set-full-linearizable", "monotonic"] {
            assert_eq!(verdict(name, &script.events), Verdict::Valid, "{name}");
        }
        assert_eq!(verdict("counter", &counters.events), Verdict::Valid);
        script.done(1, "read", "k", Value::Null, json!(lossy));
        assert_eq!(verdict("set-full", &script.events), Verdict::Invalid);
        counters.done(1, "read", "k", Value::Null, json!(sum + 1));
        assert_eq!(verdict("counter", &counters.events), Verdict::Invalid);
    }
}

#[test]
fn no_checker_panics_at_a_history_of_another_kind() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let names = ["read", "write", "cas", "add", "enqueue", "dequeue", "drain", "txn", "transfer", "generate"];
    let values = [
        json!(null),
        json!(1),
        json!(-3),
        json!("a"),
        json!([1, 2]),
        json!([]),
        json!({"a": 1}),
        json!([["r", 1, 2]]),
        json!(u64::MAX),
        json!(i64::MIN),
        json!({"from": 1, "to": 2}),
        json!([["w", 1, null]]),
        json!([["a", 1.5]]),
    ];
    let kinds = [EventType::Ok, EventType::Ok, EventType::Fail, EventType::Info];
    for round in 0..600 {
        let mut script = Script::default();
        for _ in 0..round % 12 {
            let mut value = || values[rng.random_range(0..values.len())].clone();
            let (input, output) = (value(), value());
            let (f, process) = (names[rng.random_range(0..names.len())], rng.random_range(0..3));
            script.event(process, EventType::Invoke, f, "k", input);
            script.event(process, kinds[rng.random_range(0..kinds.len())], f, "k", output);
        }
        for info in PROPERTIES {
            verdict(info.name, &script.events);
        }
    }
}
