//! All owners of an agent: who asks in which session, and when sessions begin and end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ordalia_node::{
    Act, ActKind, Answer, CoordinationAnswer, Env, ErrorCode, Event, NodeId, RecipeRequest, Refusal,
    SessionNumber, Ticket, Time, Value,
};
use rand::RngExt;
use serde_json::json;

use super::Out;
use super::owner::{Owner, Told};
use crate::client::clock::Clock;
use crate::client::{Happening, Session, SessionSettings};
use crate::tree::path;

/// The time-out of an owner's session.
const TIMEOUT: Duration = Duration::from_secs(2);
/// A session whose owner asked for nothing for so long is closed.
const IDLE: Duration = Duration::from_secs(3);
/// Owners at a time; more are refused.
const MAX_OWNERS: usize = 1000;

/// All owners.
#[derive(Debug)]
pub(super) struct Owners {
    me: NodeId,
    members: Vec<NodeId>,
    clock: Clock,
    owners: BTreeMap<String, Owner>,
    /// Those whose sessions are being closed. Their owners begin anew.
    closing: Vec<Owner>,
    lanes: BTreeSet<u16>,
}

/// How many sessions there are for what is nobody's in particular. A session writes one thing after the other, so
/// with one of them requests would wait for those of clients that they have nothing to do with.
const NOBODIES: usize = 8;

/// The name of an owner of what is nobody's in particular; no name of others has a slash.
fn nobody(number: usize) -> String {
    format!("/{number}")
}

fn is_nobody(name: &str) -> bool {
    name.starts_with('/')
}

impl Owners {
    pub fn new(me: NodeId, members: Vec<NodeId>) -> Self {
        Self {
            me,
            members,
            clock: Clock::default(),
            owners: BTreeMap::new(),
            closing: Vec::new(),
            lanes: BTreeSet::new(),
        }
    }

    /// How many requests wait, and how many sessions there are.
    pub fn counts(&self) -> (usize, usize) {
        let pending = self.owners.values().map(Owner::pending).sum();
        (pending, self.owners.len() + self.closing.len())
    }

    pub fn on_request(&mut self, ticket: Ticket, request: RecipeRequest, env: &mut Env, out: &mut Vec<Out>) {
        self.clock.look(env.now());
        let name = match name(&request) {
            Ok(Some(name)) => name.to_owned(),
            Ok(None) => self.nobody_for(&request),
            Err(refusal) => return out.push(Out::Reply(ticket, Err(refusal))),
        };
        if !self.owners.contains_key(&name) {
            if self.owners.len() + self.closing.len() >= MAX_OWNERS {
                let refusal = Refusal::new(ErrorCode::TemporarilyUnavailable, "there are too many owners");
                return out.push(Out::Reply(ticket, Err(refusal)));
            }
            let owner = self.begin(name.clone(), env);
            self.owners.insert(name.clone(), owner);
        }
        let Some(owner) = self.owners.get_mut(&name) else { return };
        let mut told = Vec::new();
        owner.session.on_tick(env.now());
        owner.ask(ticket, request, self.clock.now(), &mut told);
        tell(told, out);
        self.settle(out);
    }

    /// In whose session something is asked that is nobody's: what is added to a counter in always the same, for it is added
    /// together, and all else in that which has the least to do.
    fn nobody_for(&self, request: &RecipeRequest) -> String {
        if let RecipeRequest::Add { key, .. } = request {
            let sum = key.0.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
            return nobody(sum % NOBODIES);
        }
        let pending = |number: &usize| self.owners.get(&nobody(*number)).map_or(0, Owner::pending);
        nobody((0..NOBODIES).min_by_key(pending).unwrap_or_default())
    }

    fn begin(&mut self, name: String, env: &mut Env) -> Owner {
        let settings = SessionSettings { timeout: TIMEOUT, first_question: env.rng().random::<u64>() >> 12 };
        let session = Session::new(self.me, self.members.clone(), &settings);
        let lane = (0..u16::MAX).find(|lane| !self.lanes.contains(lane)).unwrap_or(u16::MAX);
        self.lanes.insert(lane);
        Owner::new(name, lane, session, self.clock.now())
    }

    pub fn on_answer(
        &mut self,
        from: NodeId,
        id: u64,
        result: Result<CoordinationAnswer, Refusal>,
        now: Time,
        out: &mut Vec<Out>,
    ) {
        self.clock.look(now);
        let mut all = self.owners.values_mut().chain(&mut self.closing);
        if let Some(owner) = all.find(|owner| owner.session.has_asked(id)) {
            owner.session.on_answer(from, id, result, now);
        }
        self.settle(out);
    }

    pub fn on_events(
        &mut self,
        from: NodeId,
        session: SessionNumber,
        events: &[Event],
        now: Time,
        out: &mut Vec<Out>,
    ) {
        self.clock.look(now);
        let mut all = self.owners.values_mut().chain(&mut self.closing);
        all.any(|owner| owner.session.on_events(from, session, events.to_vec(), now));
        self.settle(out);
    }

