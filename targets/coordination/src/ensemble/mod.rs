//! One member of the ensemble, without input or output of its own, for nodes to embed.
//!
//! Any member takes any request, of clients and of other nodes alike, and has the leader carry it out.
//! Events are told by the member that had the session's last heartbeat, as it applies them; that is
//! quick but not sure, and what was lost is told again by the answer to the next heartbeat.

mod ask;
mod copies;
mod keeper;
mod waiting;

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_node::{
    Answer, Change, CoordinationAnswer, CoordinationRequest, Env, ErrorCode, Event, NodeId, Recovered,
    Refusal, Request, SessionNumber, StartError, Status, Ticket, Time, Value,
};
use ordalia_raft::message::{Op, Outcome};
use ordalia_raft::{Action as RaftAction, Cx, Event as RaftEvent, Raft, Settings as RaftSettings};

use crate::bugs::{Bug, Bugs};
use crate::tree::command::{Action, Command, Query, Reply};
use crate::tree::{Ended, News};
use crate::{Message, Tree};
use ask::{Form, Plan};
use copies::Copies;
use keeper::Keeper;
use waiting::{Awaited, Done, Waiting};

/// What a member stores.
pub type Record = ordalia_raft::Record<Command>;

/// Between two looks at the sessions.
const TICK: Duration = Duration::from_millis(50);
/// For how long a `sync` waits for what it is to have applied.
const SYNC_PATIENCE: Duration = Duration::from_secs(5);

/// How a member is set up. Equal on all members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The core's part.
    pub core: RaftSettings,
    /// The service's own defects.
    pub bugs: Bugs,
}

/// The names of the timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The core's.
    Raft(ordalia_raft::Timer),
    /// Time to look at the sessions and at what waits.
    Tick,
}

/// One thing that a member wants done. The embedding node turns it into an effect, in order.
#[derive(Clone, Debug)]
pub enum Out {
    /// Send to another node.
    Send(NodeId, Message),
    /// Answer a client.
    Reply(Ticket, Result<Answer, Refusal>),
    /// Hand the timer back after that span.
    SetTimer(Timer, Duration),
    /// Append to storage, and wait.
    Persist(Record),
    /// Append to storage without waiting.
    WriteBehind(Record),
    /// Replace what is stored.
    Snapshot(Vec<u8>, Vec<Record>),
    /// For the log and the diagram.
    Trace(&'static str, String),
}

/// Who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A client of this node.
    Client(Ticket),
    /// Another node, under a number of its own.
    Node(NodeId, u64),
    /// Another node, for a client of its own.
    Relay(NodeId, u64),
}

/// Where a session is told of events unasked.
#[derive(Clone, Copy, Debug)]
struct Home {
    node: NodeId,
    /// The last event that was told there.
    told: u64,
    heartbeat: Time,
}

/// One member.
#[derive(Debug)]
pub struct Ensemble {
    raft: Raft<Tree>,
    actions: Vec<RaftAction<Tree>>,
    bugs: Bugs,
    /// What the core is still to answer.
    asked: BTreeMap<Ticket, (Asker, Form)>,
    last_ticket: u64,
    keeper: Keeper,
    homes: BTreeMap<SessionNumber, Home>,
    copies: Copies,
    waiting: Waiting,
    is_tick_set: bool,
    /// The last numbered write of each session that came this way, for a planted defect.
    remembered: BTreeMap<SessionNumber, (u64, Reply)>,
}

impl Ensemble {
    /// Starts, or starts again from what was stored. `others` are the other members.
    ///
    /// # Errors
    /// What was stored is not what this program stores.
    pub fn start(
        id: NodeId,
        others: Vec<NodeId>,
        settings: &Settings,
        disk: Recovered<Record>,
        env: &mut Env,
        out: &mut Vec<Out>,
    ) -> Result<Self, StartError> {
        let mut actions = Vec::new();
        let now = env.now();
        let core = settings.core.clone();
        let mut raft: Raft<Tree> = Raft::start(id, others, core, disk, &mut Cx::new(env, &mut actions))?;
        raft.machine_mut().take_news();
        let keeper = Keeper::new(now, raft.machine(), settings.bugs);
        let mut ensemble = Self {
            raft,
            actions,
            bugs: settings.bugs,
            asked: BTreeMap::new(),
            last_ticket: 0,
            keeper,
            homes: BTreeMap::new(),
            copies: Copies::default(),
            waiting: Waiting::default(),
            is_tick_set: false,
            remembered: BTreeMap::new(),
        };
        ensemble.settle(env, out);
        Ok(ensemble)
    }

