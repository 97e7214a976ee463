//! The search against brute force: on all tiny histories, on random ones with crashed operations, and
//! on mutated ones.

mod support;

use std::time::Duration;

use ordalia_checker::Budget;
use ordalia_checker::linearizable::{
    Algorithm, Call, Finding, Frontier, Meter, Model, Task, ValueId, Values, Wgl,
};
use ordalia_checker::models::{Register, RegisterOp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use support::compare_all;

type Calls = Vec<Call<RegisterOp>>;

fn model() -> Register {
    Register::with_cas(Value::Null)
}

/// The numbers of nil, 1, 2, …
fn values(count: i64) -> Vec<ValueId> {
    let mut values = Values::default();
    std::iter::once(ValueId::NIL).chain((1..count).map(|value| values.intern(&json!(value)))).collect()
}

fn task(calls: &Calls) -> Task<Register> {
    Task { init: ValueId::NIL, calls: calls.clone() }
}

fn search(algorithm: &dyn Algorithm<Register>, calls: &Calls) -> Finding<ValueId> {
    let meter = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 1 << 26 });
    algorithm.search(&model(), &task(calls), &meter)
}

/// Compares all searches with brute force, and checks what those give as proof that go from event to event.
fn compare(calls: &Calls) -> bool {
    let expected = support::compare(&model(), &task(calls));
    for algorithm in [&Wgl as &dyn Algorithm<Register>, &Frontier] {
        let Finding::NotLinearizable(deadlock) = search(algorithm, calls) else { continue };
        assert_eq!(replay(calls, &deadlock.prefix), deadlock.states[0]);
        // All that completed before the stuck call does is in the prefix.
        let end = calls[deadlock.stuck].complete;
        let due = |call: &usize| calls[*call].complete.is_some_and(|complete| Some(complete) < end);
        assert!((0..calls.len()).filter(due).all(|call| deadlock.prefix.contains(&call)), "{calls:#?}");
    }
    expected
}

fn replay(calls: &Calls, order: &[usize]) -> ValueId {
    support::replay(&model(), &task(calls), order)
}

fn alphabet() -> Vec<RegisterOp> {
    let v = values(3);
    vec![
        RegisterOp::Read(v[0]),
        RegisterOp::Read(v[1]),
        RegisterOp::Read(v[2]),
        RegisterOp::Write(v[1]),
        RegisterOp::Write(v[2]),
        RegisterOp::Cas(v[1], v[2]),
        RegisterOp::Refused(v[1], v[2]),
    ]
}

#[test]
fn all_histories_of_three_operations() {
    let verdicts = compare_all(&model(), &ValueId::NIL, &alphabet(), 3);
    assert!(verdicts.iter().all(|count| *count > 1_000), "{verdicts:?}");
}

/// Clients that run against a real register, some of whose operations crash before or after their
/// effect; `values` distinct values. The history is legal.
fn simulate(rng: &mut ChaCha8Rng, clients: usize, count: usize, domain: usize) -> Calls {
    let v = values(domain as i64);
    let mut calls: Calls = Vec::new();
    let mut state = ValueId::NIL;
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut now = 0;
    while calls.len() < count || !open.is_empty() {
        now += 1;
        if calls.len() < count && open.len() < clients && rng.random_bool(0.5) {
            let mut pick = || v[rng.random_range(0..v.len())];
            let (a, b) = (pick(), pick());
            let op = match rng.random_range(0..4) {
                0 | 1 => RegisterOp::Read(a),
                2 => RegisterOp::Write(a),
                _ => RegisterOp::Cas(a, b),
            };
            open.push((calls.len(), false));
            calls.push(Call { op, invoke: now, complete: None });
        } else if !open.is_empty() {
            let at = rng.random_range(0..open.len());
            let (call, taken) = open[at];
            let op = &mut calls[call].op;
            let effect = |op: &mut RegisterOp, state: &mut ValueId| match *op {
                RegisterOp::Read(_) => *op = RegisterOp::Read(*state),
                RegisterOp::Write(value) => *state = value,
                RegisterOp::Cas(from, to) if from == *state => *state = to,
                RegisterOp::Cas(from, to) => *op = RegisterOp::Refused(from, to),
                RegisterOp::Refused(..) => {}
            };
            let mutates = matches!(op, RegisterOp::Write(_) | RegisterOp::Cas(..));
            if !taken && mutates && rng.random_bool(0.2) {
                // It crashes: with its effect now, or never.
                if rng.random_bool(0.5) && model().step(&state, op).is_some() {
                    effect(op, &mut state);
                }
                open.swap_remove(at);
            } else if !taken {
                effect(op, &mut state);
                open[at].1 = true;
            } else {
                calls[call].complete = Some(now);
                open.swap_remove(at);
            }
        }
    }
    calls
}

