//! Every model, with every algorithm that it has, against brute force: on all small histories, and on random
//! ones that real objects made, with crashes, equal values, and answers exchanged.
//!
//! Millions of random histories, in proportion over the models:
//! ```text
//! ORDALIA_SOAK=1000000 ORDALIA_SEED=7 cargo test --release -p ordalia-checker --test differential -- --ignored --nocapture
//! ```
//! Both have a default; a failure prints the model, and the number that makes its random history again.

mod support;

use std::time::Duration;

use ordalia_checker::Budget;
use ordalia_checker::linearizable::{Call, Decision, Meter, Model, Part, Task, Values};
use ordalia_checker::models::{
    Counter, FifoQueue, Kv, Leader, MultiRegister, Register, Set, Stack, UnorderedQueue, VersionedRegister,
};
use ordalia_history::{OpError, Operation, Outcome};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};
use support::objects::{
    Cell, Elements, End, Entry, Line, Maker, Numbered, Pair, Tally, Terms, flip, simulate, task,
};
use support::{compare, oracle, replay, shapes};

/// What came of the histories of one model.
#[derive(Debug, Default)]
struct Tried {
    legal: u64,
    illegal: u64,
    crashed: u64,
    /// How often a specialist decided.
    decided: u64,
}

impl Tried {
    fn verdict(&mut self, legal: bool) {
        *(if legal { &mut self.legal } else { &mut self.illegal }) += 1;
    }
}

/// Holds all algorithms of the model to brute force. Returns the verdict, and how many specialists decided.
fn judge<M: Model>(model: &M, task: &Task<M>) -> (bool, u64) {
    let expected = compare(model, task);
    let meter = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 1 << 28 });
    let mut decided = 0;
    for specialist in model.specialists() {
        let (name, calls) = (specialist.name(), &task.calls);
        match specialist.decide(model, task, &meter).unwrap_or_else(|limit| panic!("{name}: {limit}")) {
            Decision::Abstain(_) => continue,
            Decision::Legal { order } => {
                assert!(expected, "{name}: wrongly legal: {calls:#?}");
                replay(model, task, &order);
                let left_out = |call: &usize| calls[*call].complete.is_some() && !order.contains(call);
                assert_eq!((0..calls.len()).find(left_out), None, "{name}: {order:?} {calls:#?}");
            }
            Decision::Illegal { core } => {
                assert!(!expected, "{name}: wrongly illegal: {calls:#?}");
                let calls = core.iter().map(|call| calls[*call].clone()).collect();
                let alone = Task { init: task.init.clone(), calls };
                assert!(!oracle(model, &alone), "{name}: its core is legal: {:#?}", alone.calls);
            }
        }
        decided += 1;
    }
    (expected, decided)
}

/// Random histories of a model. Those in which nothing was exchanged must be legal.
fn random<M: Model>(model: &M, make: Maker, rounds: u64, seed: u64) -> Tried {
    let mut tried = Tried::default();
    for round in 0..rounds {
        let number = seed.wrapping_mul(1_000_003).wrapping_add(round);
        let rng = &mut ChaCha8Rng::seed_from_u64(number);
        let domain = [2, 3, 1_000][rng.random_range(0..3)];
        let (clients, count) = (rng.random_range(1..5), rng.random_range(2..8));
        let mut operations = simulate(rng, make().as_mut(), clients, count, domain);
        let flips = rng.random_range(0..3);
        for _ in 0..flips {
            flip(rng, &mut operations, make, domain);
        }
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let task = task(model, &operations);
            let (legal, decided) = judge(model, &task);
            assert!(legal || flips > 0, "a real object did this: {operations:#?}");
            tried.crashed += task.calls.iter().filter(|call| call.complete.is_none()).count() as u64;
            tried.decided += decided;
            tried.verdict(legal);
        }));
        if let Err(panic) = told {
            eprintln!("the model {}, seed {seed}, round {round}", model.name());
            std::panic::resume_unwind(panic);
        }
    }
    tried
}