    /// The protocol's state.
    pub fn raft(&self) -> &Raft<Tree> {
        &self.raft
    }

    /// What this member has applied.
    pub fn tree(&self) -> &Tree {
        self.raft.machine()
    }

    /// What this member says of itself.
    pub fn status(&self) -> Status {
        let mut status = self.raft.status();
        let tree = self.tree();
        let fields = [
            ("sessions", Value::from(tree.sessions().len())),
            ("watches", Value::from(tree.watch_count())),
            ("nodes", Value::from(tree.node_count())),
            ("zxid", Value::from(tree.zxid())),
        ];
        status.fields.extend(fields.map(|(name, value)| (name.to_owned(), value)));
        status
    }

    /// Another node's message.
    pub fn on_message(&mut self, from: NodeId, message: Message, env: &mut Env, out: &mut Vec<Out>) {
        match message {
            Message::Raft(message) => self.step(RaftEvent::Message(from, message), env, out),
            Message::Ask { id, request } => {
                self.take(Asker::Node(from, id), Request::Coordination(request), env, out);
            }
            Message::Relay { id, request } if !request.is_read_only() && !self.copies.is_first(from, id) => {}
            Message::Relay { id, request } => self.take(Asker::Relay(from, id), request, env, out),
            Message::Answer { .. } | Message::Relayed { .. } | Message::Events { .. } => {
                out.push(Out::Trace("reject-message", format!("{from} answers what was not asked")));
            }
        }
    }

    /// A client's request.
    pub fn on_request(&mut self, ticket: Ticket, request: Request, env: &mut Env, out: &mut Vec<Out>) {
        self.take(Asker::Client(ticket), request, env, out);
    }

    /// A timer ran out.
    pub fn on_timer(&mut self, timer: Timer, env: &mut Env, out: &mut Vec<Out>) {
        match timer {
            Timer::Raft(timer) => self.step(RaftEvent::Timer(timer), env, out),
            Timer::Tick => {
                self.is_tick_set = false;
                self.tick(env, out);
            }
        }
    }

    fn take(&mut self, asker: Asker, request: Request, env: &mut Env, out: &mut Vec<Out>) {
        if let Some(reply) = self.short_cut(&request) {
            return answer(asker, ask::answer(Form::Plain, reply), out);
        }
        let (op, form) = match ask::plan(request, self.bugs) {
            Ok(Plan::Ask(op, form)) => (op, form),
            Ok(Plan::AwaitChange(path, ms)) => {
                let until = env.now() + Duration::from_millis(ms);
                return self.put_off(asker, Awaited::Change(path), until, out);
            }
            Err(refusal) => return answer(asker, Err(refusal), out),
        };
        let (op, form) = self.number(op, form);
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.asked.insert(ticket, (asker, form));
        self.step(RaftEvent::Request(ticket, op), env, out);
    }

    /// What only a planted defect answers without asking anybody.
    fn short_cut(&self, request: &Request) -> Option<Reply> {
        let Request::Coordination(request) = request else { return None };
        if let CoordinationRequest::Sync {} = request {
            let synced = CoordinationAnswer::Synced { zxid: self.tree().zxid() };
            return self.bugs.has(Bug::StaleSync).then_some(Ok(synced));
        }
        let (CoordinationRequest::Create { seq, .. } | CoordinationRequest::Multi { seq, .. }) = request
        else {
            return None;
        };
        let (number, reply) = self.remembered.get(&request.session()?)?;
        (Some(*number) == *seq).then(|| reply.clone())
    }

    /// With a planted defect the number of a write stays here and does not go into the log.
    fn number(&self, mut op: Op<Tree>, form: Form) -> (Op<Tree>, Form) {
        if self.bugs.has(Bug::DoubleCreate)
            && let Op::Command(command) = &mut op
            && let Action::Write(_, writer) | Action::Multi(_, writer) = &mut command.action
            && let (Some(session), Some(seq)) = (writer.session, writer.seq.take())
        {
            return (op, Form::Remembered(session, seq));
        }
        (op, form)
    }

    fn step(&mut self, event: RaftEvent<Tree>, env: &mut Env, out: &mut Vec<Out>) {
        self.raft.step(event, &mut Cx::new(env, &mut self.actions));
        self.settle(env, out);
    }

    /// Proposes something of the leader's own.
    fn propose(&mut self, action: Action, env: &mut Env) {
        let command = Command { action, bugs: self.bugs };
        self.raft.step(RaftEvent::Own(command), &mut Cx::new(env, &mut self.actions));
    }

