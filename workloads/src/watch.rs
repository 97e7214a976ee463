//! Watches: some clients set a few nodes again and again, and all look at what their watches of them told.
//!
//! In the end every client looks, so that its watches are set for certain, sets something, and then looks once a second for
//! a while, so that its sessions live, and what was set last has time to be told.

use ordalia_checker::{Availability, Checker, Recovery, Stats, properties};
use ordalia_history::{Event, Value};
use ordalia_node::{
    Answer, CoordinationAnswer, CoordinationRequest, RecipeAnswer, RecipeRequest, Request, RequestKind,
};
use ordalia_workload::generators::{self, Dialogue};
use ordalia_workload::{Completion, Generator, Op, Reply, Thread, Workload, WorkloadSettings};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::keys::{Keys, key, owner, rng};
use crate::settings::{key_text, paced, request_key};

/// The name on the command line.
pub(crate) const NAME: &str = "watch";

/// The kinds of request that it asks.
pub(crate) const ASKS: &[RequestKind] = &[RequestKind::Watch, RequestKind::Coordination];

/// Of a hundred operations so many set.
const WRITES: u32 = 35;

/// How often each client looks in the end, and how long apart: longer in all than a change may take to be told.
const LOOKS: u64 = 8;
const APART_NS: u64 = 1_000_000_000;

/// The workload.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    settings: WorkloadSettings,
    keys: Keys,
}

impl Watch {
    /// The workload with these settings. Few operations on each node, for every look tells all that went before.
    pub fn new(settings: &WorkloadSettings) -> Self {
        Self { settings: *settings, keys: Keys::new(3, 400, settings) }
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
        if choice >= WRITES {
            return Some(look(number));
        }
        let value = json!(format!("{}.{}", self.thread, self.done));
        Some(Op { f: "write", key: Some(key(number)), value })
    }
}

fn look(number: u64) -> Op {
    Op { f: "watch_log", key: Some(key(number)), value: Value::Null }
}

/// What a thread sets when all have looked: of the last nodes one.
fn last_write(last: std::ops::Range<u64>, thread: Thread) -> Op {
    let number = last.start + thread as u64 % last.end.saturating_sub(last.start).max(1);
    Op { f: "write", key: Some(key(number)), value: json!(format!("{thread}.last")) }
}

impl Workload for Watch {
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

    fn closing(&self, invoked: u64) -> Box<dyn Generator> {
        let last = self.keys.last(invoked);
        Box::new(generators::each_thread(move |thread| {
            let round = |last: std::ops::Range<u64>| -> Vec<Box<dyn Generator>> {
                vec![Box::new(generators::ops(last.map(look))), Box::new(generators::sleep(APART_NS))]
            };
            let mut phases = round(last.clone());
            phases.push(Box::new(generators::ops(std::iter::once(last_write(last.clone(), thread)))));
            phases.extend((0..LOOKS).flat_map(|_| round(last.clone())));
            generators::phases(phases)
        }))
    }

    fn request(&self, op: &Op) -> Request {
        self.request_of(op, 0)
    }

    fn request_of(&self, op: &Op, process: u64) -> Request {
        match op.f {
            "write" => Request::Coordination(CoordinationRequest::SimpleSet {
                path: format!("/w/{}", key_text(op)),
                value: op.value.clone(),
            }),
            _ => Request::Recipe(RecipeRequest::WatchLog { key: request_key(op), owner: owner(process) }),
        }
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        match (request, reply) {
            (
                Request::Coordination(_),
                Reply::Answer(Answer::Coordination(CoordinationAnswer::SetDone { stat })),
            ) => Completion::ok(stat.version.into()),
            (
                Request::Recipe(RecipeRequest::WatchLog { owner, .. }),
                Reply::Answer(Answer::Recipe(RecipeAnswer::Seen { versions })),
            ) => Completion::ok(json!({"owner": owner, "versions": versions})),
            (_, reply) => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        vec![
            Box::new(properties::Watch::default()),
            Box::new(properties::SessionsKept::default()),
            Box::new(Stats::default().expecting(["write", "watch_log"])),
            Box::new(Availability::default()),
            Box::new(Recovery::default()),
        ]
    }
}