/// Gives one observation another value.
fn mutate(rng: &mut ChaCha8Rng, calls: &mut Calls, domain: usize) {
    let v = values(domain as i64);
    let at = rng.random_range(0..calls.len());
    let value = v[rng.random_range(0..v.len())];
    calls[at].op = match calls[at].op {
        RegisterOp::Read(_) => RegisterOp::Read(value),
        RegisterOp::Cas(from, to) if calls[at].complete.is_some() && rng.random_bool(0.5) => {
            RegisterOp::Refused(from, to)
        }
        RegisterOp::Cas(_, to) => RegisterOp::Cas(value, to),
        RegisterOp::Refused(_, to) => RegisterOp::Refused(value, to),
        RegisterOp::Write(_) => RegisterOp::Write(value),
    };
}

#[test]
fn what_a_register_did_is_linearizable() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for round in 0..300 {
        let calls = simulate(&mut rng, 1 + round % 8, 200, 2 + round % 20);
        for algorithm in [&Wgl as &dyn Algorithm<Register>, &Frontier] {
            match search(algorithm, &calls) {
                Finding::Linearizable { order } => replay(&calls, &order),
                other => panic!("round {round}: {other:?}"),
            };
        }
    }
}

#[test]
fn random_histories_with_crashes_as_brute_force_decides() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut verdicts = [0u32; 2];
    let mut crashed = 0;
    for round in 0..6_000 {
        let domain = 2 + round % 3;
        let count = rng.random_range(3..9);
        let mut calls = simulate(&mut rng, 2 + round % 4, count, domain);
        for _ in 0..round % 4 {
            mutate(&mut rng, &mut calls, domain);
        }
        crashed += calls.iter().filter(|call| call.complete.is_none()).count();
        verdicts[usize::from(compare(&calls))] += 1;
    }
    assert!(verdicts.iter().all(|count| *count > 1_000), "{verdicts:?}");
    assert!(crashed > 2_000, "{crashed}");
}

/// A history that makes a search without a good cache or memory hopeless: many open writes of distinct
/// values, observed in none of the orders that the last read needs.
fn hard(writes: u64) -> Calls {
    let v = values(writes as i64 + 2);
    let mut calls: Calls = (0..writes)
        .map(|at| Call { op: RegisterOp::Write(v[at as usize + 1]), invoke: at, complete: Some(1_000 + at) })
        .collect();
    calls.push(Call { op: RegisterOp::Read(v[writes as usize + 1]), invoke: 2_000, complete: Some(2_001) });
    calls
}

fn search_within(calls: &Calls, time: Duration, memory_bytes: u64) -> Finding<ValueId> {
    Wgl.search(&model(), &task(calls), &Meter::new(&Budget { time, memory_bytes }))
}

#[test]
fn too_little_memory_ends_the_search_the_same_way_each_time() {
    let calls = hard(24);
    let first = search_within(&calls, Duration::MAX, 1 << 20);
    assert!(matches!(first, Finding::Exhausted { placed: 24, .. }), "{first:?}");
    assert_eq!(first, search_within(&calls, Duration::MAX, 1 << 20));
    assert!(matches!(search_within(&calls, Duration::MAX, 10), Finding::Exhausted { placed: 0, .. }));
}

#[test]
fn no_time_ends_the_search_at_once() {
    let found = search_within(&hard(24), Duration::ZERO, u64::MAX);
    assert!(matches!(found, Finding::Exhausted { placed: 0, .. }), "{found:?}");
}