    /// Carries out what the core wants done, and looks at what it has applied.
    fn settle(&mut self, env: &mut Env, out: &mut Vec<Out>) {
        self.keeper.look(env.now());
        let term = self.raft.is_leader().then(|| self.raft.term());
        if self.keeper.lead(term, self.raft.machine()) {
            self.raft.machine_mut().clear_closing();
        }
        let mut taken = BTreeMap::new();
        for action in std::mem::take(&mut self.actions) {
            match action {
                RaftAction::Send(to, message) => out.push(Out::Send(to, Message::Raft(message))),
                RaftAction::Reply(ticket, outcome) => self.on_outcome(ticket, outcome, env.now(), out),
                RaftAction::Refuse(ticket, refusal) => {
                    self.on_outcome(ticket, Outcome::Refused(refusal), env.now(), out);
                }
                RaftAction::SetTimer(timer, after) => out.push(Out::SetTimer(Timer::Raft(timer), after)),
                RaftAction::Persist(record) => out.push(Out::Persist(record)),
                RaftAction::WriteBehind(record) => out.push(Out::WriteBehind(record)),
                RaftAction::Snapshot(state, records) => out.push(Out::Snapshot(state, records)),
                RaftAction::Served(Query::Heartbeat(session, seen)) => {
                    self.keeper.heard(session);
                    taken.insert(session, seen);
                }
                RaftAction::Served(_) => {}
                RaftAction::Trace(event, detail) => out.push(Out::Trace(event, detail)),
            }
        }
        self.on_news(out);
        self.set_tick(out);
        self.forget_taken(&taken, env, out);
    }

    /// What clients have taken is forgotten by all.
    fn forget_taken(&mut self, taken: &BTreeMap<SessionNumber, u64>, env: &mut Env, out: &mut Vec<Out>) {
        let mut is_proposed = false;
        for (session, seen) in taken {
            let untaken = self.raft.machine().untaken(*session);
            if untaken.is_some_and(|(first, _)| first <= *seen) {
                self.propose(Action::Taken(*session, *seen), env);
                is_proposed = true;
            }
        }
        if is_proposed {
            self.settle(env, out);
        }
    }

    fn on_outcome(&mut self, ticket: Ticket, outcome: Outcome<Reply>, now: Time, out: &mut Vec<Out>) {
        let Some((asker, form)) = self.asked.remove(&ticket) else { return };
        let reply = match outcome {
            Outcome::Response(reply) => reply,
            Outcome::Transferring => return answer(asker, Ok(Answer::TransferOk), out),
            Outcome::Refused(refusal) => Err(refusal),
        };
        match (form, &reply) {
            (Form::Sync, Ok(CoordinationAnswer::Synced { zxid })) => {
                return self.put_off(asker, Awaited::Zxid(*zxid), now + SYNC_PATIENCE, out);
            }
            (Form::Poll(session, after, wait_ms), Ok(CoordinationAnswer::Alive { events }))
                if events.is_empty() && wait_ms > 0 =>
            {
                let until = now + Duration::from_millis(wait_ms);
                return self.put_off(asker, Awaited::Event(session, after), until, out);
            }
            // Whoever opens a session is told of events even before its first heartbeat.
            (Form::Plain, Ok(CoordinationAnswer::SessionOpened { session })) => {
                if let Asker::Node(node, _) = asker {
                    self.homes.insert(*session, Home { node, told: 0, heartbeat: now });
                }
            }
            (Form::Heartbeat(session, seen), Ok(CoordinationAnswer::Alive { events })) => {
                if let Asker::Node(node, _) = asker {
                    let told = events.last().map_or(seen, |event| event.number);
                    self.homes.insert(session, Home { node, told, heartbeat: now });
                }
            }
            (Form::Remembered(session, seq), reply) => {
                self.remembered.insert(session, (seq, (*reply).clone()));
            }
            _ => {}
        }
        answer(asker, ask::answer(form, reply), out);
    }

    fn put_off(&mut self, asker: Asker, awaited: Awaited, until: Time, out: &mut Vec<Out>) {
        if let Some((asker, result)) = self.waiting.add(asker, awaited, until, self.raft.machine()) {
            answer(asker, result, out);
        }
        self.set_tick(out);
    }

