//! Shrinking, certificates and their verifier, against brute force: on random histories of every model.

// A panic is how a test fails.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use ordalia_checker::certificate::{KeyOrder, Proved, Refusal, Violation};
use ordalia_checker::linearizable::{
    Call, Core, Examination, Examiner, Linearizable, Model, Part, Shrunk, Task, Tie, ValueId, Values,
};
use ordalia_checker::models::{
    Counter, FencedLock, FifoQueue, Kv, Leader, MultiRegister, Mutex, Register, Set, Stack, UnorderedQueue,
};
use ordalia_checker::{Budget, Certificate, History, Verdict};
use ordalia_history::{Event, Operation, Outcome, Value};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use support::oracle;

/// What a client may have asked and been told: the operation, its input, the kind of its completion with its
/// value, and the kind of error.
struct Exchange(&'static str, Value, &'static str, Value, &'static str);

fn ok(f: &'static str, input: Value, output: Value) -> Exchange {
    Exchange(f, input, "ok", output, "")
}

fn register() -> Vec<Exchange> {
    let values = [json!(1), json!(2), json!(3)];
    let mut all = vec![ok("read", Value::Null, Value::Null)];
    for value in values {
        all.push(ok("read", Value::Null, value.clone()));
        all.push(ok("write", value.clone(), value.clone()));
    }
    all
}

fn cas_register() -> Vec<Exchange> {
    let mut all = register();
    for (from, to) in [(1, 2), (2, 1), (1, 1), (3, 4)] {
        all.push(ok("cas", json!([from, to]), json!([from, to])));
        all.push(Exchange("cas", json!([from, to]), "fail", json!([from, to]), "precondition-failed"));
    }
    all
}

/// What goes into a buffer and out of it: more goes in than is there at first.
fn buffer(put: &'static str, take: &'static str) -> Vec<Exchange> {
    let mut all = vec![Exchange(take, Value::Null, "fail", Value::Null, "empty")];
    for value in [json!(1), json!(2), json!(3), json!(4)] {
        all.push(ok(put, value.clone(), value.clone()));
        all.push(ok(take, Value::Null, value));
    }
    all
}

fn set() -> Vec<Exchange> {
    let mut all = Vec::new();
    for element in [json!(1), json!(2), json!(3)] {
        all.push(ok("add", element.clone(), element.clone()));
        all.push(ok("remove", element.clone(), element.clone()));
        all.push(ok("contains", element.clone(), json!([element, true])));
        all.push(ok("contains", element.clone(), json!([element, false])));
    }
    for elements in [json!([]), json!([1]), json!([1, 2]), json!([3])] {
        all.push(ok("read", Value::Null, elements));
    }
    all
}

fn counter() -> Vec<Exchange> {
    let mut all = vec![ok("add", json!(2), json!(2)), ok("increment", Value::Null, Value::Null)];
    for sum in 0..5 {
        all.push(ok("read", Value::Null, json!(sum)));
        all.push(ok("increment", json!(1), json!(sum)));
    }
    all
}

fn kv() -> Vec<Exchange> {
    let mut all = vec![ok("get", Value::Null, Value::Null), ok("delete", Value::Null, Value::Null)];
    for value in [json!("a"), json!("b"), json!("ab")] {
        all.push(ok("get", Value::Null, value.clone()));
        all.push(ok("put", value.clone(), value.clone()));
    }
    all.push(ok("append", json!("b"), json!("b")));
    for f in ["get", "cas", "delete"] {
        all.push(Exchange(f, json!(["a", "b"]), "fail", json!(["a", "b"]), "key-does-not-exist"));
    }
    all.push(ok("cas", json!(["a", "b"]), json!(["a", "b"])));
    all.push(Exchange("cas", json!(["b", "a"]), "fail", json!(["b", "a"]), "precondition-failed"));
    all
}

fn registers() -> Vec<Exchange> {
    let mut all = Vec::new();
    for (x, y) in [(0, 0), (1, 0), (0, 1), (1, 2)] {
        all.push(ok("read", json!({"x": null, "y": null}), json!({"x": x, "y": y})));
        all.push(ok("write", json!({"x": x, "y": y}), json!({"x": x, "y": y})));
        all.push(ok("txn", json!([["r", "x", null], ["w", "y", y]]), json!([["r", "x", x], ["w", "y", y]])));
    }
    all.push(ok("read", json!({"x": null}), json!({"x": 1})));
    all.push(ok("write", json!({"y": 2}), json!({"y": 2})));
    all
}

fn leader() -> Vec<Exchange> {
    let seen = |term: u64, leader: &str| ok("leader", Value::Null, json!([term, leader]));
    vec![seen(1, "n1"), seen(1, "n2"), seen(2, "n1"), seen(3, "n3"), seen(3, "n1")]
}

fn mutex() -> Vec<Exchange> {
    let refused = |f: &'static str, why: &'static str| Exchange(f, Value::Null, "fail", Value::Null, why);
    let done = |f: &'static str| ok(f, Value::Null, Value::Null);
    vec![done("acquire"), done("release"), refused("acquire", "held"), refused("release", "not-held")]
}

fn fenced_lock() -> Vec<Exchange> {
    let mut all = mutex().split_off(1);
    for token in 1..4 {
        all.push(ok("acquire", Value::Null, json!(token)));
        all.push(ok("release", json!(token), json!(token)));
    }
    all
}

/// A random history of that many operations on so many keys.
fn history(rng: &mut ChaCha8Rng, exchanges: &[Exchange], count: usize, keys: usize) -> History {
    let mut events: Vec<Event> = Vec::new();
    let mut open: Vec<(usize, usize, usize)> = Vec::new();
    let (mut idle, mut processes): (Vec<usize>, _) = (Vec::new(), 0..);
    let mut begun = 0;
    while begun < count || !open.is_empty() {
        let (what, key, process, kind) = if begun < count && (open.is_empty() || rng.random_bool(0.5)) {
            let again = if idle.is_empty() || rng.random_bool(0.2) { None } else { idle.pop() };
            let process = again.or_else(|| processes.next()).unwrap();
            let one = (rng.random_range(0..exchanges.len()), rng.random_range(0..keys), process);
            begun += 1;
            if rng.random_bool(0.85) {
                open.push(one);
            }
            (one.0, one.1, one.2, "invoke")
        } else {
            let (what, key, process) = open.swap_remove(rng.random_range(0..open.len()));
            idle.push(process);
            (what, key, process, exchanges[what].2)
        };
        let exchange = &exchanges[what];
        let value = if kind == "invoke" { &exchange.1 } else { &exchange.3 };
        let mut event = json!({"index": events.len(), "time": events.len() * 10, "process": process,
            "type": kind, "f": exchange.0, "value": value});
        if keys > 1 {
            event["key"] = json!(key);
        }
        if kind == "fail" {
            event["error"] = json!(exchange.4);
        }
        events.push(serde_json::from_value(event).unwrap());
    }
    History::new(events).unwrap()
}

/// An operation as brute force sees it.
#[derive(Clone)]
struct Piece<M: Model> {
    call: Call<M::Op>,
    forgotten: Option<M::Op>,
    source: usize,
    process: u64,
}

/// One key's operations, in the order of the history.
fn pieces<M: Model>(model: &M, history: &History, key: &Option<Value>) -> (M::State, Vec<Piece<M>>) {
    let mut values = Values::default();
    let init = model.init(&mut values);
    let mut pieces = Vec::new();
    for (source, operation) in history.operations.iter().enumerate().filter(|(_, one)| one.key == *key) {
        let (op, complete) = match model.parse(operation, &mut values).unwrap() {
            Part::Must(op) => (op, operation.complete_index),
            Part::May(op) => (op, None),
            Part::Out => continue,
        };
        let mut open = Operation { outcome: Outcome::Info, output: Value::Null, ..operation.clone() };
        (open.error, open.complete_index, open.completed_ns) = (None, None, None);
        let forgotten = match model.parse(&open, &mut values) {
            Ok(Part::May(op)) => Some(op),
            _ => None,
        };
        let call = Call { op, invoke: operation.invoke_index, complete };
        pieces.push(Piece { call, forgotten, source, process: operation.process });
    }
    (init, pieces)
}

fn legal<M: Model>(model: &M, init: &M::State, pieces: &[Piece<M>]) -> bool {
    let calls = pieces.iter().map(|piece| piece.call.clone()).collect();
    oracle(model, &Task { init: init.clone(), calls })
}

fn keys(history: &History) -> Vec<Option<Value>> {
    let mut keys = Vec::new();
    for operation in &history.operations {
        if !keys.contains(&operation.key) {
            keys.push(operation.key.clone());
        }
    }
    keys
}

/// A random reduction by the rules of the proof; `None` where the rules forbid it.
fn reduced<M: Model>(rng: &mut ChaCha8Rng, model: &M, mut pieces: Vec<Piece<M>>) -> Option<Vec<Piece<M>>> {
    if pieces.is_empty() {
        return None;
    }
    if rng.random_bool(0.5) {
        let end = rng.random_range(0..=pieces.iter().filter_map(|piece| piece.call.complete).max()?);
        pieces.retain(|piece| piece.call.invoke <= end);
        for piece in &mut pieces {
            piece.call.complete = piece.call.complete.filter(|complete| *complete <= end);
        }
    }
    let observes = |piece: &Piece<M>| model.is_observation(&piece.call.op);
    let share = rng.random_range(0.0..1.0);
    pieces.retain(|piece| !observes(piece) || rng.random_bool(share));
    if rng.random_bool(0.6) {
        pieces = ungrouped(rng, model, pieces)?;
    }
    for at in 0..pieces.len() {
        let (piece, later) = pieces[at..].split_first_mut()?;
        let goes_on = later.iter().any(|other| other.process == piece.process);
        if rng.random_bool(0.2) && !goes_on && !model.is_observation(&piece.call.op) {
            // Without a form for it the completion cannot be forgotten.
            if let Some(open) = piece.forgotten.clone() {
                (piece.call.op, piece.call.complete) = (open, None);
            }
        }
    }
    Some(pieces)
}

/// Leaves out a mutator with all that hangs on it.
fn ungrouped<M: Model>(rng: &mut ChaCha8Rng, model: &M, pieces: Vec<Piece<M>>) -> Option<Vec<Piece<M>>> {
    let mutators: Vec<usize> =
        (0..pieces.len()).filter(|at| !model.is_observation(&pieces[*at].call.op)).collect();
    let ties: Vec<Tie> = pieces.iter().map(|piece| model.tie(&piece.call.op)).collect();
    let mut gone = vec![*mutators.choose(rng)?];
    let mut values: Vec<ValueId> = Vec::new();
    while let Some(at) = gone.last().copied() {
        let Tie::Values(named) = &ties[at] else { return None };
        values.extend(named);
        let hangs = |other: &&usize| {
            let Tie::Values(named) = &ties[**other] else { return false };
            !gone.contains(other) && named.iter().any(|value| values.contains(value))
        };
        match mutators.iter().find(hangs) {
            Some(next) => gone.push(*next),
            None => break,
        }
    }
    let (mut kept, mut fixed) = (Vec::new(), false);
    for (at, piece) in pieces.into_iter().enumerate().filter(|(at, _)| !gone.contains(at)) {
        match &ties[at] {
            Tie::Values(named) if named.iter().all(|value| !values.contains(value)) => kept.push(piece),
            _ => fixed |= !model.is_observation(&piece.call.op),
        }
    }
    (!fixed).then_some(kept)
}

fn examined<M: Model>(checker: &Linearizable<M>, history: &History) -> Examination {
    checker.examine(history, &Budget::default(), &Arc::default())
}

/// Holds everything to brute force on one history. Returns whether it is legal.
fn confirm<M: Model + Clone + 'static>(rng: &mut ChaCha8Rng, model: &M, history: &History) -> Option<bool> {
    let checker = Linearizable::new(model.clone());
    let found = examined(&checker, history);
    let legal_keys = keys(history).into_iter().map(|key| {
        let (init, pieces) = pieces(model, history, &key);
        let whole = legal(model, &init, &pieces);
        if whole && let Some(rest) = reduced(rng, model, pieces.clone()) {
            let calls = |pieces: &[Piece<M>]| pieces.iter().map(|one| one.call.clone()).collect::<Vec<_>>();
            assert!(
                legal(model, &init, &rest),
                "{}: the whole is legal, what is left is not:\n{:#?}\n{:#?}",
                model.name(),
                calls(&pieces),
                calls(&rest)
            );
        }
        whole
    });
    let legal = legal_keys.fold(true, |all, key| all & key);
    match found.judgement.valid {
        Verdict::Unknown => return None,
        Verdict::Valid => {
            assert!(legal);
            valid(rng, &checker, model, history, &found);
        }
        Verdict::Invalid => {
            assert!(!legal);
            invalid(&checker, model, history, &found);
        }
    }
    forged(rng, &checker, model, history, legal);
    Some(legal)
}

