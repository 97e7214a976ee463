//! How fast histories of one cas-register with five values are judged.
//!
//! The clients are saturated: each begins its next operation as soon as one completes.

#![allow(missing_docs, reason = "criterion's macros write undocumented functions")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ordalia_checker::models::Register;
use ordalia_checker::{Budget, Checker, History, Linearizable, Verdict};
use ordalia_history::{Event, EventType, OpError, Process};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// What a history is to be like.
#[derive(Clone, Copy)]
struct Shape {
    name: &'static str,
    clients: usize,
    operations: usize,
    values: i64,
    /// How many mutators crash, evenly spread.
    crashed: usize,
    /// Whether a read nine tenths into the history returns a value that is never written.
    broken: bool,
    verdict: Verdict,
}

const BASE: Shape = Shape {
    name: "",
    clients: 10,
    operations: 10_000,
    values: 5,
    crashed: 0,
    broken: false,
    verdict: Verdict::Valid,
};

fn shapes() -> Vec<Shape> {
    let unique = 1_000_000;
    vec![
        Shape { name: "10 clients, 10k, legal", ..BASE },
        Shape { name: "10 clients, 10k, bad read", broken: true, verdict: Verdict::Invalid, ..BASE },
        Shape { name: "20 clients, 1k, legal", clients: 20, operations: 1_000, ..BASE },
        Shape { name: "5 clients, 100k, legal", clients: 5, operations: 100_000, ..BASE },
        Shape { name: "10 clients, 10k, many values, legal", values: unique, ..BASE },
        Shape {
            name: "10 clients, 10k, many values, bad read",
            values: unique,
            broken: true,
            verdict: Verdict::Invalid,
            ..BASE
        },
        Shape {
            name: "5 clients, 1k, 10 crashed, legal",
            clients: 5,
            operations: 1_000,
            crashed: 10,
            ..BASE
        },
        Shape {
            name: "5 clients, 300, 5 crashed, bad read",
            clients: 5,
            operations: 300,
            crashed: 5,
            broken: true,
            verdict: Verdict::Invalid,
            ..BASE
        },
    ]
}

/// A client's operation that is under way.
struct Open {
    process: u64,
    f: &'static str,
    input: Value,
    /// The result, once it took effect.
    result: Option<(EventType, Value)>,
    crashes: bool,
}

/// A register that is operated on, and what is recorded of it.
struct World {
    rng: ChaCha8Rng,
    shape: Shape,
    state: Value,
    events: Vec<Event>,
    invoked: usize,
    next_process: u64,
}

impl World {
    fn record(&mut self, open: &Open, kind: EventType, value: Value) {
        let index = self.events.len() as u64;
        let error = (kind == EventType::Fail).then(|| OpError::new("precondition-failed"));
        self.events.push(Event {
            index,
            time: index * 10_000,
            process: Process::Client(open.process),
            kind,
            f: open.f.into(),
            key: None,
            value,
            error,
            node: None,
            intended: None,
        });
    }

    fn invoke(&mut self, process: u64) -> Open {
        let mut pick = || json!(self.rng.random_range(0..self.shape.values));
        let (a, b) = (pick(), pick());
        let (mut f, mut input) = match self.rng.random_range(0..3) {
            0 => ("read", Value::Null),
            1 => ("write", a),
            // Of many values hardly any would be the right one by chance.
            _ if self.shape.values > 100 => ("cas", json!([self.state, b])),
            _ => ("cas", json!([a, b])),
        };
        self.invoked += 1;
        let every = self.shape.operations.checked_div(self.shape.crashed).unwrap_or(usize::MAX);
        let crashes = self.invoked.is_multiple_of(every);
        if crashes {
            (f, input) = ("write", json!(self.invoked as i64 % self.shape.values));
        }
        let open = Open { process, f, input: input.clone(), result: None, crashes };
        self.record(&open, EventType::Invoke, input);
        open
    }

    fn take_effect(&mut self, open: &mut Open) {
        open.result = Some(match open.f {
            "read" if self.shape.broken && self.invoked * 10 >= self.shape.operations * 9 => {
                self.shape.broken = false;
                (EventType::Ok, json!("never"))
            }
            "read" => (EventType::Ok, self.state.clone()),
            "write" => {
                self.state = open.input.clone();
                (EventType::Ok, open.input.clone())
            }
            _ if open.input[0] == self.state => {
                self.state = open.input[1].clone();
                (EventType::Ok, open.input.clone())
            }
            _ => (EventType::Fail, open.input.clone()),
        });
    }
}

fn history(shape: Shape) -> History {
    let rng = ChaCha8Rng::seed_from_u64(7);
    let next_process = shape.clients as u64;
    let mut world = World { rng, shape, state: Value::Null, events: Vec::new(), invoked: 0, next_process };
    let mut open: Vec<Open> = (0..next_process).map(|process| world.invoke(process)).collect();
    while !open.is_empty() {
        let at = world.rng.random_range(0..open.len());
        let Some((kind, value)) = open[at].result.take() else {
            // Half of the crashed writes never take effect.
            if !open[at].crashes || world.rng.random_bool(0.5) {
                world.take_effect(&mut open[at]);
            } else {
                open[at].result = Some((EventType::Info, Value::Null));
            }
            continue;
        };
        let done = open.swap_remove(at);
        let kind = if done.crashes { EventType::Info } else { kind };
        world.record(&done, kind, value);
        let mut process = done.process;
        if done.crashes {
            process = world.next_process;
            world.next_process += 1;
        }
        if world.invoked < shape.operations {
            open.push(world.invoke(process));
        }
    }
    History::new(world.events).expect("the recorded events are a history")
}

fn judge(history: &History) -> Verdict {
    let budget = Budget { time: Duration::from_secs(60), memory_bytes: 8 << 30 };
    Linearizable::new(Register::with_cas(Value::Null)).check(history, &budget).valid
}

fn cas_register(c: &mut Criterion) {
    let mut group = c.benchmark_group("cas-register");
    group.sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(200));
    for shape in shapes() {
        let history = history(shape);
        let verdict = judge(&history);
        assert_eq!(verdict, shape.verdict, "{}", shape.name);
        group.throughput(Throughput::Elements(shape.operations as u64));
        group.bench_function(shape.name, |bencher| {
            bencher.iter_batched(|| (), |()| judge(black_box(&history)), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, cas_register);
criterion_main!(benches);
