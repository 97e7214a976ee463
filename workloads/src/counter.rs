//! Counters: each addition tells the value after it, and none is lost or made twice.

use ordalia_checker::linearizable::Linearizable;
use ordalia_checker::{Availability, Checker, Recovery, Stats, models, properties};
use ordalia_history::{Event, Value};
use ordalia_node::{Answer, RecipeAnswer, RecipeRequest, Request, RequestKind};
use ordalia_workload::generators::{self, Dialogue};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, WorkloadSettings};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::keys::{Keys, key, rng};
use crate::settings::{paced, request_key};

/// The name on the command line.
pub(crate) const NAME: &str = "counter";

/// The kinds of request that it asks.
pub(crate) const ASKS: &[RequestKind] = &[RequestKind::Counter];

/// Of a hundred operations so many are reads.
const READS: u32 = 30;

/// The workload.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    settings: WorkloadSettings,
    keys: Keys,
}

impl Counter {
    /// The workload with these settings.
    pub fn new(settings: &WorkloadSettings) -> Self {
        Self { settings: *settings, keys: Keys::new(4, 300, settings) }
    }
}

/// What one thread does.
struct Talk {
    rng: ChaCha8Rng,
    keys: Keys,
    /// How many operations there were.
    done: u64,
}

impl Dialogue for Talk {
    fn next(&mut self, _: Option<&Event>) -> Option<Op> {
        let number = self.keys.draw(self.done, &mut self.rng);
        let f = if self.rng.random_range(0..100) < READS { "read" } else { "increment" };
        self.done += 1;
        Some(Op { f, key: Some(key(number)), value: Value::Null })
    }
}

impl Workload for Counter {
    fn name(&self) -> &'static str {
        NAME
    }

    fn asks(&self) -> &'static [RequestKind] {
        ASKS
    }

    fn load(&self) -> Box<dyn Generator> {
        let Self { settings, keys } = *self;
        let talk = move |thread| Talk { rng: rng(settings.seed, thread), keys, done: 0 };
        paced(&settings, generators::dialogues(talk))
    }

    /// Reads every counter.
    fn closing(&self, invoked: u64) -> Box<dyn Generator> {
        let read = |number| Op { f: "read", key: Some(key(number)), value: Value::Null };
        Box::new(generators::ops((0..self.keys.used(invoked)).map(read)))
    }

    fn request(&self, op: &Op) -> Request {
        let key = request_key(op);
        Request::Recipe(match op.f {
            "increment" => RecipeRequest::Add { key, delta: 1 },
            _ => RecipeRequest::Total { key },
        })
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        match (op.f, reply) {
            ("increment", Reply::Answer(Answer::Recipe(RecipeAnswer::Added { value })))
            | ("read", Reply::Answer(Answer::Recipe(RecipeAnswer::TotalIs { value }))) => {
                Completion::ok(value.into())
            }
            (_, reply) => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        vec![
            Box::new(Linearizable::new(models::Counter::new(0))),
            Box::new(properties::Counter { initial: 0 }),
            Box::new(Stats::default().expecting(["increment", "read"])),
            Box::new(Availability::default()),
            Box::new(Recovery::default()),
        ]
    }
}