fn certify<M: Model>(model: &M, history: &History, found: &Examination, core: Option<&Core>) -> Certificate {
    let certificate = Certificate::of(model.name(), None, history, found, core).unwrap();
    let mut text = Vec::new();
    certificate.write(&mut text).unwrap();
    assert_eq!(Certificate::read(text.as_slice()).unwrap(), certificate);
    certificate
}

/// The certificate of a valid history holds, and one with an error in it does not, or is right as well.
fn valid<M: Model>(
    rng: &mut ChaCha8Rng,
    checker: &Linearizable<M>,
    model: &M,
    history: &History,
    found: &Examination,
) {
    let certificate = certify(model, history, found, None);
    let proved = checker.verify(history, &certificate);
    assert!(matches!(proved, Ok(Proved::Valid { .. })), "{proved:?} {history:#?}");
    for (at, key) in certificate.keys.iter().enumerate() {
        let corrupt = |change: &mut dyn FnMut(&mut Vec<u64>)| {
            let mut certificate = certificate.clone();
            change(&mut certificate.keys[at].linearization);
            let right = in_order(model, history, &certificate.keys[at]);
            assert_eq!(checker.verify(history, &certificate).is_ok(), right, "{certificate:?} {history:#?}");
        };
        let length = key.linearization.len();
        for entry in 0..length {
            corrupt(&mut |order| {
                order.remove(entry);
            });
            corrupt(&mut |order| order.push(order[entry]));
            corrupt(&mut |order| order.swap(entry, (entry + 1) % length));
            corrupt(&mut |order| order[entry] += 1);
        }
        corrupt(&mut |order| order.shuffle(rng));
    }
    let mut twice = certificate.clone();
    twice.keys.extend(certificate.keys.first().cloned());
    assert!(twice.keys.is_empty() || checker.verify(history, &twice).is_err());
}