/// What an operation is to the model, and the state after it; `None` where the model refuses it. One that says
/// nothing leaves the state.
fn after<M: Model>(
    model: &M,
    values: &mut Values,
    state: &M::State,
    operation: &Operation,
) -> Option<(Option<M::Op>, M::State)> {
    match model.parse(operation, values).unwrap_or_else(|unfit| panic!("{unfit}")) {
        Part::Out => Some((None, state.clone())),
        Part::May(op) | Part::Must(op) => Some((Some(op.clone()), model.step(state, &op)?)),
    }
}

/// One client by itself, so that there is one order. The model allows what the object answered at last, and
/// refuses what another object would have answered, unless the model takes both for the same, or is
/// known to allow both. Returns how often it refused.
fn alone<M: Model>(model: &M, make: Maker, allows: fn(&Operation) -> bool) -> u64 {
    let mut refused = 0;
    for round in 0..1_500 {
        let rng = &mut ChaCha8Rng::seed_from_u64(round);
        let count = rng.random_range(1..7);
        let mut real = simulate(rng, make().as_mut(), 1, count, 3);
        if real.iter().any(|operation| operation.complete_index.is_none()) {
            continue;
        }
        let mut other = real[count - 1..].to_vec();
        flip(rng, &mut other, make, 3);
        let last = real.pop().expect("there is one at least");
        let mut values = Values::default();
        let mut state = model.init(&mut values);
        for operation in &real {
            state = after(model, &mut values, &state, operation).expect("the object did this").1;
        }
        let (op, _) = after(model, &mut values, &state, &last).expect("the object did this");
        let found = after(model, &mut values, &state, &other[0]);
        let same = found.as_ref().is_some_and(|(other, _)| other.is_none() || *other == op);
        assert!(found.is_none() || same || allows(&other[0]), "after {real:#?}: {last:#?} and {other:#?}");
        refused += u64::from(found.is_none());
    }
    refused
}

#[test]
fn each_model_refuses_what_its_object_does_not_do() {
    let null = || Value::Null;
    let cas: Maker = || Box::new(Cell { value: Value::Null, with_cas: true });
    let entry: Maker = || Box::new(Entry { value: None, missing: Value::Null });
    let empty: Maker = || Box::new(Entry { value: None, missing: json!("") });
    let never = |_: &Operation| false;
    // A delete that is ok says nothing, and a cas that was refused for its value not that there is one.
    let entries = |operation: &Operation| match &*operation.f {
        "delete" => operation.outcome == Outcome::Ok,
        "cas" => operation.error.as_ref().is_some_and(|error| error.kind == "precondition-failed"),
        _ => false,
    };
    for (name, refused) in [
        ("register", alone(&Register::new(null()), || Box::new(Cell::default()), never)),
        (
            "versioned-register",
            alone(
                &VersionedRegister::default(),
                || Box::<Numbered>::default(),
                |operation| operation.error.as_ref().is_some_and(|error| error.kind == "precondition-failed"),
            ),
        ),
        ("cas-register", alone(&Register::with_cas(null()), cas, never)),
        ("kv", alone(&Kv::new(null()), entry, entries)),
        ("kv-append", alone(&Kv::new(json!("")), empty, entries)),
        ("multi-register", alone(&MultiRegister::new(Map::new()), || Box::<Pair>::default(), never)),
        ("set", alone(&Set::new(Vec::new()), || Box::<Elements>::default(), never)),
        ("fifo-queue", alone(&FifoQueue::new(Vec::new()), || Box::new(Line::new(End::Front)), never)),
        ("stack", alone(&Stack::new(Vec::new()), || Box::new(Line::new(End::Back)), never)),
        ("counter", alone(&Counter::new(0), || Box::<Tally>::default(), never)),
    ] {
        assert!(refused > 100, "{name}: {refused}");
    }
}

