//! Queues: elements come out in the order in which they went in, each once, and none is left in the end.

use ordalia_checker::linearizable::Linearizable;
use ordalia_checker::{Availability, Checker, Recovery, Stats, models, properties};
use ordalia_history::{Event, EventType, OpError, Value};
use ordalia_node::{Answer, ErrorCode, RecipeAnswer, RecipeRequest, Refusal, Request, RequestKind};
use ordalia_workload::generators::{self, Dialogue};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, WorkloadSettings};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::keys::{Keys, key, rng};
use crate::settings::{paced, request_key};

/// The name on the command line.
pub(crate) const NAME: &str = "queue";

/// The kinds of request that it asks.
pub(crate) const ASKS: &[RequestKind] = &[RequestKind::Queue];

/// Of a hundred operations so many enqueue: fewer than dequeue, so that queues stay short and are found empty.
const ENQUEUES: u32 = 48;

/// The error of a dequeue that found nothing, which the checkers take for an observation.
const EMPTY: &str = "empty";

/// The workload.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    settings: WorkloadSettings,
    keys: Keys,
}

impl Queue {
    /// The workload with these settings.
    pub fn new(settings: &WorkloadSettings) -> Self {
        Self { settings: *settings, keys: Keys::new(4, 100, settings) }
    }
}

/// What one thread does.
struct Talk {
    rng: ChaCha8Rng,
    keys: Keys,
    thread: usize,
    /// How many operations there were.
    done: u64,
}

impl Dialogue for Talk {
    fn next(&mut self, _: Option<&Event>) -> Option<Op> {
        let number = self.keys.draw(self.done, &mut self.rng);
        let choice = self.rng.random_range(0..100);
        self.done += 1;
        if choice >= ENQUEUES {
            return Some(dequeue(number));
        }
        let value = json!(format!("{}.{}", self.thread, self.done));
        Some(Op { f: "enqueue", key: Some(key(number)), value })
    }
}

fn dequeue(number: u64) -> Op {
    Op { f: "dequeue", key: Some(key(number)), value: Value::Null }
}

/// One thread's share of the queues, each dequeued until it is found empty.
struct Drain {
    left: std::iter::StepBy<std::ops::Range<u64>>,
    present: Option<u64>,
}

impl Dialogue for Drain {
    fn next(&mut self, last: Option<&Event>) -> Option<Op> {
        let found = |last: &Event| last.error.as_ref().is_some_and(|error| error.kind == EMPTY);
        if self.present.is_none() || last.is_some_and(|last| last.kind == EventType::Fail && found(last)) {
            self.present = self.left.next();
        }
        self.present.map(dequeue)
    }
}

impl Workload for Queue {
    fn name(&self) -> &'static str {
        NAME
    }

    fn asks(&self) -> &'static [RequestKind] {
        ASKS
    }

    fn load(&self) -> Box<dyn Generator> {
        let Self { settings, keys } = *self;
        let talk = move |thread| Talk { rng: rng(settings.seed, thread), keys, thread, done: 0 };
        paced(&settings, generators::dialogues(talk))
    }

    /// Drains all queues.
    fn closing(&self, invoked: u64) -> Box<dyn Generator> {
        let (used, threads) = (self.keys.used(invoked), self.keys.threads);
        let drain = move |thread| Drain { left: (thread as u64..used).step_by(threads), present: None };
        Box::new(generators::dialogues(drain))
    }

    fn request(&self, op: &Op) -> Request {
        let key = request_key(op);
        Request::Recipe(match op.f {
            "enqueue" => RecipeRequest::Enqueue { key, value: op.value.clone() },
            _ => RecipeRequest::Dequeue { key },
        })
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        match (op.f, reply) {
            ("enqueue", Reply::Answer(Answer::Recipe(RecipeAnswer::Enqueued))) => {
                Completion::ok(op.value.clone())
            }
            ("dequeue", Reply::Answer(Answer::Recipe(RecipeAnswer::Dequeued { value }))) => {
                Completion::ok(value)
            }
            ("dequeue", Reply::Refused(Refusal { code: ErrorCode::KeyDoesNotExist, text })) => {
                Completion::fail(Value::Null, OpError::with_text(EMPTY, text))
            }
            (_, reply) => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        vec![
            Box::new(Linearizable::new(models::FifoQueue::default())),
            Box::new(properties::TotalQueue { crashed_take: true, ..properties::TotalQueue::default() }),
            Box::new(Stats::default().expecting(["enqueue", "dequeue"])),
            Box::new(Availability::default()),
            Box::new(Recovery::default()),
        ]
    }
}