/// Whether an order is one that brute force could have found.
fn in_order<M: Model>(model: &M, history: &History, claimed: &KeyOrder) -> bool {
    let (mut state, pieces) = pieces(model, history, &claimed.key);
    let mut placed: Vec<&Piece<M>> = Vec::new();
    for event in &claimed.linearization {
        let Some(piece) = pieces.iter().find(|piece| piece.call.invoke == *event) else { return false };
        let again = placed.iter().any(|other| other.source == piece.source);
        let late = placed.iter().any(|other| piece.call.complete.is_some_and(|end| end < other.call.invoke));
        let Some(after) = model.step(&state, &piece.call.op) else { return false };
        if again || late {
            return false;
        }
        state = after;
        placed.push(piece);
    }
    let is_placed = |piece: &Piece<M>| placed.iter().any(|other| other.source == piece.source);
    pieces.iter().all(|piece| piece.call.complete.is_none() || is_placed(piece))
}

/// The failure is cut down to a core that fails, no part of which proves as much.
fn invalid<M: Model>(checker: &Linearizable<M>, model: &M, history: &History, found: &Examination) {
    let failing = found.first_failure(history).unwrap();
    let Shrunk { proof, illustration } = checker.shrink(history, failing, &Budget::default()).unwrap();
    for core in std::iter::once(&proof).chain(&illustration) {
        let alone = History::new(core.events(&history.operations)).unwrap();
        assert!(alone.events.iter().zip(0..).all(|(event, index)| event.index == index));
        assert_eq!(examined(checker, &alone).judgement.valid, Verdict::Invalid, "{core:?} {history:#?}");
        let (init, pieces) = pieces(model, &alone, &core.key);
        assert_eq!(pieces.len(), core.operations.len(), "{core:?} {history:#?}");
        assert!(!legal(model, &init, &pieces));
    }
    let certificate = certify(model, history, found, Some(&proof));
    let kept = proof.operations.len();
    assert_eq!(
        checker.verify(history, &certificate),
        Ok(Proved::Invalid { operations: kept }),
        "{history:#?}"
    );
    for at in 0..kept {
        let mut fewer = certificate.clone();
        let violation = fewer.violation.as_mut().unwrap();
        let gone = violation.operations.remove(at);
        violation.open.retain(|event| *event != gone);
        assert!(
            matches!(checker.verify(history, &fewer), Err(Refusal::Refuted(_))),
            "{fewer:?} {history:#?}"
        );
    }
}