/// The models, each with the object that it speaks of, and so many random histories of each.
fn random_of_all(rounds: u64, seed: u64) -> Vec<(&'static str, Tried)> {
    let null = || Value::Null;
    let entry: Maker = || Box::new(Entry { value: None, missing: Value::Null });
    let empty: Maker = || Box::new(Entry { value: None, missing: json!("") });
    let cas: Maker = || Box::new(Cell { value: Value::Null, with_cas: true });
    vec![
        ("register", random(&Register::new(null()), || Box::new(Cell::default()), rounds, seed)),
        (
            "versioned-register",
            random(&VersionedRegister::default(), || Box::<Numbered>::default(), rounds, seed),
        ),
        ("cas-register", random(&Register::with_cas(null()), cas, rounds, seed)),
        ("kv", random(&Kv::new(null()), entry, rounds, seed)),
        ("kv-append", random(&Kv::new(json!("")), empty, rounds, seed)),
        ("multi-register", random(&MultiRegister::new(Map::new()), || Box::<Pair>::default(), rounds, seed)),
        ("leader", random(&Leader, || Box::<Terms>::default(), rounds, seed)),
        ("set", random(&Set::new(Vec::new()), || Box::<Elements>::default(), rounds, seed)),
        ("fifo-queue", random(&FifoQueue::new(Vec::new()), || Box::new(Line::new(End::Front)), rounds, seed)),
        (
            "unordered-queue",
            random(&UnorderedQueue::new(Vec::new()), || Box::new(Line::new(End::Anywhere)), rounds, seed),
        ),
        ("stack", random(&Stack::new(Vec::new()), || Box::new(Line::new(End::Back)), rounds, seed)),
        ("counter", random(&Counter::new(0), || Box::<Tally>::default(), rounds, seed)),
    ]
}

/// How many random histories the ordinary run tries of all models together.
const HISTORIES: u64 = 20_000;

#[test]
fn random_histories_of_every_model() {
    let models = random_of_all(0, 0).len() as u64;
    for (name, tried) in random_of_all(HISTORIES.div_ceil(models), 1) {
        // Nobody leads for certain by an election that crashed.
        let crashed = tried.crashed > 200 || name == "leader";
        assert!(tried.legal > 500 && tried.illegal > 150 && crashed, "{name}: {tried:?}");
    }
}

#[test]
#[ignore = "runs for minutes; the command is at the top of this file"]
fn soak() {
    let setting = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
    };
    let (histories, seed) = (setting("ORDALIA_SOAK", 1_000_000), setting("ORDALIA_SEED", 1));
    println!("ORDALIA_SOAK={histories} ORDALIA_SEED={seed}");
    let models = random_of_all(0, 0).len() as u64;
    for (name, tried) in random_of_all(histories.div_ceil(models), seed) {
        println!("{name}: {tried:?}");
    }
}

/// An operation that completed, without its place in time.
fn letter(f: &str, input: Value, answer: Result<Value, &str>) -> Operation {
    let (outcome, output, error) = match answer {
        Ok(output) => (Outcome::Ok, output, None),
        Err(kind) => (Outcome::Fail, Value::Null, Some(OpError::new(kind))),
    };
    Operation {
        process: 0,
        f: f.into(),
        key: None,
        input,
        output,
        outcome,
        error,
        node: None,
        invoked_ns: 0,
        intended_ns: None,
        completed_ns: None,
        invoke_index: 0,
        complete_index: Some(0),
    }
}

/// All histories of that many of these operations, as [`judge`] judges them.
fn exhaust<M: Model>(model: &M, alphabet: &[Operation], count: usize) {
    let read = task(model, alphabet);
    assert_eq!(read.calls.len(), alphabet.len(), "each letter says something");
    let mut tried = Tried::default();
    shapes(count, &mut |spans| {
        for choice in 0..alphabet.len().pow(count as u32) {
            let op = |at: usize| &read.calls[choice / alphabet.len().pow(at as u32) % alphabet.len()].op;
            let calls = spans.iter().enumerate();
            let calls = calls.map(|(at, span)| Call { op: op(at).clone(), invoke: span.0, complete: span.1 });
            let (legal, decided) = judge(model, &Task { init: read.init.clone(), calls: calls.collect() });
            tried.verdict(legal);
            tried.decided += decided;
        }
    });
    assert!(tried.legal > 50 && tried.illegal > 50, "{}: {tried:?}", model.name());
}

