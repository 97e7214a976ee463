//! The decision by versions against brute force: on all small histories, on random ones with many crashed writes and
//! few values, on mutated ones, and against the search on long ones. It owes an answer to all.

// A panic is the way in which a test fails.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ordalia_checker::Budget;
use ordalia_checker::linearizable::{
    Algorithm, Auto, Call, Decision, Finding, Frontier, Meter, Specialist, Task, ValueId, Values,
    VersionRules,
};
use ordalia_checker::models::{VersionedOp, VersionedRegister};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use support::{confirm, oracle, replay, shapes};

type Calls = Vec<Call<VersionedOp>>;
type Held = Option<(ValueId, u64)>;

fn model() -> VersionedRegister {
    VersionedRegister::default()
}

/// The numbers of 1, 2, ….
fn values(count: usize) -> Vec<ValueId> {
    let mut values = Values::default();
    (1..=count).map(|value| values.intern(&json!(value))).collect()
}

fn meter() -> Meter {
    Meter::new(&Budget { time: Duration::MAX, memory_bytes: 1 << 28 })
}

/// Holds the decision to the verdict that is right, and its proof to what it claims. Returns whether it abstained.
fn held_to(task: &Task<VersionedRegister>, expected: bool) -> bool {
    let calls = &task.calls;
    match VersionRules.decide(&model(), task, &meter()).unwrap() {
        Decision::Legal { order } => {
            assert!(expected, "wrongly legal: {calls:#?}");
            replay(&model(), task, &order);
            let missing = (0..calls.len()).find(|at| calls[*at].complete.is_some() && !order.contains(at));
            assert_eq!(missing, None, "{order:?} {calls:#?}");
        }
        Decision::Illegal { core } => {
            assert!(!expected, "wrongly illegal: {calls:#?} {core:?}");
            let writes = |at: &usize| matches!(calls[*at].op, VersionedOp::Write(..) | VersionedOp::Cas(..));
            assert!((0..calls.len()).filter(writes).all(|at| core.contains(&at)), "{core:?} {calls:#?}");
            let alone = core.iter().map(|at| calls[*at].clone()).collect();
            let alone = Task { init: task.init, calls: alone };
            assert!(!oracle(&model(), &alone), "a legal core {core:?}: {calls:#?}");
        }
        Decision::Abstain(why) => {
            let untold = |call: &Call<VersionedOp>| {
                matches!(call.op, VersionedOp::Write(_, None)) && call.complete.is_some()
            };
            assert!(calls.iter().any(untold), "{why}: {calls:#?}");
            return true;
        }
    }
    false
}

#[test]
fn all_histories_of_three_calls() {
    use VersionedOp::{Cas, Read, Refused, Write};
    let v = values(2);
    let ops = [
        Write(v[0], Some(0)),
        Write(v[0], None),
        Write(v[1], Some(1)),
        Cas(0, v[1], Some(1)),
        Read(None),
        Read(Some((v[0], 0))),
        Read(Some((v[1], 1))),
        Refused(0),
        Refused(1),
    ];
    let mut seen = [[0u64; 2]; 2];
    for (count, init) in [(2, None), (3, None), (3, Some((v[0], 0)))] {
        shapes(count, &mut |spans| {
            for choice in 0..ops.len().pow(count as u32) {
                let op = |at: usize| ops[choice / ops.len().pow(at as u32) % ops.len()];
                let calls = spans.iter().enumerate();
                let calls =
                    calls.map(|(at, span)| Call { op: op(at), invoke: span.0, complete: span.1 }).collect();
                let task = Task { init, calls };
                let legal = oracle(&model(), &task);
                seen[usize::from(held_to(&task, legal))][usize::from(legal)] += 1;
            }
        });
    }
    assert!(seen[0].iter().all(|count| *count > 10_000), "{seen:?}");
}

/// Clients of a real register.
struct Shape {
    clients: usize,
    count: usize,
    domain: usize,
    crashes: f64,
}

impl Shape {
    fn op(&self, rng: &mut ChaCha8Rng, held: Held) -> VersionedOp {
        let value = values(self.domain)[rng.random_range(0..self.domain)];
        let version = held.map_or(0, |(_, version)| version);
        match rng.random_range(0..10) {
            0..4 => VersionedOp::Read(None),
            4..8 => VersionedOp::Write(value, None),
            _ => VersionedOp::Cas(version.saturating_sub(rng.random_range(0..2)), value, None),
        }
    }
}

/// What an operation becomes by taking effect, and what it leaves.
fn effect(op: VersionedOp, held: Held) -> (VersionedOp, Held) {
    let next = held.map_or(0, |(_, version)| version + 1);
    match op {
        VersionedOp::Read(_) => (VersionedOp::Read(held), held),
        VersionedOp::Write(value, _) => (VersionedOp::Write(value, Some(next)), Some((value, next))),
        VersionedOp::Cas(at, value, _) if held.map(|(_, version)| version) == Some(at) => {
            (VersionedOp::Cas(at, value, Some(next)), Some((value, next)))
        }
        VersionedOp::Cas(at, ..) => (VersionedOp::Refused(at), held),
        refused @ VersionedOp::Refused(_) => (refused, held),
    }
}

