//! Clients that run against real objects, some of whose operations crash before or after their effect.

use std::fmt::Debug;

use ordalia_checker::linearizable::{Call, Model, Task, ValueId, Values};
use ordalia_checker::models::{
    Buffer, BufferOp, Counter, CounterOp, Discipline, Elements, FifoQueue, Set, SetOp, Stack, UnorderedQueue,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// The numbers of 0, 1, 2, …
pub fn values(count: usize) -> Vec<ValueId> {
    let mut values = Values::default();
    (0..count).map(|value| values.intern(&json!(value))).collect()
}

/// What clients do with an object.
pub trait World: Model + Sized {
    fn of() -> Self;

    /// What a client is about to do. `at` is the number of the call, `domain` how many values there are; of
    /// 0 each value is put in once.
    fn intend(rng: &mut ChaCha8Rng, at: usize, domain: usize) -> Self::Op;

    /// What comes of it, with its result.
    fn perform(&self, rng: &mut ChaCha8Rng, state: &Self::State, op: &Self::Op) -> Self::Op;

    /// How it is recorded where it crashes; `None` where that says nothing.
    fn crashed(op: &Self::Op) -> Option<Self::Op>;

    /// The operation with another result.
    fn mutated(rng: &mut ChaCha8Rng, op: &Self::Op, values: &[ValueId]) -> Self::Op;

    /// Operations for exhaustive histories.
    fn alphabet() -> Vec<Self::Op>;

    /// The object at first.
    fn first() -> Self::State {
        Self::of().init(&mut Values::default())
    }
}

fn any<T: Copy>(rng: &mut ChaCha8Rng, from: &[T]) -> T {
    from[rng.random_range(0..from.len())]
}

fn value(rng: &mut ChaCha8Rng, at: usize, domain: usize) -> ValueId {
    let values = values(domain.max(at + 1));
    if domain == 0 { values[at] } else { values[rng.random_range(0..domain)] }
}

impl<D: Discipline> World for Buffer<D> {
    fn of() -> Self {
        Self::new(Vec::new())
    }

    fn intend(rng: &mut ChaCha8Rng, at: usize, domain: usize) -> BufferOp {
        if rng.random_bool(0.5) { BufferOp::Put(value(rng, at, domain)) } else { BufferOp::TakeUnknown }
    }

    fn perform(&self, rng: &mut ChaCha8Rng, state: &D::State, op: &BufferOp) -> BufferOp {
        match op {
            BufferOp::TakeUnknown if D::is_empty(state) => BufferOp::Empty,
            BufferOp::TakeUnknown => BufferOp::Take(any(rng, &D::takeable(state))),
            other => *other,
        }
    }

    fn crashed(op: &BufferOp) -> Option<BufferOp> {
        Some(if matches!(op, BufferOp::Put(_)) { *op } else { BufferOp::TakeUnknown })
    }

    fn mutated(rng: &mut ChaCha8Rng, op: &BufferOp, values: &[ValueId]) -> BufferOp {
        match op {
            BufferOp::Take(_) if rng.random_bool(0.2) => BufferOp::Empty,
            BufferOp::Take(_) | BufferOp::Empty => BufferOp::Take(any(rng, values)),
            other => *other,
        }
    }

    fn alphabet() -> Vec<BufferOp> {
        let v = values(2);
        let both = v.iter().flat_map(|value| [BufferOp::Put(*value), BufferOp::Take(*value)]);
        both.chain([BufferOp::Empty, BufferOp::TakeUnknown]).collect()
    }
}

impl World for Set {
    fn of() -> Self {
        Set::new(Vec::new())
    }

    fn intend(rng: &mut ChaCha8Rng, at: usize, domain: usize) -> SetOp {
        let element = value(rng, at, domain);
        let (seen, removes) = (value(rng, rng.clone().random_range(0..=at), domain), domain % 2 == 1);
        match rng.random_range(0..5) {
            0 => SetOp::Read(Elements::new(Vec::new())),
            1 => SetOp::Contains(seen, true),
            2 if removes => SetOp::Remove(element),
            _ => SetOp::Add(element),
        }
    }

    fn perform(&self, _: &mut ChaCha8Rng, state: &Self::State, op: &SetOp) -> SetOp {
        match op {
            SetOp::Read(_) => SetOp::Read(Elements::new(state.iter().collect())),
            SetOp::Contains(element, _) => SetOp::Contains(*element, state.count(*element) > 0),
            other => other.clone(),
        }
    }

    fn crashed(op: &SetOp) -> Option<SetOp> {
        matches!(op, SetOp::Add(_) | SetOp::Remove(_)).then(|| op.clone())
    }

    fn mutated(rng: &mut ChaCha8Rng, op: &SetOp, values: &[ValueId]) -> SetOp {
        match op {
            SetOp::Contains(element, held) => SetOp::Contains(*element, !held),
            SetOp::Read(elements) => {
                let mut list = elements.list().to_vec();
                if rng.random_bool(0.5) && !list.is_empty() {
                    list.swap_remove(rng.random_range(0..list.len()));
                } else {
                    list.push(any(rng, values));
                }
                SetOp::Read(Elements::new(list))
            }
            other => other.clone(),
        }
    }

    fn alphabet() -> Vec<SetOp> {
        let v = values(2);
        let read = |elements: &[ValueId]| SetOp::Read(Elements::new(elements.to_vec()));
        vec![
            SetOp::Add(v[0]),
            SetOp::Add(v[1]),
            SetOp::Remove(v[0]),
            SetOp::Contains(v[0], true),
            SetOp::Contains(v[1], false),
            read(&[]),
            read(&v[..1]),
            read(&v),
        ]
    }
}

impl World for Counter {
    fn of() -> Self {
        Counter::new(0)
    }

    /// The domain is how many deltas there are; of an odd one they have both signs.
    fn intend(rng: &mut ChaCha8Rng, _: usize, domain: usize) -> CounterOp {
        let span = domain.max(1) as i128;
        let delta = if span == 1 { 1 } else { rng.random_range(0..=span) };
        let delta = if domain % 2 == 1 && domain > 1 { delta - span / 2 } else { delta };
        match rng.random_range(0..4) {
            0 => CounterOp::Read(0),
            1 => CounterOp::AddAndGet(delta, 0),
            _ => CounterOp::Add(delta),
        }
    }

    fn perform(&self, _: &mut ChaCha8Rng, state: &i128, op: &CounterOp) -> CounterOp {
        match *op {
            CounterOp::Read(_) => CounterOp::Read(*state),
            CounterOp::AddAndGet(delta, _) => CounterOp::AddAndGet(delta, state + delta),
            add => add,
        }
    }

    fn crashed(op: &CounterOp) -> Option<CounterOp> {
        match *op {
            CounterOp::Read(_) => None,
            CounterOp::Add(delta) | CounterOp::AddAndGet(delta, _) => Some(CounterOp::Add(delta)),
        }
    }

    fn mutated(rng: &mut ChaCha8Rng, op: &CounterOp, _: &[ValueId]) -> CounterOp {
        let by = any(rng, &[-2, -1, 1, 2]);
        match *op {
            CounterOp::Read(value) => CounterOp::Read(value + by),
            CounterOp::AddAndGet(delta, left) => CounterOp::AddAndGet(delta, left + by),
            add => add,
        }
    }

    fn alphabet() -> Vec<CounterOp> {
        use CounterOp::{Add, AddAndGet, Read};
        vec![
            Add(1),
            Add(2),
            Add(-1),
            AddAndGet(1, 1),
            AddAndGet(1, 2),
            AddAndGet(0, 1),
            Read(0),
            Read(1),
            Read(2),
        ]
    }
}

/// What a history is like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub clients: usize,
    pub count: usize,
    pub domain: usize,
    /// How likely an operation crashes.
    pub crashes: f64,
}

