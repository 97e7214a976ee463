//! How fast the specialists for sets, queues, stacks and counters decide, once a history is loaded.
//!
//! Eight clients are saturated: each begins its next operation as soon as one completes. The illegal histories
//! are the same with one result exchanged nine tenths in.

#![allow(missing_docs, reason = "criterion's macros write undocumented functions")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ordalia_checker::Budget;
use ordalia_checker::linearizable::{Call, Decision, Meter, Model, Task, ValueId, Values};
use ordalia_checker::models::{
    Buffer, BufferOp, Counter, CounterOp, Discipline, FifoQueue, Set, SetOp, Stack, UnorderedQueue,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

const CLIENTS: usize = 8;
const OPERATIONS: usize = 1_000_000;

/// What a client does next, in the state that the object has when it takes effect.
trait Load: Model {
    fn next(rng: &mut ChaCha8Rng, state: &Self::State, values: &mut Values) -> Self::Op;

    /// Another result.
    fn broken(op: &Self::Op, past: ValueId) -> Option<Self::Op>;
}

impl<D: Discipline> Load for Buffer<D> {
    fn next(rng: &mut ChaCha8Rng, state: &D::State, values: &mut Values) -> BufferOp {
        let takeable = if rng.random_bool(0.5) { D::takeable(state) } else { Vec::new() };
        match takeable.as_slice() {
            [] if rng.random_bool(0.01) && D::is_empty(state) => BufferOp::Empty,
            [] => BufferOp::Put(values.intern(&json!(rng.random::<u64>()))),
            some => BufferOp::Take(some[rng.random_range(0..some.len())]),
        }
    }

    fn broken(op: &BufferOp, past: ValueId) -> Option<BufferOp> {
        matches!(op, BufferOp::Take(_)).then_some(BufferOp::Take(past))
    }
}

impl Load for Set {
    fn next(rng: &mut ChaCha8Rng, state: &Self::State, values: &mut Values) -> SetOp {
        if state.is_empty() || rng.random_bool(0.5) {
            return SetOp::Add(values.intern(&json!(rng.random::<u64>())));
        }
        let asked = values.intern(&json!(if rng.random_bool(0.5) { 1 } else { 2 }));
        SetOp::Contains(asked, state.count(asked) > 0)
    }

    fn broken(op: &SetOp, past: ValueId) -> Option<SetOp> {
        matches!(op, SetOp::Contains(..)).then_some(SetOp::Contains(past, true))
    }
}

impl Load for Counter {
    fn next(rng: &mut ChaCha8Rng, state: &i128, _: &mut Values) -> CounterOp {
        match rng.random_range(0..4) {
            0 | 1 => CounterOp::Add(1),
            2 => CounterOp::AddAndGet(1, state + 1),
            _ => CounterOp::Read(*state),
        }
    }

    fn broken(op: &CounterOp, _: ValueId) -> Option<CounterOp> {
        match *op {
            CounterOp::Read(value) => Some(CounterOp::Read(value - 100)),
            _ => None,
        }
    }
}

/// A history of saturated clients, each of whose operations takes effect at a random time while it is open.
fn history<L: Load>(model: &L, broken: bool) -> Task<L> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut values = Values::default();
    let init = model.init(&mut values);
    let mut state = init.clone();
    let mut open: Vec<(u64, Option<L::Op>)> = (0..CLIENTS as u64).map(|client| (client, None)).collect();
    let mut now = CLIENTS as u64;
    let mut calls: Vec<Call<L::Op>> = Vec::with_capacity(OPERATIONS);
    while calls.len() < OPERATIONS {
        let client = &mut open[rng.random_range(0..CLIENTS)];
        let Some(op) = client.1.take() else {
            let op = L::next(&mut rng, &state, &mut values);
            state = model.step(&state, &op).expect("what took effect is legal");
            client.1 = Some(op);
            continue;
        };
        calls.push(Call { op, invoke: client.0, complete: Some(now) });
        client.0 = now + 1;
        now += 2;
    }
    calls.sort_by_key(|call| call.invoke);
    if broken {
        exchange::<L>(&mut calls, &mut values);
    }
    Task { init, calls }
}

fn exchange<L: Load>(calls: &mut [Call<L::Op>], values: &mut Values) {
    let never = values.intern(&json!("never"));
    for call in &mut calls[OPERATIONS * 9 / 10..] {
        if let Some(op) = L::broken(&call.op, never) {
            call.op = op;
            return;
        }
    }
}

fn row<L: Load>(c: &mut Criterion, model: &L) {
    let mut group = c.benchmark_group(model.name());
    group.sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(200));
    group.throughput(Throughput::Elements(OPERATIONS as u64));
    let budget = Budget { time: Duration::from_secs(60), memory_bytes: 4 << 30 };
    for (name, broken) in [("legal", false), ("one bad result", true)] {
        let task = history(model, broken);
        for specialist in model.specialists() {
            let decide = || specialist.decide(model, black_box(&task), &Meter::new(&budget));
            let decided = decide().expect("the budget suffices");
            assert!(!matches!(decided, Decision::Abstain(_)), "{} {name}", model.name());
            group.bench_function(format!("1M operations, {name}"), |bencher| bencher.iter(decide));
        }
    }
    group.finish();
}

fn collections(c: &mut Criterion) {
    row(c, &Set::new(Vec::new()));
    row(c, &FifoQueue::new(Vec::new()));
    row(c, &UnorderedQueue::new(Vec::new()));
    row(c, &Stack::new(Vec::new()));
    row(c, &Counter::new(0));
}

criterion_group!(benches, collections);
criterion_main!(benches);