#[test]
fn all_small_histories_of_keys() {
    let alphabet = [
        letter("get", json!(null), Ok(json!("a"))),
        letter("get", json!(null), Ok(json!("ab"))),
        letter("append", json!("a"), Ok(json!(null))),
        letter("append", json!("b"), Ok(json!(null))),
        letter("put", json!("ab"), Ok(json!(null))),
        letter("cas", json!(["ab", "a"]), Err("precondition-failed")),
        letter("delete", json!(null), Ok(json!(null))),
    ];
    for (initial, count) in [(json!(null), 2), (json!(""), 3), (json!("a"), 2)] {
        exhaust(&Kv::new(initial), &alphabet, count);
    }
}

#[test]
fn all_small_histories_of_several_registers() {
    let alphabet = [
        letter("write", json!({"x": 1, "y": 1}), Ok(json!(null))),
        letter("write", json!({"x": 2}), Ok(json!(null))),
        letter("read", json!(null), Ok(json!({"x": 2, "y": 1}))),
        letter("read", json!(null), Ok(json!({"x": 0}))),
        letter("txn", json!(null), Ok(json!([["read", "y", 1], ["write", "x", 0]]))),
    ];
    let initial = json!({"x": 0, "y": 0}).as_object().cloned().unwrap_or_default();
    exhaust(&MultiRegister::new(initial), &alphabet, 3);
}

#[test]
fn all_small_histories_of_leaders() {
    let leads = |term: u64, leader: u64| letter("leads", json!([term, leader]), Ok(json!(null)));
    exhaust(&Leader, &[leads(1, 1), leads(1, 2), leads(2, 1), leads(2, 2)], 3);
}

#[test]
fn all_small_histories_of_the_other_models() {
    let (null, read) = (|| json!(null), |value| letter("read", json!(null), Ok(value)));
    let write = |f: &str, value: Value| letter(f, value, Ok(null()));
    let registers = [read(json!(1)), read(json!(2)), write("write", json!(1)), write("write", json!(2))];
    exhaust(&Register::new(json!(1)), &registers, 3);
    let swaps = [write("cas", json!([1, 2])), letter("cas", json!([1, 2]), Err("precondition-failed"))];
    exhaust(&Register::with_cas(json!(1)), &[&registers[..], &swaps].concat(), 3);
    let version = |f: &str, value: Value, version: u64| letter(f, value, Ok(json!(version)));
    let numbered = [
        version("write", json!("a"), 0),
        version("write", json!("b"), 1),
        version("cas", json!([0, "b"]), 1),
        letter("cas", json!([0, "b"]), Err("precondition-failed")),
        read(json!(["b", 1])),
        read(json!(null)),
    ];
    exhaust(&VersionedRegister::default(), &numbered, 3);
    let elements = [write("add", json!(1)), write("remove", json!(1)), read(json!([1])), read(json!([]))];
    exhaust(&Set::new(Vec::new()), &elements, 3);
    let take = |answer| letter("dequeue", null(), answer);
    let put = |value: i64| write("enqueue", json!(value));
    let line = [put(1), put(2), take(Ok(json!(1))), take(Ok(json!(2))), take(Err("empty"))];
    exhaust(&FifoQueue::new(Vec::new()), &line, 3);
    exhaust(&UnorderedQueue::new(Vec::new()), &line, 3);
    exhaust(&Stack::new(Vec::new()), &line, 3);
    let counts = [write("add", json!(1)), write("add", json!(-2)), read(json!(1)), read(json!(-1))];
    exhaust(&Counter::new(0), &counts, 3);
}
