//! Tests of the register workload.

use std::collections::{BTreeMap, BTreeSet};

use ordalia_checker::{Budget, History, TestVerdict, Verdict};
use ordalia_history::{Event, EventType, OpError};
use ordalia_workload::{Interpreter, Poll};
use serde_json::json;

use super::*;

fn register(seed: u64, rate: Option<f64>) -> Register {
    Register::new(&WorkloadSettings { seed, threads: 5, rate })
}

/// How the pretended system treats the nth request: how long it takes, and whether the answer is lost.
type Manner = fn(u64) -> (u64, bool);

/// Plays a phase against a system that keeps registers in a map and carries requests out when they end.
fn play(
    workload: &Register,
    load: Box<dyn Generator>,
    threads: usize,
    most: u64,
    manner: Manner,
) -> Vec<Event> {
    let mut interpreter = Interpreter::new(threads);
    interpreter.begin(load, 0);
    let mut store: BTreeMap<String, Value> = BTreeMap::new();
    let (mut now, mut invoked, mut events) = (0, 0, Vec::new());
    let mut open: Vec<(u64, usize, Op, bool)> = Vec::new();
    loop {
        if invoked == most {
            interpreter.finish();
        }
        let until = match interpreter.poll(now) {
            Poll::Invoke(invocation) => {
                let (takes, lost) = manner(invoked);
                open.push((now + takes, invocation.thread, invocation.op, lost));
                events.push(Event { time: now, ..invocation.event });
                invoked += 1;
                continue;
            }
            Poll::Wait { until } => until,
            Poll::Finished => break,
        };
        let first = open.iter().map(|(end, ..)| *end).min();
        now = [until, first].into_iter().flatten().min().unwrap();
        while let Some(at) = open.iter().position(|(end, ..)| *end <= now) {
            let (_, thread, op, lost) = open.remove(at);
            let request = workload.request(&op);
            let reply = serve(&mut store, &request);
            let reply = if lost { Reply::Lost(OpError::new("timeout")) } else { reply };
            let event = interpreter.complete(now, thread, workload.complete(&op, &request, reply)).unwrap();
            events.push(Event { time: now, ..event });
        }
    }
    (0..).zip(&mut events).for_each(|(index, event)| event.index = index);
    events
}

fn serve(store: &mut BTreeMap<String, Value>, request: &Request) -> Reply {
    let refuse = |code| Reply::Refused(Refusal::new(code, ""));
    match request {
        Request::Read { key } => match store.get(&key.0) {
            Some(value) => Reply::Answer(Answer::ReadOk { value: value.clone() }),
            None => refuse(ErrorCode::KeyDoesNotExist),
        },
        Request::Write { key, value } => {
            store.insert(key.0.clone(), value.clone());
            Reply::Answer(Answer::WriteOk)
        }
        Request::Cas { key, from, to, .. } => match store.get_mut(&key.0) {
            None => refuse(ErrorCode::KeyDoesNotExist),
            Some(value) if value != from => refuse(ErrorCode::PreconditionFailed),
            Some(value) => {
                *value = to.clone();
                Reply::Answer(Answer::CasOk)
            }
        },
        other => panic!("not asked: {other:?}"),
    }
}

/// What was invoked, as text, in order.
fn invocations(events: &[Event]) -> Vec<String> {
    let invoked = events.iter().filter(|event| event.kind == EventType::Invoke);
    invoked.map(|event| format!("{} {} {}", event.f, event.key.as_ref().unwrap(), event.value)).collect()
}

fn quick(_: u64) -> (u64, bool) {
    (1_000, false)
}

fn uneven(request: u64) -> (u64, bool) {
    (1_000 + request * 7_919 % 90_000, request.is_multiple_of(23))
}

#[test]
fn the_operations_depend_on_the_seed_and_on_nothing_else() {
    let played = |seed, rate, threads, manner| {
        let workload = register(seed, rate);
        invocations(&play(&workload, workload.load(), threads, 5_000, manner))
    };
    let plain = played(7, None, 5, quick);
    assert_eq!(plain.len(), 5_000);
    assert_eq!(plain, played(7, Some(10_000.0), 5, quick));
    assert_eq!(plain, played(7, None, 13, uneven));
    assert_ne!(plain, played(8, None, 5, quick));
}

#[test]
fn the_first_operations_of_a_seed_are_the_same_as_ever() {
    let ops: Vec<String> = register(1, None)
        .plan()
        .take(6)
        .map(|op| format!("{} {} {}", op.f, op.key.unwrap(), op.value))
        .collect();
    assert_eq!(ops, FIRST_OF_SEED_1);
}

const FIRST_OF_SEED_1: [&str; 6] = [
    r#"write "k1" 0"#,
    r#"write "k5" 0"#,
    r#"read "k3" null"#,
    r#"write "k8" 0"#,
    r#"read "k11" null"#,
    r#"read "k0" null"#,
];