/// Whatever a certificate says, it proves no more than what is so.
fn forged<M: Model>(
    rng: &mut ChaCha8Rng,
    checker: &Linearizable<M>,
    model: &M,
    history: &History,
    legal: bool,
) {
    let mut invoked: Vec<u64> = history.operations.iter().map(|one| one.invoke_index).collect();
    let found = Examination { judgement: ordalia_checker::Judgement::new(Verdict::Valid), keys: Vec::new() };
    let certificate = Certificate::of(model.name(), None, history, &found, None).unwrap();
    for key in keys(history) {
        let share = rng.random_range(0.3..1.0);
        let of_key =
            |event: &u64| history.operations.iter().any(|one| one.invoke_index == *event && one.key == key);
        let operations: Vec<u64> =
            invoked.iter().copied().filter(|event| of_key(event) && rng.random_bool(share)).collect();
        let open = operations.iter().copied().filter(|_| rng.random_bool(0.1)).collect();
        let until = rng.random_bool(0.5).then(|| rng.random_range(0..history.events.len() as u64));
        let violation = Some(Violation { key: key.clone(), until, operations, open });
        let refutation = Certificate { valid: false, violation, ..certificate.clone() };
        let proved = checker.verify(history, &refutation);
        assert!(!legal || proved.is_err(), "{refutation:?} {history:#?}");
    }
    invoked.shuffle(rng);
    let of_key = |event: &u64, key: &Option<Value>| {
        history.operations.iter().any(|one| one.invoke_index == *event && one.key == *key)
    };
    let order = |key: &Option<Value>| invoked.iter().copied().filter(|event| of_key(event, key)).collect();
    let orders = keys(history).into_iter();
    let orders = orders.map(|key| KeyOrder { linearization: order(&key), key }).collect();
    let ordered = Certificate { keys: orders, ..certificate };
    assert!(legal || checker.verify(history, &ordered).is_err(), "{ordered:?} {history:#?}");
}

