//! Registers with versions: nodes of the tree that are read, set, and set at a version only.
//!
//! A cas names the version that its thread saw last, so it mostly succeeds where threads do not meet, and is refused
//! where they do. Every other one stands in a `multi`, whose versions must be compared like any others.

use std::collections::BTreeMap;

use ordalia_checker::{Availability, Checker, Recovery, Stats, models};
use ordalia_history::{Event, EventType, Value};
use ordalia_node::{
    Answer, CoordinationAnswer, CoordinationRequest, ErrorCode, Refusal, Request, RequestKind, WriteOp,
};
use ordalia_workload::generators::{self, Dialogue};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, WorkloadSettings};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::keys::{Keys, key, rng};
use crate::settings::{key_text, paced};

/// The name on the command line.
pub(crate) const NAME: &str = "versions";

/// The kinds of request that it asks.
pub(crate) const ASKS: &[RequestKind] = &[RequestKind::Coordination];

/// Of a hundred operations so many are reads, and so many writes; the others are cas.
const READS: u32 = 40;
const WRITES: u32 = 30;

/// The workload.
#[derive(Clone, Copy, Debug)]
pub struct Versions {
    settings: WorkloadSettings,
    keys: Keys,
}

impl Versions {
    /// The workload with these settings.
    pub fn new(settings: &WorkloadSettings) -> Self {
        Self { settings: *settings, keys: Keys::new(8, 300, settings) }
    }
}

/// What one thread does.
struct Talk {
    rng: ChaCha8Rng,
    keys: Keys,
    thread: usize,
    /// How many operations there were.
    done: u64,
    /// The version of each object that was seen last.
    seen: BTreeMap<String, u64>,
}

impl Talk {
    fn hear(&mut self, last: &Event) {
        let version = match &*last.f {
            "read" => last.value.get(1),
            _ => Some(&last.value),
        };
        let seen = version.filter(|_| last.kind == EventType::Ok).and_then(Value::as_u64);
        if let Some((name, version)) = last.key.as_ref().and_then(Value::as_str).zip(seen) {
            self.seen.insert(name.to_owned(), version);
        }
    }
}

impl Dialogue for Talk {
    fn next(&mut self, last: Option<&Event>) -> Option<Op> {
        if let Some(last) = last {
            self.hear(last);
        }
        let number = self.keys.draw(self.done, &mut self.rng);
        let choice = self.rng.random_range(0..100);
        self.done += 1;
        // No value is written twice, so that a read tells which write it saw.
        let value = json!(format!("{}.{}", self.thread, self.done));
        let key = key(number);
        let known = key.as_str().and_then(|name| self.seen.get(name)).copied();
        let (f, value) = match known {
            _ if choice < READS => ("read", Value::Null),
            Some(version) if choice >= READS + WRITES => ("cas", json!([version, value])),
            _ => ("write", value),
        };
        Some(Op { f, key: Some(key), value })
    }
}

impl Workload for Versions {
    fn name(&self) -> &'static str {
        NAME
    }

    fn asks(&self) -> &'static [RequestKind] {
        ASKS
    }

    fn load(&self) -> Box<dyn Generator> {
        let Self { settings, keys } = *self;
        let talk = move |thread| Talk {
            rng: rng(settings.seed, thread),
            keys,
            thread,
            done: 0,
            seen: BTreeMap::new(),
        };
        paced(&settings, generators::dialogues(talk))
    }

    /// Reads the objects that were in use last, forth and back.
    fn closing(&self, invoked: u64) -> Box<dyn Generator> {
        let last = self.keys.last(invoked);
        let read = |number| Op { f: "read", key: Some(key(number)), value: Value::Null };
        Box::new(generators::ops(last.clone().chain(last.rev()).map(read)))
    }

    fn request(&self, op: &Op) -> Request {
        let path = format!("/r/{}", key_text(op));
        let argument = |at: usize| op.value.get(at).cloned().unwrap_or_default();
        Request::Coordination(match op.f {
            "write" => CoordinationRequest::SimpleSet { path, value: op.value.clone() },
            "cas" if argument(0).as_u64().is_some_and(|version| version % 2 == 1) => {
                CoordinationRequest::Multi {
                    ops: vec![WriteOp::Set { path, value: argument(1), version: argument(0).as_u64() }],
                    session: None,
                    seq: None,
                }
            }
            "cas" => CoordinationRequest::Set {
                path,
                value: argument(1),
                version: argument(0).as_u64(),
                session: None,
                seq: None,
            },
            _ => CoordinationRequest::Get { path, watch: None, session: None },
        })
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        use CoordinationAnswer::{Got, MultiDone, SetDone};
        match (op.f, reply) {
            ("read", Reply::Answer(Answer::Coordination(Got { value, stat }))) => {
                Completion::ok(vec![value, stat.version.into()].into())
            }
            // A node that was never set is not there, which is an answer.
            ("read", Reply::Refused(Refusal { code: ErrorCode::KeyDoesNotExist, .. })) => {
                Completion::ok(Value::Null)
            }
            ("write" | "cas", Reply::Answer(Answer::Coordination(SetDone { stat }))) => {
                Completion::ok(stat.version.into())
            }
            ("cas", Reply::Answer(Answer::Coordination(MultiDone { results }))) => match results.as_slice() {
                [SetDone { stat }] => Completion::ok(stat.version.into()),
                _ => {
                    let reply = Reply::Answer(Answer::Coordination(MultiDone { results }));
                    Completion::unanswered(op, request, reply)
                }
            },
            (_, reply) => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        vec![
            models::VersionedRegister::default().checker(),
            Box::new(Stats::default().expecting(["read", "write", "cas"])),
            Box::new(Availability::default()),
            Box::new(Recovery::default()),
        ]
    }
}