    fn on_news(&mut self, out: &mut Vec<Out>) {
        let news = self.raft.machine_mut().take_news();
        if news.is_empty() {
            return;
        }
        for session in &news.opened {
            self.keeper.opened(*session);
        }
        for ended in &news.ended {
            self.on_end(ended, out);
        }
        if news.replaced {
            let tree = self.raft.machine();
            self.homes.retain(|session, _| tree.timeout_ms(*session).is_some());
            self.remembered.retain(|session, _| tree.timeout_ms(*session).is_some());
        }
        self.tell(&news, out);
        if !self.waiting.is_empty() {
            let done = self.waiting.wake(&news, self.raft.machine());
            answer_all(done, out);
        }
    }

    fn on_end(&mut self, ended: &Ended, out: &mut Vec<Out>) {
        self.keeper.ended(ended);
        self.remembered.remove(&ended.session);
        let cause = if ended.is_expired { "its time-out ran out" } else { "its client closed it" };
        out.push(Out::Trace("session-end", format!("{}: {cause}", ended.session)));
        if let Some(home) = self.homes.remove(&ended.session)
            && ended.is_expired
        {
            let number = ended.last_event.saturating_add(1);
            let (zxid, path) = (ended.zxid, "/".to_owned());
            let events = vec![Event { number, zxid, path, what: Change::Expired, version: None }];
            out.push(Out::Send(home.node, Message::Events { session: ended.session, events }));
        }
    }

    /// Tells the sessions whose home is here.
    fn tell(&mut self, news: &News, out: &mut Vec<Out>) {
        let tree = self.raft.machine();
        let mut tell = |session: SessionNumber, home: &mut Home| {
            let events = tree.events_after(session, home.told).unwrap_or_default();
            if let Some(last) = events.last() {
                home.told = last.number;
                out.push(Out::Send(home.node, Message::Events { session, events }));
            }
        };
        if news.replaced {
            self.homes.iter_mut().for_each(|(session, home)| tell(*session, home));
        }
        for session in &news.told {
            if let Some(home) = self.homes.get_mut(session) {
                tell(*session, home);
            }
        }
    }

    fn set_tick(&mut self, out: &mut Vec<Out>) {
        let is_needed = self.keeper.is_leading() || !self.waiting.is_empty() || !self.homes.is_empty();
        if is_needed && !self.is_tick_set {
            self.is_tick_set = true;
            out.push(Out::SetTimer(Timer::Tick, TICK));
        }
    }

    fn tick(&mut self, env: &mut Env, out: &mut Vec<Out>) {
        let now = env.now();
        self.keeper.look(now);
        answer_all(self.waiting.give_up(now), out);
        // A session that was heard of elsewhere since is told elsewhere.
        let tree = self.raft.machine();
        self.homes.retain(|session, home| {
            let timeout_ms = tree.timeout_ms(*session).unwrap_or(0);
            now.since(home.heartbeat) < Duration::from_millis(timeout_ms.saturating_mul(2))
        });
        for session in self.keeper.due(self.raft.machine()) {
            out.push(Out::Trace("session-expire", format!("{session}: nothing was heard of it")));
            self.raft.machine_mut().set_closing(session);
            let known_from = match self.bugs.has(Bug::EphemeralLeak) {
                true => self.keeper.known_from(),
                false => 0,
            };
            self.propose(Action::Expire { session, known_from }, env);
        }
        if self.bugs.has(Bug::LostWatch) && self.keeper.is_leading() {
            self.forget_told(env);
        }
        self.settle(env, out);
    }

    /// A planted defect: what was told once counts as taken.
    fn forget_told(&mut self, env: &mut Env) {
        let tree = self.raft.machine();
        let told: Vec<_> =
            tree.sessions().filter_map(|(session, _)| Some((session, tree.untaken(session)?.1))).collect();
        for (session, last) in told {
            self.propose(Action::Taken(session, last), env);
        }
    }
}

fn answer_all(done: Vec<Done>, out: &mut Vec<Out>) {
    for (asker, result) in done {
        answer(asker, result, out);
    }
}

fn answer(asker: Asker, result: Result<Answer, Refusal>, out: &mut Vec<Out>) {
    out.push(match asker {
        Asker::Client(ticket) => Out::Reply(ticket, result),
        Asker::Relay(node, id) => Out::Send(node, Message::Relayed { id, result }),
        Asker::Node(node, id) => {
            let result = result.and_then(|answer| match answer {
                Answer::Coordination(answer) => Ok(answer),
                _ => Err(Refusal::new(ErrorCode::Crash, "an answer of another vocabulary")),
            });
            Out::Send(node, Message::Answer { id, result })
        }
    });
}