/// Random histories of a model, all of them held to brute force.
fn confirm_all<M: Model + Clone + 'static>(model: &M, exchanges: &[Exchange], rounds: usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut verdicts = [0; 2];
    for round in 0..rounds {
        let count = rng.random_range(1..8);
        // Few kinds of operation make more legal histories.
        let some: Vec<Exchange> = (0..rng.random_range(2..6))
            .filter_map(|_| exchanges.choose(&mut rng))
            .map(|one| Exchange(one.0, one.1.clone(), one.2, one.3.clone(), one.4))
            .collect();
        let history = history(&mut rng, &some, count, 1 + round % 2);
        if let Some(legal) = confirm(&mut rng, model, &history) {
            verdicts[usize::from(legal)] += 1;
        }
    }
    assert!(verdicts.iter().all(|count| *count > rounds / 10), "{}: {verdicts:?}", model.name());
}

#[test]
fn proofs_of_registers() {
    confirm_all(&Register::new(Value::Null), &register(), 1_000);
}

#[test]
fn proofs_of_cas_registers() {
    confirm_all(&Register::with_cas(Value::Null), &cas_register(), 2_000);
}

#[test]
fn proofs_of_queues() {
    for initial in [vec![], vec![json!(1)], vec![json!(1), json!(2)]] {
        confirm_all(&FifoQueue::new(initial.clone()), &buffer("enqueue", "dequeue"), 500);
        confirm_all(&UnorderedQueue::new(initial), &buffer("enqueue", "dequeue"), 500);
    }
}

