//! The decision by zones against brute force: on all small histories, on random ones with crashed calls and
//! refused cas, and on mutated ones. Where it abstains, it must have reason to.

// A panic is the way in which a test fails.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashSet;
use std::time::Duration;

use ordalia_checker::Budget;
use ordalia_checker::linearizable::{
    Algorithm, Call, Decision, Finding, Meter, Model, Specialist, Task, Tie, ValueId, Values, Wgl, Zones,
};
use ordalia_checker::models::{Register, RegisterOp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use support::{oracle, replay, search, shapes};

type Calls = Vec<Call<RegisterOp>>;

fn model() -> Register {
    Register::with_cas(Value::Null)
}

/// The numbers of nil, 1, 2, …
fn values(count: usize) -> Vec<ValueId> {
    let mut values = Values::default();
    std::iter::once(ValueId::NIL).chain((1..count).map(|value| values.intern(&json!(value)))).collect()
}

fn decide(task: &Task<Register>) -> Decision {
    let meter = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 1 << 28 });
    Zones.decide(&model(), task, &meter).unwrap()
}

/// Whether the decision owes an answer: each value is written once, and no cas was refused.
fn qualifies(calls: &Calls) -> bool {
    let mut written = HashSet::from([ValueId::NIL]);
    calls.iter().all(|call| match call.op {
        RegisterOp::Write(value) => written.insert(value),
        RegisterOp::Cas(from, to) => from == to || written.insert(to),
        RegisterOp::Refused(..) => call.complete.is_none(),
        RegisterOp::Read(_) => true,
    })
}

/// Holds the decision to a verdict, and its proof to what it claims. Returns whether it abstained.
fn confirm(calls: &Calls, expected: bool) -> bool {
    let task = Task::<Register> { init: ValueId::NIL, calls: calls.clone() };
    match decide(&task) {
        Decision::Legal { order } => {
            assert!(expected, "wrongly legal: {calls:#?}");
            replay(&model(), &task, &order);
            let placed: HashSet<usize> = order.into_iter().collect();
            let missing = (0..calls.len()).filter(|call| !placed.contains(call));
            assert!(missing.into_iter().all(|call| calls[call].complete.is_none()), "{calls:#?}");
        }
        Decision::Illegal { core } => {
            assert!(!expected, "wrongly illegal: {calls:#?} {core:?}");
            check_core(calls, &core);
        }
        Decision::Abstain(why) => {
            assert!(!qualifies(calls), "{why}: {calls:#?}");
            return true;
        }
    }
    false
}

/// The core fails alone, and no call outside it writes what one inside it names.
fn check_core(calls: &Calls, core: &[usize]) {
    let alone = Task { init: ValueId::NIL, calls: core.iter().map(|call| calls[*call].clone()).collect() };
    let finding = search(&Wgl, &model(), &alone);
    assert!(matches!(finding, Finding::NotLinearizable(_)), "{calls:#?} {core:?}");
    let named = |call: &Call<RegisterOp>| match model().tie(&call.op) {
        Tie::Values(values) => values,
        other => panic!("{other:?}: {calls:#?} {core:?}"),
    };
    let inside: HashSet<ValueId> = core.iter().flat_map(|call| named(&calls[*call])).collect();
    for (at, call) in calls.iter().enumerate().filter(|(_, call)| !model().is_observation(&call.op)) {
        let outside = named(call).iter().all(|value| !inside.contains(value));
        assert!(core.contains(&at) || outside, "call {at} is tied to the core {core:?}: {calls:#?}");
    }
}

/// All histories of that many calls; how many were decided and how many not.
fn all(alphabet: &[RegisterOp], count: usize) -> [u64; 2] {
    let mut seen = [0; 2];
    shapes(count, &mut |spans| {
        for choice in 0..alphabet.len().pow(count as u32) {
            let op = |at: usize| alphabet[choice / alphabet.len().pow(at as u32) % alphabet.len()];
            let calls = spans.iter().enumerate();
            let calls: Calls =
                calls.map(|(at, span)| Call { op: op(at), invoke: span.0, complete: span.1 }).collect();
            // Those that need not be decided cost the oracle most, and tell nothing.
            let abstained = match qualifies(&calls) || count < 4 {
                true => confirm(&calls, oracle(&model(), &Task { init: ValueId::NIL, calls: calls.clone() })),
                false => true,
            };
            seen[usize::from(abstained)] += 1;
        }
    });
    seen
}

#[test]
fn all_histories_of_three_calls() {
    use RegisterOp::{Cas, Read, Refused, Write};
    let v = values(4);
    let alphabet = [
        Read(v[0]),
        Read(v[1]),
        Read(v[2]),
        Write(v[1]),
        Cas(v[0], v[2]),
        Cas(v[1], v[2]),
        Refused(v[1], v[2]),
    ];
    let [decided, abstained] = all(&alphabet, 3);
    assert!(decided > 9_000 && abstained > 100, "{decided} {abstained}");
}

#[test]
fn all_histories_of_four_calls_without_cas() {
    use RegisterOp::{Read, Write};
    let v = values(3);
    let [decided, _] = all(&[Read(v[0]), Read(v[1]), Write(v[1]), Write(v[2])], 4);
    assert!(decided > 10_000, "{decided}");
}

/// What a random history is like.
#[derive(Clone, Copy)]
struct Shape {
    clients: usize,
    calls: usize,
    cas: bool,
    refused: bool,
}

