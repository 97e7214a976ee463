//! Each specialist by itself against brute force: verdicts, the orders and the cores that it gives as proof, and
//! how often it abstains.

use std::collections::HashSet;

use ordalia_checker::Budget;
use ordalia_checker::linearizable::{Call, Decision, Meter, Model, Task, Tie, ValueId, Values};
use ordalia_checker::models::{
    Buffer, BufferOp, Counter, CounterOp, Discipline, FifoQueue, Set, Stack, UnorderedQueue,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::support::{oracle, replay, shapes};
use crate::worlds::{Shape, Tests, World, each, mutate, name, simulate, values};

/// What became of many histories.
#[derive(Debug, Default)]
struct Tally {
    legal: u32,
    illegal: u32,
    abstained: u32,
}

impl Tally {
    fn decided(&self) -> u32 {
        self.legal + self.illegal
    }
}

/// Holds a model's specialists to brute force.
fn confirm<M: Model>(model: &M, task: &Task<M>, tally: &mut Tally) {
    for specialist in model.specialists() {
        let decision = specialist.decide(model, task, &Meter::new(&Budget::default())).unwrap();
        match decision {
            Decision::Abstain(_) => tally.abstained += 1,
            Decision::Legal { order } => {
                tally.legal += 1;
                assert!(oracle(model, task), "wrongly legal: {:#?}", task.calls);
                replay(model, task, &order);
                let placed: HashSet<usize> = order.iter().copied().collect();
                let missing = (0..task.calls.len()).filter(|call| !placed.contains(call));
                for call in missing {
                    assert!(task.calls[call].complete.is_none(), "{call} is missing: {:#?}", task.calls);
                }
            }
            Decision::Illegal { core } => {
                tally.illegal += 1;
                assert!(!oracle(model, task), "wrongly illegal by {core:?}: {:#?}", task.calls);
                confirm_core(model, task, &core);
            }
        }
    }
}

/// A core is illegal by itself, and what it leaves out may be left out.
fn confirm_core<M: Model>(model: &M, task: &Task<M>, core: &[usize]) {
    let calls = core.iter().map(|call| task.calls[*call].clone()).collect();
    let alone = Task { init: task.init.clone(), calls };
    assert!(!oracle(model, &alone), "a legal core {core:?}: {:#?}", task.calls);
    assert!(core.is_sorted_by(|a, b| a < b), "{core:?}");
    let left_out = |call: &usize| !core.contains(call) && !model.is_observation(&task.calls[*call].op);
    let tie = |call: usize| model.tie(&task.calls[call].op);
    let mut kept: HashSet<ValueId> = HashSet::new();
    let mut tied = false;
    for call in core {
        match tie(*call) {
            Tie::Values(values) => kept.extend(values),
            Tie::Stays => {}
            Tie::Global | Tie::Fixed => tied = true,
        }
    }
    for call in (0..task.calls.len()).filter(left_out) {
        assert!(!tied, "{call} may not be left out of {core:?}: {:#?}", task.calls);
        let Tie::Values(values) = tie(call) else { panic!("{call} is tied to all: {:#?}", task.calls) };
        assert!(values.iter().all(|value| !kept.contains(value)), "{call} {core:?}: {:#?}", task.calls);
    }
}

/// Random histories of a kind, some of them mutated.
fn random<W: World>(seed: u64, count: usize, shape: impl Fn(usize) -> Shape) -> Tally {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut tally = Tally::default();
    for round in 0..count {
        let mut task: Task<W> = simulate(&mut rng, shape(round));
        for _ in 0..round % 3 {
            mutate(&mut rng, &mut task);
        }
        confirm(&W::of(), &task, &mut tally);
    }
    tally
}

#[derive(Debug)]
struct Qualifying;

impl Tests for Qualifying {
    fn run<W: World>(&self) {
        let shape = |round| Shape { clients: 2 + round % 5, count: 4 + round % 5, domain: 0, crashes: 0.0 };
        let tally = random::<W>(21, 2_000, shape);
        assert!(tally.legal > 500 && tally.illegal > 400, "{}: {tally:?}", name::<W>());
        // A mutation may have made duplicates.
        assert!(tally.abstained * 10 < tally.decided(), "{}: {tally:?}", name::<W>());
    }
}

#[test]
fn random_histories_of_distinct_values() {
    each(&Qualifying);
}

#[derive(Debug)]
struct Crashing;

impl Tests for Crashing {
    fn run<W: World>(&self) {
        let shape =
            |round| Shape { clients: 2 + round % 4, count: 4 + round % 5, domain: round % 3, crashes: 0.2 };
        let tally = random::<W>(22, 1_500, shape);
        assert!(tally.legal > 300 && tally.illegal > 100, "{}: {tally:?}", name::<W>());
        assert!(tally.abstained < 2 * tally.decided(), "{}: {tally:?}", name::<W>());
    }
}

#[test]
fn random_histories_with_crashes_and_duplicates() {
    each(&Crashing);
}

/// Queues of distinct values are decided whatever crashed.
#[test]
fn random_histories_of_queues_with_crashed_takes() {
    for (seed, crashes) in [(24, 0.15), (25, 0.4), (26, 0.7)] {
        let shape = |round| Shape { clients: 2 + round % 5, count: 4 + round % 6, domain: 0, crashes };
        let tally = random::<FifoQueue>(seed, 1_000, shape);
        assert!(tally.legal > 250 && tally.illegal > 60, "{tally:?}");
        // A mutation may have made duplicates.
        assert!(tally.abstained * 50 < tally.decided(), "{tally:?}");
    }
}

/// All histories of two values, one of them taken or both, with crashed takes and one that found nothing.
#[test]
fn all_small_histories_of_queues_with_crashed_takes() {
    use BufferOp::{Empty, Put, Take, TakeUnknown};
    let v = values(2);
    let (model, mut tally) = (FifoQueue::new(Vec::new()), Tally::default());
    let init = model.init(&mut Values::default());
    for ops in [
        vec![Put(v[0]), Put(v[1]), Take(v[1]), TakeUnknown],
        vec![Put(v[0]), Put(v[1]), TakeUnknown, Empty],
        vec![Put(v[0]), TakeUnknown, TakeUnknown, Empty],
        vec![Put(v[0]), Take(v[0]), TakeUnknown, Empty],
    ] {
        shapes(ops.len(), &mut |spans| {
            permutations(&ops, &mut |ops| {
                let calls = spans.iter().zip(ops);
                let calls: Vec<Call<BufferOp>> =
                    calls.map(|(span, op)| Call { op: *op, invoke: span.0, complete: span.1 }).collect();
                // A take of which nobody knows what it took crashed, and what crashed is not known to have found anything.
                if calls.iter().all(|call| match call.op {
                    TakeUnknown => call.complete.is_none(),
                    Take(_) | Empty => call.complete.is_some(),
                    Put(_) => true,
                }) {
                    confirm(&model, &Task { init: init.clone(), calls }, &mut tally);
                }
            });
        });
    }
    assert!(tally.abstained == 0 && tally.legal > 300 && tally.illegal > 300, "{tally:?}");
}

/// All histories of a number of puts of 0, 1, … and takes of any of them.
fn all_of<D: Discipline>(puts: usize, takes: usize, empties: usize, tally: &mut Tally) {
    let (model, v) = (Buffer::<D>::new(Vec::new()), values(puts));
    let count = puts + takes + empties;
    let mut ops: Vec<BufferOp> = v.iter().map(|value| BufferOp::Put(*value)).collect();
    ops.extend(v.iter().take(takes).map(|value| BufferOp::Take(*value)));
    ops.extend(vec![BufferOp::Empty; empties]);
    let init = model.init(&mut Values::default());
    shapes(count, &mut |spans| {
        // Which crash is told elsewhere.
        if spans.iter().any(|span| span.1.is_none()) {
            return;
        }
        permutations(&ops, &mut |ops| {
            let calls = spans.iter().zip(ops);
            let calls = calls.map(|(span, op)| Call { op: *op, invoke: span.0, complete: span.1 });
            confirm(&model, &Task { init: init.clone(), calls: calls.collect() }, tally);
        });
    });
}

fn permutations(ops: &[BufferOp], visit: &mut impl FnMut(&[BufferOp])) {
    fn extend(left: &mut Vec<BufferOp>, placed: &mut Vec<BufferOp>, visit: &mut impl FnMut(&[BufferOp])) {
        if left.is_empty() {
            visit(placed);
        }
        for at in 0..left.len() {
            if left[..at].contains(&left[at]) {
                continue;
            }
            let op = left.remove(at);
            placed.push(op);
            extend(left, placed, visit);
            placed.pop();
            left.insert(at, op);
        }
    }
    extend(&mut ops.to_vec(), &mut Vec::new(), visit);
}

fn all_small<D: Discipline>() {
    let mut tally = Tally::default();
    all_of::<D>(2, 2, 0, &mut tally);
    all_of::<D>(1, 1, 1, &mut tally);
    all_of::<D>(2, 1, 1, &mut tally);
    assert!(tally.abstained == 0 && tally.legal > 1_000 && tally.illegal > 1_000, "{tally:?}");
}

#[test]
fn all_histories_of_two_values() {
    all_small::<ordalia_checker::models::Fifo>();
    all_small::<ordalia_checker::models::Lifo>();
    all_small::<ordalia_checker::models::Unordered>();
}

/// Calls in any order with any spans: more of these are nearly legal than of mutated ones.
fn scatter<D: Discipline>(
    rng: &mut ChaCha8Rng,
    count: usize,
    empties: usize,
    initial: usize,
) -> Task<Buffer<D>> {
    let v = values(count);
    let mut ops: Vec<BufferOp> = Vec::new();
    for value in &v[initial..] {
        ops.push(BufferOp::Put(*value));
    }
    for value in &v {
        if rng.random_bool(0.8) {
            ops.push(BufferOp::Take(*value));
        }
    }
    ops.extend(vec![BufferOp::Empty; empties]);
    // A guess at a legal course, with wide spans around it.
    let mut calls: Vec<Call<BufferOp>> = Vec::new();
    for op in ops {
        let at = match op {
            BufferOp::Put(_) => rng.random_range(0..60),
            BufferOp::Take(_) => rng.random_range(20..100),
            _ => rng.random_range(0..100),
        };
        let (before, after) = (rng.random_range(0..30), rng.random_range(1..30));
        calls.push(Call { op, invoke: at + 30 - before, complete: Some(at + 30 + after) });
    }
    calls.sort_by_key(|call| call.invoke);
    let mut ends: Vec<(u64, usize, bool)> = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        ends.push((call.invoke, at, false));
        ends.push((call.complete.unwrap(), at, true));
    }
    // Events are numbered apart.
    ends.sort_by_key(|(time, at, is_end)| (*time, *is_end, *at));
    for (time, (_, at, is_end)) in ends.into_iter().enumerate() {
        if is_end { calls[at].complete = Some(time as u64) } else { calls[at].invoke = time as u64 }
    }
    let init = v[..initial].iter().fold(D::empty(), |state, value| D::put(&state, *value));
    Task { init, calls }
}