#[test]
fn proofs_of_stacks() {
    for initial in [vec![], vec![json!(1), json!(2)]] {
        confirm_all(&Stack::new(initial), &buffer("push", "pop"), 600);
    }
}

#[test]
fn proofs_of_sets() {
    for initial in [vec![], vec![json!(1), json!(2)]] {
        confirm_all(&Set::new(initial), &set(), 600);
    }
}

#[test]
fn proofs_of_counters() {
    confirm_all(&Counter::new(0), &counter(), 1_000);
}

#[test]
fn proofs_of_stores() {
    confirm_all(&Kv::new(Value::Null), &kv(), 1_000);
    confirm_all(&Kv::new(json!("")), &kv(), 500);
}

#[test]
fn proofs_of_several_registers() {
    let initial = json!({"x": 0, "y": 0}).as_object().cloned().unwrap();
    confirm_all(&MultiRegister::new(initial), &registers(), 600);
}

#[test]
fn proofs_of_locks() {
    for held in [false, true] {
        confirm_all(&Mutex { held }, &mutex(), 600);
    }
}

#[test]
fn proofs_of_fenced_locks() {
    confirm_all(&FencedLock, &fenced_lock(), 1_000);
}

#[test]
fn who_releases_a_lock_has_acquired_it() {
    let event = |index: usize, kind: &str, f: &str, value: Value| -> Event {
        let event =
            json!({"index": index, "time": index, "process": 0, "type": kind, "f": f, "value": value});
        serde_json::from_value(event).unwrap()
    };
    let events = vec![
        event(0, "invoke", "acquire", Value::Null),
        event(1, "ok", "acquire", json!(1)),
        event(2, "invoke", "release", json!(1)),
        event(3, "ok", "release", json!(1)),
    ];
    let (history, checker) = (History::new(events).unwrap(), Linearizable::new(FencedLock));
    let found = examined(&checker, &history);
    assert_eq!(found.judgement.valid, Verdict::Valid);
    // Without the completion of the acquire the release would be of a lock that its process does not hold.
    let violation = Violation { key: None, until: None, operations: vec![0, 2], open: vec![0] };
    let forged = Certificate {
        valid: false,
        keys: Vec::new(),
        violation: Some(violation),
        ..certify(&FencedLock, &history, &found, None)
    };
    let refused = checker.verify(&history, &forged);
    assert!(
        matches!(&refused, Err(Refusal::Refuted(why)) if why.contains("goes on after event 0")),
        "{refused:?}"
    );
}

#[test]
fn what_a_crashed_take_may_have_taken_is_not_left_lying() {
    let event = |index: usize, process: u64, kind: &str, f: &str, value: Value| -> Event {
        let event = json!({"index": index, "time": index, "process": process, "type": kind, "f": f,
            "value": value, "error": (kind == "fail").then_some("empty")});
        serde_json::from_value(event).unwrap()
    };
    let events = vec![
        event(0, 0, "invoke", "enqueue", json!(1)),
        event(1, 0, "ok", "enqueue", json!(1)),
        event(2, 1, "invoke", "dequeue", Value::Null),
        event(3, 1, "info", "dequeue", Value::Null),
        event(4, 0, "invoke", "dequeue", Value::Null),
        event(5, 0, "fail", "dequeue", Value::Null),
    ];
    let queue = FifoQueue::default();
    let (history, checker) = (History::new(events).unwrap(), Linearizable::new(queue.clone()));
    let found = examined(&checker, &history);
    assert_eq!(found.judgement.valid, Verdict::Valid);
    // Without the crashed dequeue the queue would not be empty.
    let violation = Violation { key: None, until: None, operations: vec![0, 4], open: Vec::new() };
    let forged = Certificate {
        valid: false,
        keys: Vec::new(),
        violation: Some(violation),
        ..certify(&queue, &history, &found, None)
    };
    let refused = checker.verify(&history, &forged);
    assert!(
        matches!(&refused, Err(Refusal::Refuted(why)) if why.contains("event 2 cannot be left out")),
        "{refused:?}"
    );
}

#[test]
fn proofs_of_leaders() {
    confirm_all(&Leader, &leader(), 600);
}
