//! Elections: clients stand, lead for a while, resign, and ask who leads.
//!
//! An office is lost with its session. But who resigned had it up to then: nobody else was elected meanwhile, and whoever
//! asked was told of no other. No epoch has two leaders, and epochs rise with every leader.

use ordalia_checker::linearizable::Linearizable;
use ordalia_checker::models::{self, LapsingLock};
use ordalia_checker::{Availability, Checker, Recovery, properties};
use ordalia_history::{Event, EventType, Value};
use ordalia_node::{Answer, Leadership, RecipeAnswer, RecipeRequest, Request, RequestKind};
use ordalia_workload::generators::{self, Dialogue};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, WorkloadSettings};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::keys::{Keys, key, owner, rng};
use crate::settings::{is_gone, paced, request_key, seldom};

/// The name on the command line.
pub(crate) const NAME: &str = "election";

/// The kinds of request that it asks.
pub(crate) const ASKS: &[RequestKind] = &[RequestKind::Election];

/// Of a hundred operations of who does not lead so many ask who does, and of who leads so many resign.
const ASKING: u32 = 75;
const RESIGNING: u32 = 40;

/// The workload.
#[derive(Clone, Copy, Debug)]
pub struct Election {
    settings: WorkloadSettings,
    keys: Keys,
}

impl Election {
    /// The workload with these settings: an office for every two clients.
    pub fn new(settings: &WorkloadSettings) -> Self {
        let offices = (settings.threads as u64).div_ceil(2).max(1);
        Self { settings: *settings, keys: Keys::new(offices, 400, settings) }
    }
}

/// What one thread does.
struct Talk {
    rng: ChaCha8Rng,
    keys: Keys,
    /// How many operations there were.
    done: u64,
    /// The office that it holds as far as it knows, and the epoch.
    office: Option<(Value, Value)>,
}

impl Talk {
    fn hear(&mut self, last: &Event) {
        match (&*last.f, last.kind) {
            ("campaign", EventType::Ok) => self.office = last.key.clone().zip(last.value.get(0).cloned()),
            // An office that is not resigned for sure is still to be resigned, unless it is lost.
            ("resign", EventType::Fail) if !is_gone(last) => {}
            ("resign", _) | (_, EventType::Info) => self.office = None,
            _ => {}
        }
    }
}

impl Dialogue for Talk {
    fn next(&mut self, last: Option<&Event>) -> Option<Op> {
        if let Some(last) = last {
            self.hear(last);
        }
        self.done += 1;
        let number = self.keys.draw(self.done, &mut self.rng);
        let choice = self.rng.random_range(0..100);
        let (f, key, value) = match &self.office {
            Some((office, epoch)) if choice < RESIGNING => ("resign", office.clone(), epoch.clone()),
            Some((office, _)) => ("leader", office.clone(), Value::Null),
            None if choice < ASKING => ("leader", key(number), Value::Null),
            None => ("campaign", key(number), Value::Null),
        };
        Some(Op { f, key: Some(key), value })
    }
}

impl Workload for Election {
    fn name(&self) -> &'static str {
        NAME
    }

    fn asks(&self) -> &'static [RequestKind] {
        ASKS
    }

    fn load(&self) -> Box<dyn Generator> {
        let Self { settings, keys } = *self;
        let talk = move |thread| Talk { rng: rng(settings.seed, thread), keys, done: 0, office: None };
        paced(&settings, generators::dialogues(talk))
    }

    /// Who leads in the offices that were in use last.
    fn closing(&self, invoked: u64) -> Box<dyn Generator> {
        let last = self.keys.last(invoked);
        let ask = |number| Op { f: "leader", key: Some(key(number)), value: Value::Null };
        Box::new(generators::ops(last.clone().chain(last.rev()).map(ask)))
    }

    fn request(&self, op: &Op) -> Request {
        self.request_of(op, 0)
    }

    fn request_of(&self, op: &Op, process: u64) -> Request {
        let (key, owner) = (request_key(op), owner(process));
        Request::Recipe(match op.f {
            "campaign" => RecipeRequest::Campaign { key, owner },
            "resign" => RecipeRequest::Resign { key, owner },
            _ => RecipeRequest::Leader { key },
        })
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        use RecipeAnswer::{Elected, Leads, Resigned};
        match (request, reply) {
            (
                Request::Recipe(RecipeRequest::Campaign { owner, .. }),
                Reply::Answer(Answer::Recipe(Elected { epoch })),
            ) => Completion::ok(json!([epoch, owner])),
            (_, Reply::Answer(Answer::Recipe(Resigned))) if op.f == "resign" => {
                Completion::ok(op.value.clone())
            }
            (_, Reply::Answer(Answer::Recipe(Leads { leader }))) if op.f == "leader" => Completion::ok(
                leader.map_or(Value::Null, |Leadership { owner, epoch }| json!([epoch, owner])),
            ),
            (_, reply) => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        vec![
            Box::new(Linearizable::new(models::Leader)),
            Box::new(LapsingLock::new("campaign", "resign").named("epochs")),
            Box::new(properties::Office),
            Box::new(seldom().expecting(["campaign", "resign", "leader"])),
            Box::new(Availability::default()),
            Box::new(Recovery::default()),
        ]
    }
}