    /// Time passed.
    pub fn on_tick(&mut self, now: Time, out: &mut Vec<Out>) {
        self.clock.look(now);
        let time = self.clock.now();
        for owner in self.owners.values_mut().chain(&mut self.closing) {
            let mut told = Vec::new();
            owner.session.on_tick(now);
            owner.give_up(time, &mut told);
            tell(told, out);
        }
        self.close_idle(time);
        self.settle(out);
    }

    fn close_idle(&mut self, time: Time) {
        let is_idle = |owner: &Owner| owner.is_idle() && time.since(owner.asked) >= IDLE;
        let idle: Vec<String> =
            self.owners.values().filter(|owner| is_idle(owner)).map(|owner| owner.name.clone()).collect();
        for name in idle {
            if let Some(mut owner) = self.owners.remove(&name) {
                owner.session.close();
                self.closing.push(owner);
            }
        }
    }

    /// After which span it wants to look again; `None` without sessions.
    pub fn until_tick(&self) -> Option<Duration> {
        let time = self.clock.now();
        let open = self.owners.values().map(|owner| {
            let due = owner.deadline().unwrap_or(owner.asked + IDLE);
            owner.session.until_tick().min(due.since(time).max(Duration::from_millis(1)))
        });
        open.chain(self.closing.iter().map(|owner| owner.session.until_tick())).min()
    }

    /// Has everyone react to what befell, and gathers what is to be sent.
    fn settle(&mut self, out: &mut Vec<Out>) {
        let mut ended = Vec::new();
        for owner in self.owners.values_mut() {
            if react(owner, out) {
                ended.push(owner.name.clone());
            }
        }
        for name in ended {
            if let Some(owner) = self.owners.remove(&name) {
                self.lanes.remove(&owner.lane);
            }
        }
        let lanes = &mut self.lanes;
        self.closing.retain_mut(|owner| {
            let is_over = react(owner, out);
            if is_over {
                lanes.remove(&owner.lane);
            }
            !is_over
        });
    }
}

/// True if the owner's session has ended.
fn react(owner: &mut Owner, out: &mut Vec<Out>) -> bool {
    let mut is_over = false;
    let mut told = Vec::new();
    while let Some(happening) = owner.session.happening() {
        owner.on(&happening, &mut told);
        is_over |= happening.is_end();
        note(owner, &happening, out);
    }
    tell(told, out);
    out.extend(owner.session.take_messages().into_iter().map(|(to, message)| Out::Send(to, message)));
    is_over
}

/// Writes down when an owner's session begins and ends.
fn note(owner: &Owner, happening: &Happening, out: &mut Vec<Out>) {
    let state = match happening {
        Happening::Opened { .. } => "opened",
        Happening::Expired => "expired",
        Happening::Closed => "closed",
        _ => return,
    };
    if let Some(session) = owner.number.filter(|_| !is_nobody(&owner.name)) {
        let mut value: Value = json!({"owner": owner.name, "session": session, "state": state});
        if state == "expired" {
            let silence = u64::try_from(owner.session.silence().as_millis()).unwrap_or(u64::MAX);
            value["silent_ms"] = silence.into();
        }
        out.push(Out::Act(Act::new(owner.lane, ActKind::Ok, "session", value)));
    }
}

fn tell(told: Vec<Told>, out: &mut Vec<Out>) {
    out.extend(told.into_iter().map(|(ticket, result)| Out::Reply(ticket, result.map(Answer::Recipe))));
}

/// In whose session it is asked; `None` for what is nobody's in particular.
///
/// # Errors
/// The key or the owner cannot be a component of a path.
fn name(request: &RecipeRequest) -> Result<Option<&str>, Refusal> {
    use RecipeRequest as Ask;
    let (key, owner) = match request {
        Ask::Acquire { key, owner }
        | Ask::Release { key, owner, .. }
        | Ask::Campaign { key, owner }
        | Ask::Resign { key, owner }
        | Ask::WatchLog { key, owner }
        | Ask::Hold { key, owner }
        | Ask::Join { key, owner }
        | Ask::Leave { key, owner } => (key, Some(owner)),
        Ask::Leader { key }
        | Ask::Add { key, .. }
        | Ask::Total { key }
        | Ask::Enqueue { key, .. }
        | Ask::Dequeue { key }
        | Ask::Holders { key }
        | Ask::Members { key } => (key, None),
    };
    for component in std::iter::once(&key.0).chain(owner) {
        if component.contains('/') {
            let text = format!("expected a key and an owner without slashes, found {component:?}");
            return Err(Refusal::new(ErrorCode::MalformedRequest, text));
        }
        path::check(&format!("/{component}"))?;
        if component.is_empty() {
            return Err(Refusal::new(ErrorCode::MalformedRequest, "expected a key and an owner, found none"));
        }
    }
    Ok(owner.map(String::as_str))
}