fn scattered<D: Discipline>() {
    let mut rng = ChaCha8Rng::seed_from_u64(23);
    let mut tally = Tally::default();
    for round in 0..1_500 {
        let (count, empties) = (2 + round % 4, round / 4 % 3);
        let initial = if round % 5 == 0 { 1 + round % 2 } else { 0 };
        let model = Buffer::<D>::new((0..initial).map(|value| json!(value)).collect());
        let task = scatter::<D>(&mut rng, count, empties, initial);
        confirm(&model, &task, &mut tally);
    }
    assert!(tally.abstained == 0 && tally.legal > 150 && tally.illegal > 150, "{tally:?}");
}

#[test]
fn scattered_histories_of_buffers() {
    scattered::<ordalia_checker::models::Fifo>();
    scattered::<ordalia_checker::models::Lifo>();
    scattered::<ordalia_checker::models::Unordered>();
}

/// The second read saw too little for what ended ahead of it only because the first one saw an addition that
/// ended late: the proof needs both.
#[test]
fn a_counter_names_the_read_that_spent_an_addition() {
    let call = |op, invoke, complete| Call { op, invoke, complete: Some(complete) };
    let calls = vec![
        call(CounterOp::Add(1), 0, 8),
        call(CounterOp::Read(1), 1, 2),
        call(CounterOp::Add(1), 3, 4),
        call(CounterOp::Read(1), 5, 6),
    ];
    let mut tally = Tally::default();
    confirm(&Counter::new(0), &Task { init: 0, calls }, &mut tally);
    assert_eq!(tally.illegal, 1);
}

/// Millions of histories, of which brute force can only follow the small ones; `SOAK` says how many, `SEED`
/// where to begin: `SOAK=1000000 cargo test --release -p ordalia-checker --test collections soak -- --ignored`.
#[test]
#[ignore = "takes as long as one likes"]
fn soak() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (count, seed) = (number("SOAK", 100_000) as usize, number("SEED", 1));
    let shape = |round: usize| Shape {
        clients: 2 + round % 5,
        count: 3 + round % 9,
        domain: if round.is_multiple_of(4) { round % 7 } else { 0 },
        crashes: if round.is_multiple_of(3) { 0.2 } else { 0.0 },
    };
    random::<Set>(seed, count, shape);
    random::<FifoQueue>(seed, count, shape);
    random::<UnorderedQueue>(seed, count, shape);
    random::<Stack>(seed, count, shape);
    random::<Counter>(seed, count, shape);
}
