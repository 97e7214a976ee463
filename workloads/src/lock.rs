//! Locks with fencing tokens: who got one gives it back, with the token that came with it.
//!
//! A lock is lost with its session, so a hold may end before its release. What must hold all the same: tokens rise
//! with every holder, and whoever gave a lock back had it all the time.

use ordalia_checker::models::LapsingLock;
use ordalia_checker::{Availability, Checker, Recovery};
use ordalia_history::{Event, EventType, Value};
use ordalia_node::{Answer, RecipeAnswer, RecipeRequest, Request, RequestKind};
use ordalia_workload::generators::{self, Dialogue};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, WorkloadSettings};
use rand_chacha::ChaCha8Rng;

use crate::keys::{Keys, key, owner, rng};
use crate::settings::{is_gone, paced, request_key, seldom};

/// The name on the command line.
pub(crate) const NAME: &str = "lock";

/// The kinds of request that it asks.
pub(crate) const ASKS: &[RequestKind] = &[RequestKind::Lock];

/// The workload.
#[derive(Clone, Copy, Debug)]
pub struct Lock {
    settings: WorkloadSettings,
    keys: Keys,
}

impl Lock {
    /// The workload with these settings: a lock for every two clients, for who waits is given up after a while.
    pub fn new(settings: &WorkloadSettings) -> Self {
        let locks = (settings.threads as u64).div_ceil(2).max(1);
        Self { settings: *settings, keys: Keys::new(locks, 300, settings) }
    }
}

/// What one thread does.
struct Talk {
    rng: ChaCha8Rng,
    keys: Keys,
    /// How many operations there were.
    done: u64,
}

/// The release that an operation's end calls for: after an acquire that was ok, and after a release that did not
/// happen and may yet.
fn release(last: &Event) -> Option<Op> {
    let token = match (&*last.f, last.kind) {
        ("acquire", EventType::Ok) => last.value.clone(),
        ("release", EventType::Fail) if !is_gone(last) => last.value.clone(),
        _ => return None,
    };
    Some(Op { f: "release", key: last.key.clone(), value: token })
}

impl Dialogue for Talk {
    fn next(&mut self, last: Option<&Event>) -> Option<Op> {
        self.done += 1;
        if let Some(release) = last.and_then(release) {
            return Some(release);
        }
        let number = self.keys.draw(self.done, &mut self.rng);
        Some(Op { f: "acquire", key: Some(key(number)), value: Value::Null })
    }
}

impl Workload for Lock {
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

    /// All locks that were in use last can be had again.
    fn closing(&self, invoked: u64) -> Box<dyn Generator> {
        let mut last = self.keys.last(invoked);
        let take = move |ended: Option<&Event>| {
            ended.and_then(release).or_else(|| {
                let key = key(last.next()?);
                Some(Op { f: "acquire", key: Some(key), value: Value::Null })
            })
        };
        Box::new(generators::on_threads(|thread| thread == 0, generators::dialogues(move |_| take.clone())))
    }

    fn request(&self, op: &Op) -> Request {
        self.request_of(op, 0)
    }

    fn request_of(&self, op: &Op, process: u64) -> Request {
        let (key, owner) = (request_key(op), owner(process));
        Request::Recipe(match op.f {
            "release" => RecipeRequest::Release { key, owner, token: op.value.as_u64().unwrap_or_default() },
            _ => RecipeRequest::Acquire { key, owner },
        })
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        match (op.f, reply) {
            ("acquire", Reply::Answer(Answer::Recipe(RecipeAnswer::Acquired { token }))) => {
                Completion::ok(token.into())
            }
            ("release", Reply::Answer(Answer::Recipe(RecipeAnswer::Released))) => {
                Completion::ok(op.value.clone())
            }
            (_, reply) => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        vec![
            Box::new(LapsingLock::new("acquire", "release")),
            Box::new(seldom().expecting(["acquire", "release"])),
            Box::new(Availability::default()),
            Box::new(Recovery::default()),
        ]
    }
}