/// A legal history.
pub fn simulate<W: World>(rng: &mut ChaCha8Rng, shape: Shape) -> Task<W> {
    let (model, mut state) = (W::of(), W::first());
    let mut calls: Vec<Call<W::Op>> = Vec::new();
    let mut silent = Vec::new();
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut now = 0;
    while calls.len() < shape.count || !open.is_empty() {
        now += 1;
        if calls.len() < shape.count && open.len() < shape.clients && rng.random_bool(0.5) {
            open.push((calls.len(), false));
            let op = W::intend(rng, calls.len(), shape.domain);
            calls.push(Call { op, invoke: now, complete: None });
            continue;
        }
        if open.is_empty() {
            continue;
        }
        let at = rng.random_range(0..open.len());
        let (call, taken) = open[at];
        let op = calls[call].op.clone();
        if taken {
            calls[call].complete = Some(now);
            open.swap_remove(at);
        } else if rng.random_bool(shape.crashes) {
            // It crashes: with its effect now, or never.
            match W::crashed(&op) {
                Some(crashed) => {
                    if rng.random_bool(0.5) {
                        state = model.step(&state, &crashed).unwrap_or(state);
                    }
                    calls[call].op = crashed;
                }
                None => silent.push(call),
            }
            open.swap_remove(at);
        } else {
            calls[call].op = model.perform(rng, &state, &op);
            state = model.step(&state, &calls[call].op).expect("what is performed is legal");
            open[at].1 = true;
        }
    }
    let kept = calls.into_iter().enumerate().filter(|(at, _)| !silent.contains(at));
    Task { init: W::first(), calls: kept.map(|(_, call)| call).collect() }
}

/// Gives one completed operation another result.
pub fn mutate<W: World>(rng: &mut ChaCha8Rng, task: &mut Task<W>) {
    let completed: Vec<usize> =
        (0..task.calls.len()).filter(|call| task.calls[*call].complete.is_some()).collect();
    if completed.is_empty() {
        return;
    }
    let at = any(rng, &completed);
    let values = values(task.calls.len());
    task.calls[at].op = W::mutated(rng, &task.calls[at].op, &values);
}

/// Worlds by name, for messages.
pub fn name<W: World>() -> &'static str {
    W::of().name()
}

/// Runs a test for each model of this file.
pub fn each(test: &impl Tests) {
    test.run::<Set>();
    test.run::<FifoQueue>();
    test.run::<UnorderedQueue>();
    test.run::<Stack>();
    test.run::<Counter>();
}

/// A test of any world.
pub trait Tests: Debug {
    fn run<W: World>(&self);
}
