//! Who is there: ephemeral nodes and group membership, as long as sessions live and not much longer.
//!
//! Two workloads, alike but for their words and for leaving. A client goes under one name for some dozens of
//! operations and then takes another; nobody speaks under the old one any more, so its session ends, and what it
//! held must go.

use ordalia_checker::{Availability, Checker, Recovery, Stats, properties};
use ordalia_history::{Event, Value};
use ordalia_node::{Answer, RecipeAnswer, RecipeRequest, Request, RequestKind};
use ordalia_workload::generators::{self, Dialogue};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, WorkloadSettings};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::keys::{key, owner, rng};
use crate::settings::{paced, request_key};

/// The names on the command line.
pub(crate) const EPHEMERAL: &str = "ephemeral";
pub(crate) const MEMBERSHIP: &str = "membership";

/// The kinds of request that they ask.
pub(crate) const EPHEMERAL_ASKS: &[RequestKind] = &[RequestKind::Ephemeral];
pub(crate) const MEMBERSHIP_ASKS: &[RequestKind] = &[RequestKind::Membership];

/// How many groups there are.
const GROUPS: u64 = 3;

/// For how many operations a client keeps its name: least and most.
const NAME_OPERATIONS: (u64, u64) = (20, 60);

/// How often each group is looked at in the end, and how long apart: longer in all than what is held by nobody may stay.
const LOOKS: u64 = 8;
const APART_NS: u64 = 1_000_000_000;

/// The workload.
#[derive(Clone, Copy, Debug)]
pub struct Presence {
    settings: WorkloadSettings,
    words: Words,
}

/// What sets the two workloads apart.
#[derive(Clone, Copy, Debug)]
struct Words {
    name: &'static str,
    asks: &'static [RequestKind],
    enter: &'static str,
    look: &'static str,
    /// The operation by which one goes, and of a hundred how many do.
    leave: Option<(&'static str, u32)>,
}

impl Presence {
    /// Ephemeral nodes.
    pub fn ephemeral(settings: &WorkloadSettings) -> Self {
        let words =
            Words { name: EPHEMERAL, asks: EPHEMERAL_ASKS, enter: "hold", look: "holders", leave: None };
        Self { settings: *settings, words }
    }

    /// Membership of groups.
    pub fn membership(settings: &WorkloadSettings) -> Self {
        let words = Words {
            name: MEMBERSHIP,
            asks: MEMBERSHIP_ASKS,
            enter: "join",
            look: "members",
            leave: Some(("leave", 20)),
        };
        Self { settings: *settings, words }
    }
}

/// What one thread does.
struct Talk {
    rng: ChaCha8Rng,
    words: Words,
    /// The number of the present name, and for how many operations it is kept.
    name: u64,
    left: u64,
}

impl Dialogue for Talk {
    fn next(&mut self, _: Option<&Event>) -> Option<Op> {
        if self.left == 0 {
            self.name += 1;
            self.left = self.rng.random_range(NAME_OPERATIONS.0..=NAME_OPERATIONS.1);
        }
        self.left -= 1;
        let group = self.rng.random_range(0..GROUPS);
        let choice: u32 = self.rng.random_range(0..100);
        let Words { enter, look, leave, .. } = self.words;
        let f = match leave {
            Some((leave, share)) if choice < share => leave,
            _ if choice < 60 => enter,
            _ => look,
        };
        let value = if f == look { Value::Null } else { self.name.into() };
        Some(Op { f, key: Some(key(group)), value })
    }
}

/// The owner that a request names.
fn named(request: &Request) -> Option<&str> {
    match request {
        Request::Recipe(
            RecipeRequest::Hold { owner, .. }
            | RecipeRequest::Join { owner, .. }
            | RecipeRequest::Leave { owner, .. },
        ) => Some(owner),
        _ => None,
    }
}

impl Workload for Presence {
    fn name(&self) -> &'static str {
        self.words.name
    }

    fn asks(&self) -> &'static [RequestKind] {
        self.words.asks
    }

    fn load(&self) -> Box<dyn Generator> {
        let Self { settings, words } = *self;
        let talk = move |thread| Talk { rng: rng(settings.seed, thread), words, name: 0, left: 0 };
        paced(&settings, generators::dialogues(talk))
    }

    /// Looks until nobody can be there any more.
    fn closing(&self, _: u64) -> Box<dyn Generator> {
        let look = self.words.look;
        let round = move || -> Vec<Box<dyn Generator>> {
            let looks =
                (0..GROUPS).map(move |group| Op { f: look, key: Some(key(group)), value: Value::Null });
            vec![Box::new(generators::ops(looks)), Box::new(generators::sleep(APART_NS))]
        };
        Box::new(generators::phases((0..LOOKS).flat_map(|_| round()).collect()))
    }

    fn request(&self, op: &Op) -> Request {
        self.request_of(op, 0)
    }

    fn request_of(&self, op: &Op, process: u64) -> Request {
        let key = request_key(op);
        let owner = format!("{}.{}", owner(process), op.value);
        Request::Recipe(match op.f {
            "hold" => RecipeRequest::Hold { key, owner },
            "holders" => RecipeRequest::Holders { key },
            "join" => RecipeRequest::Join { key, owner },
            "leave" => RecipeRequest::Leave { key, owner },
            _ => RecipeRequest::Members { key },
        })
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        use RecipeAnswer::{Held, Holding, Joined, Left, MembersAre};
        let completion = match (op.f, reply) {
            ("hold", Reply::Answer(Answer::Recipe(Held { session }))) => {
                Completion::ok(json!({"owner": named(request), "session": session}))
            }
            ("join", Reply::Answer(Answer::Recipe(Joined)))
            | ("leave", Reply::Answer(Answer::Recipe(Left))) => {
                Completion::ok(json!({"owner": named(request)}))
            }
            ("holders", Reply::Answer(Answer::Recipe(Holding { owners })))
            | ("members", Reply::Answer(Answer::Recipe(MembersAre { owners }))) => {
                Completion::ok(json!(owners))
            }
            (_, reply) => Completion::unanswered(op, request, reply),
        };
        // What came of it is of that owner, whatever it was.
        match named(request).filter(|_| completion.error.is_some()) {
            Some(owner) => Completion { value: json!({"owner": owner}), ..completion },
            None => completion,
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        let Words { enter, look, leave, .. } = self.words;
        let property: Box<dyn Checker> = match leave {
            None => Box::new(properties::Ephemeral::default()),
            Some(_) => Box::new(properties::Membership::default()),
        };
        let expected = [enter, look].into_iter().chain(leave.map(|(leave, _)| leave));
        vec![
            property,
            Box::new(properties::SessionsKept::default()),
            Box::new(Stats::default().expecting(expected)),
            Box::new(Availability::default()),
            Box::new(Recovery::default()),
        ]
    }
}