#[test]
fn the_mix_is_as_promised_and_no_value_is_written_twice() {
    let (mut counts, mut written, mut per_key) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
    for op in register(3, None).plan().take(20_000) {
        let key = op.key.unwrap().to_string();
        *counts.entry(op.f).or_insert(0) += 1;
        *per_key.entry(key.clone()).or_insert(0_u64) += 1;
        let to = op.value.get(1).or(Some(&op.value)).and_then(Value::as_u64);
        assert!(to.is_none_or(|to| written.insert((key, to))));
    }
    assert!((8_800..9_200).contains(&counts["read"]), "{counts:?}");
    assert!((6_800..7_300).contains(&counts["write"]), "{counts:?}");
    assert!((3_700..4_200).contains(&counts["cas"]), "{counts:?}");
    assert!(per_key.values().all(|operations| *operations <= 350));
    assert!(per_key.len() > 60, "{}", per_key.len());
}

#[test]
fn the_closing_reads_every_key_of_the_load_twice() {
    for operations in [0, 1, 30, 4_000] {
        let workload = register(5, None);
        let used: BTreeSet<String> =
            workload.plan().take(operations).map(|op| op.key.unwrap().to_string()).collect();
        let closing = workload.closing(operations as u64);
        let reads = invocations(&play(&workload, closing, 5, u64::MAX, quick));
        let mut times: BTreeMap<String, u64> = BTreeMap::new();
        for read in &reads {
            let key = read.strip_prefix("read ").and_then(|rest| rest.strip_suffix(" null")).unwrap();
            *times.entry(key.to_owned()).or_default() += 1;
        }
        assert!(times.values().all(|reads| *reads == 2));
        assert_eq!(times.into_keys().collect::<BTreeSet<_>>(), used);
    }
}

#[test]
fn most_cas_succeed_where_nothing_fails() {
    let workload = register(2, Some(2_000.0));
    let events = play(&workload, workload.load(), 5, 5_000, quick);
    let ended = |kind| events.iter().filter(|event| event.f == "cas" && event.kind == kind).count();
    assert!(ended(EventType::Ok) > 20 * ended(EventType::Fail).max(1));
}

fn verdict(workload: &Register, events: Vec<Event>) -> TestVerdict {
    let history = History::new(events).unwrap();
    TestVerdict::reach(&workload.checkers(), &history, &Budget::default())
}

#[test]
fn a_system_that_keeps_its_promise_is_valid_and_a_stale_read_is_not() {
    let workload = register(4, Some(20_000.0));
    let mut events = play(&workload, workload.load(), 5, 3_000, uneven);
    let healthy = verdict(&workload, events.clone());
    assert_eq!(healthy.valid, Verdict::Valid, "{healthy:?}");
    let names: Vec<&str> = healthy.checkers.keys().map(String::as_str).collect();
    assert_eq!(names, ["availability", "linearizable", "recovery", "stats"]);
    let late = |event: &&mut Event| {
        event.f == "read"
            && event.kind == EventType::Ok
            && event.value.as_u64().is_some_and(|value| value > 50)
    };
    events.iter_mut().find(late).unwrap().value = json!(0);
    assert_eq!(verdict(&workload, events).checkers["linearizable"].valid, Verdict::Invalid);
}

#[test]
fn a_history_in_which_next_to_nothing_was_asked_proves_nothing() {
    let workload = register(4, None);
    let events = play(&workload, workload.load(), 5, 6, quick);
    assert_eq!(verdict(&workload, events).valid, Verdict::Unknown);
}

#[test]
fn replies_mean_what_they_say() {
    let workload = register(1, None);
    let outcome = |f, value: Value, reply: Reply| {
        let op = Op { f, key: Some(json!("k1")), value };
        let request = workload.request(&op);
        let Completion { kind, value, error } = workload.complete(&op, &request, reply);
        (kind, value, error.map(|error| error.kind))
    };
    let refused = |code| Reply::Refused(Refusal::new(code, ""));
    let lost = || Reply::Lost(OpError::new("timeout"));
    let named = |name: &str| Some(name.to_owned());
    let null = Value::Null;
    assert_eq!(
        outcome("read", null.clone(), refused(ErrorCode::KeyDoesNotExist)),
        (EventType::Ok, null.clone(), None)
    );
    assert_eq!(
        outcome("read", null.clone(), Reply::Answer(Answer::ReadOk { value: json!(3) })),
        (EventType::Ok, json!(3), None)
    );
    assert_eq!(outcome("read", null.clone(), lost()), (EventType::Fail, null, named("timeout")));
    assert_eq!(outcome("write", json!(3), lost()), (EventType::Info, json!(3), named("timeout")));
    assert_eq!(
        outcome("cas", json!([1, 2]), refused(ErrorCode::PreconditionFailed)),
        (EventType::Fail, json!([1, 2]), named("precondition-failed"))
    );
    // An answer to another question proves nothing of this one.
    assert_eq!(outcome("cas", json!([1, 2]), Reply::Answer(Answer::WriteOk)).0, EventType::Info);
    assert_eq!(
        outcome("write", json!(3), refused(ErrorCode::Crash)),
        (EventType::Info, json!(3), named("crash"))
    );
}