fn simulate(rng: &mut ChaCha8Rng, shape: &Shape) -> Task<VersionedRegister> {
    let init = rng.random_bool(0.2).then(|| (values(1)[0], 0));
    let (mut held, mut calls, mut now) = (init, Calls::new(), 0);
    let mut open: Vec<(usize, bool)> = Vec::new();
    while calls.len() < shape.count || !open.is_empty() {
        now += 1;
        if calls.len() < shape.count && open.len() < shape.clients && rng.random_bool(0.6) {
            open.push((calls.len(), false));
            calls.push(Call { op: shape.op(rng, held), invoke: now, complete: None });
            continue;
        }
        if open.is_empty() {
            continue;
        }
        let at = rng.random_range(0..open.len());
        let (call, done) = open[at];
        if done {
            calls[call].complete = Some(now);
            open.swap_remove(at);
            continue;
        }
        let crashed = rng.random_bool(shape.crashes);
        // What crashes may take effect, now or later, and nobody hears of it.
        let (op, after) = effect(calls[call].op, held);
        if !crashed || rng.random_bool(0.6) {
            held = after;
        }
        if crashed {
            open.swap_remove(at);
        } else {
            calls[call].op = op;
            open[at].1 = true;
        }
    }
    Task { init, calls }
}

/// Gives a call another version or value, or another span.
fn mutate(rng: &mut ChaCha8Rng, task: &mut Task<VersionedRegister>, domain: usize) {
    let at = rng.random_range(0..task.calls.len());
    let value = values(domain)[rng.random_range(0..domain)];
    let other = |rng: &mut ChaCha8Rng, version: u64| (version + rng.random_range(0..3)).saturating_sub(1);
    let call = &mut task.calls[at];
    call.op = match call.op {
        VersionedOp::Read(Some((held, version))) if rng.random_bool(0.7) => {
            VersionedOp::Read(Some((held, other(rng, version))))
        }
        VersionedOp::Read(Some((_, version))) => VersionedOp::Read(Some((value, version))),
        VersionedOp::Read(None) => VersionedOp::Read(Some((value, 0))),
        VersionedOp::Write(held, Some(version)) => VersionedOp::Write(held, Some(other(rng, version))),
        VersionedOp::Write(_, None) => VersionedOp::Write(value, None),
        VersionedOp::Cas(version, held, told) => VersionedOp::Cas(other(rng, version), held, told),
        VersionedOp::Refused(version) => VersionedOp::Refused(other(rng, version)),
    };
    if rng.random_bool(0.2) {
        task.calls[at].complete = None;
    }
}

fn random_as_brute_force_decides(rounds: usize, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut verdicts = [0usize; 2];
    for round in 0..rounds {
        let domain = 1 + round % 4;
        let crashes = [0.1, 0.3, 0.6][round % 3];
        let shape = Shape { clients: 2 + round % 4, count: rng.random_range(3..9), domain, crashes };
        let mut task = simulate(&mut rng, &shape);
        for _ in 0..round % 3 {
            mutate(&mut rng, &mut task, domain);
        }
        let legal = oracle(&model(), &task);
        assert!(legal || !round.is_multiple_of(3), "a real register did this: {:#?}", task.calls);
        verdicts[usize::from(legal)] += 1;
        assert!(!held_to(&task, legal), "{:#?}", task.calls);
        if round.is_multiple_of(16) {
            confirm(&Auto, &model(), &task, legal);
        }
    }
    assert!(verdicts.iter().all(|count| *count > rounds / 8), "{verdicts:?}");
}

#[test]
fn random_histories_as_brute_force_decides() {
    random_as_brute_force_decides(12_000, 1);
}

/// `cargo test --release -p ordalia-checker --test versions -- --ignored`
#[test]
#[ignore = "a soak of millions of histories"]
fn random_histories_as_brute_force_decides_soak() {
    (0..20).for_each(|seed| random_as_brute_force_decides(100_000, 100 + seed));
}

#[test]
fn long_histories_as_the_search_decides() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut verdicts = [0; 2];
    for round in 0..60 {
        let shape = Shape { clients: 2 + round % 4, count: 30, domain: 1_000, crashes: 0.05 };
        let mut task = simulate(&mut rng, &shape);
        (0..round % 3).for_each(|_| mutate(&mut rng, &mut task, 50));
        let small = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 1 << 20 });
        let legal = match Frontier.search(&model(), &task, &small) {
            Finding::Linearizable { .. } => true,
            Finding::NotLinearizable(_) => false,
            Finding::Exhausted { .. } => continue,
        };
        verdicts[usize::from(legal)] += 1;
        match VersionRules.decide(&model(), &task, &meter()).unwrap() {
            Decision::Legal { order } => {
                assert!(legal && replay(&model(), &task, &order) != Some((ValueId::NIL, 0)))
            }
            Decision::Illegal { .. } => assert!(!legal, "{:#?}", task.calls),
            Decision::Abstain(why) => panic!("{why}"),
        }
    }
    assert!(verdicts.iter().all(|count| *count > 10), "{verdicts:?}");
}

/// Writes that crash by the hundred, which no search survives, and a read of what was overwritten long before.
#[test]
fn where_a_history_fails_is_told_whatever_crashed() {
    let v = values(400);
    let mut calls: Calls = (0..200)
        .map(|at| Call { op: VersionedOp::Write(v[at], None), invoke: at as u64, complete: None })
        .collect();
    for version in 0..100u64 {
        let read = VersionedOp::Read(Some((v[(version * 7 % 200) as usize], version)));
        calls.push(Call { op: read, invoke: 300 + 2 * version, complete: Some(301 + 2 * version) });
    }
    let stale = VersionedOp::Read(Some((v[(50 * 7) % 200], 50)));
    calls.push(Call { op: stale, invoke: 600, complete: Some(601) });
    calls.push(Call { op: VersionedOp::Read(None), invoke: 602, complete: Some(603) });
    let task = Task { init: None, calls };
    match Auto.search(&model(), &task, &meter()) {
        Finding::NotLinearizable(found) => {
            assert_eq!(found.stuck, 300);
            replay(&model(), &task, &found.prefix);
        }
        other => panic!("{other:?}"),
    }
}