/// Clients that run against a real register and write each value once; some crash.
fn simulate(rng: &mut ChaCha8Rng, shape: Shape) -> Calls {
    let v = values(shape.calls + 1);
    let mut calls: Calls = Vec::new();
    let (mut state, mut before) = (ValueId::NIL, ValueId::NIL);
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut now = 0;
    while calls.len() < shape.calls || !open.is_empty() {
        now += 1;
        if calls.len() < shape.calls && open.len() < shape.clients && rng.random_bool(0.5) {
            let fresh = v[calls.len() + 1];
            let op = match rng.random_range(0..6) {
                0..=2 => RegisterOp::Read(ValueId::NIL),
                3 | 4 if shape.cas => {
                    RegisterOp::Cas(if rng.random_bool(0.7) { state } else { before }, fresh)
                }
                _ => RegisterOp::Write(fresh),
            };
            open.push((calls.len(), false));
            calls.push(Call { op, invoke: now, complete: None });
            continue;
        }
        if open.is_empty() {
            continue;
        }
        let at = rng.random_range(0..open.len());
        let (call, taken) = open[at];
        if taken {
            calls[call].complete = Some(now);
            open.swap_remove(at);
            continue;
        }
        let crashes = rng.random_bool(0.15);
        if !crashes || rng.random_bool(0.5) {
            let held = state;
            match calls[call].op {
                RegisterOp::Write(value) => state = value,
                RegisterOp::Cas(from, to) if from == state => state = to,
                RegisterOp::Cas(from, to) if !crashes => calls[call].op = RegisterOp::Refused(from, to),
                RegisterOp::Read(_) => calls[call].op = RegisterOp::Read(state),
                _ => {}
            }
            if state != held {
                before = held;
            }
        }
        match crashes {
            true => drop(open.swap_remove(at)),
            false => open[at].1 = true,
        }
    }
    calls.retain(|call| shape.refused || !matches!(call.op, RegisterOp::Refused(..)));
    calls
}

/// Gives one call another value that it saw.
fn mutate(rng: &mut ChaCha8Rng, calls: &mut Calls, shape: Shape) {
    let v = values(shape.calls + 2);
    let at = rng.random_range(0..calls.len());
    let value = v[rng.random_range(0..v.len())];
    calls[at].op = match calls[at].op {
        RegisterOp::Read(_) => RegisterOp::Read(value),
        RegisterOp::Cas(_, to) => RegisterOp::Cas(value, to),
        RegisterOp::Refused(from, to) if rng.random_bool(0.5) => RegisterOp::Cas(from, to),
        RegisterOp::Refused(_, to) => RegisterOp::Refused(value, to),
        write => write,
    };
}

fn shape(rng: &mut ChaCha8Rng, round: usize, calls: std::ops::Range<usize>) -> Shape {
    let (cas, refused) = (!round.is_multiple_of(3), round.is_multiple_of(2));
    Shape { clients: 2 + round % 5, calls: rng.random_range(calls), cas, refused }
}

fn random_as_brute_force_decides(rounds: usize, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut verdicts, mut abstained) = ([0usize; 2], [0usize; 2]);
    for round in 0..rounds {
        let shape = shape(&mut rng, round, 3..9);
        let mut calls = simulate(&mut rng, shape);
        for _ in 0..(round % 4).min(calls.len()) {
            mutate(&mut rng, &mut calls, shape);
        }
        let expected = oracle(&model(), &Task { init: ValueId::NIL, calls: calls.clone() });
        verdicts[usize::from(expected)] += 1;
        abstained[usize::from(expected)] += usize::from(confirm(&calls, expected));
    }
    assert!(verdicts.iter().all(|count| *count > rounds / 5), "{verdicts:?}");
    // It gives up where a value is written twice, and on refused cas that need another order.
    assert!(abstained[0] + abstained[1] < rounds / 100, "{abstained:?}");
}

#[test]
fn random_histories_as_brute_force_decides() {
    random_as_brute_force_decides(8_000, 1);
}

/// `cargo test --release -p ordalia-checker --test zones -- --ignored`
#[test]
#[ignore = "a soak of millions of histories"]
fn random_histories_as_brute_force_decides_soak() {
    (0..20).for_each(|seed| random_as_brute_force_decides(100_000, 100 + seed));
}

#[test]
fn long_histories_as_the_search_decides() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let (mut decided, mut verdicts) = (0, [0; 2]);
    for round in 0..200 {
        let shape = shape(&mut rng, round, 60..120);
        let mut calls = simulate(&mut rng, shape);
        if round % 4 > 1 {
            mutate(&mut rng, &mut calls, shape);
        }
        let task = Task { init: ValueId::NIL, calls: calls.clone() };
        let meter = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 1 << 24 });
        let expected = match Wgl.search(&model(), &task, &meter) {
            Finding::Linearizable { .. } => true,
            Finding::NotLinearizable(_) => false,
            Finding::Exhausted { .. } => continue,
        };
        verdicts[usize::from(expected)] += 1;
        decided += usize::from(!confirm(&calls, expected));
    }
    assert!(decided > 100 && verdicts.iter().all(|count| *count > 20), "{decided} {verdicts:?}");
}

#[test]
fn too_little_memory_is_a_limit() {
    let calls = simulate(
        &mut ChaCha8Rng::seed_from_u64(4),
        Shape { clients: 5, calls: 500, cas: true, refused: true },
    );
    let task = Task::<Register> { init: ValueId::NIL, calls };
    let meter = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 10_000 });
    assert!(Zones.decide(&model(), &task, &meter).is_err());
    assert_eq!(meter.account().charge(10_000), Ok(()), "all was given back");
}
