//! Reads after a `sync`: a node that reads by itself must know by then what was acknowledged before.
//!
//! Some threads write, the others ask their node to sync and read there right afterwards. With `--reads local` all nodes must
//! take clients themselves (`--ensemble` no less than the nodes): an agent may put the two to different members.

use ordalia_checker::{Availability, Checker, Recovery, Stats, properties};
use ordalia_history::{Event, EventType, Value};
use ordalia_node::{
    Answer, CoordinationAnswer, CoordinationRequest, ErrorCode, Refusal, Request, RequestKind,
};
use ordalia_workload::generators::{self, Dialogue};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, WorkloadSettings};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::keys::{key, rng};
use crate::settings::{key_text, paced};

/// The name on the command line.
pub(crate) const NAME: &str = "synced";

/// The kinds of request that it asks.
pub(crate) const ASKS: &[RequestKind] = &[RequestKind::Coordination];

/// How many nodes are written and read.
const KEYS: u64 = 4;

/// Of a hundred turns so many are writes; the others are a sync and a read.
const WRITES: u32 = 40;

/// How often each key is read in the end.
const LOOKS: u64 = 2;

/// The workload.
#[derive(Clone, Copy, Debug)]
pub struct Synced {
    settings: WorkloadSettings,
}

impl Synced {
    /// The workload with these settings.
    pub fn new(settings: &WorkloadSettings) -> Self {
        Self { settings: *settings }
    }
}

/// What one thread does.
struct Talk {
    rng: ChaCha8Rng,
    thread: usize,
    /// How many operations there were.
    done: u64,
}

fn sync() -> Op {
    Op { f: "sync", key: None, value: Value::Null }
}

fn read(number: u64) -> Op {
    Op { f: "read", key: Some(key(number)), value: Value::Null }
}

/// Whether that was a sync that was ok, after which it is time to read.
fn is_synced(last: &Event) -> bool {
    last.f == "sync" && last.kind == EventType::Ok
}

impl Dialogue for Talk {
    fn next(&mut self, last: Option<&Event>) -> Option<Op> {
        self.done += 1;
        let number = self.rng.random_range(0..KEYS);
        let choice = self.rng.random_range(0..100);
        Some(match last {
            Some(last) if is_synced(last) => read(number),
            _ if choice < WRITES => {
                let value = json!(format!("{}.{}", self.thread, self.done));
                Op { f: "write", key: Some(key(number)), value }
            }
            _ => sync(),
        })
    }
}

impl Workload for Synced {
    fn name(&self) -> &'static str {
        NAME
    }

    fn asks(&self) -> &'static [RequestKind] {
        ASKS
    }

    fn load(&self) -> Box<dyn Generator> {
        let settings = self.settings;
        let talk = move |thread| Talk { rng: rng(settings.seed, thread), thread, done: 0 };
        paced(&settings, generators::dialogues(talk))
    }

    /// Reads everything once more, each after a sync.
    fn closing(&self, _: u64) -> Box<dyn Generator> {
        let ops = (0..KEYS * LOOKS).flat_map(|number| [sync(), read(number % KEYS)]);
        Box::new(generators::on_threads(|thread| thread == 0, generators::ops(ops)))
    }

    fn request(&self, op: &Op) -> Request {
        let path = || format!("/s/{}", key_text(op));
        Request::Coordination(match op.f {
            "write" => CoordinationRequest::SimpleSet { path: path(), value: op.value.clone() },
            "sync" => CoordinationRequest::Sync {},
            _ => CoordinationRequest::Get { path: path(), watch: None, session: None },
        })
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        use CoordinationAnswer::{Got, SetDone, Synced};
        match (op.f, reply) {
            ("write", Reply::Answer(Answer::Coordination(SetDone { stat }))) => {
                Completion::ok(stat.version.into())
            }
            ("sync", Reply::Answer(Answer::Coordination(Synced { zxid }))) => Completion::ok(zxid.into()),
            ("read", Reply::Answer(Answer::Coordination(Got { value, stat }))) => {
                Completion::ok(vec![value, stat.version.into()].into())
            }
            // A node that was never set is not there, which is an answer.
            ("read", Reply::Refused(Refusal { code: ErrorCode::KeyDoesNotExist, .. })) => {
                Completion::ok(Value::Null)
            }
            (_, reply) => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        vec![
            Box::new(properties::Synced),
            Box::new(Stats::default().expecting(["write", "sync", "read"])),
            Box::new(Availability::default()),
            Box::new(Recovery::default()),
        ]
    }
}
