//! A node beyond the ensemble: its clients' requests are carried out by members.
//!
//! It follows the recipes for them, in one session for each owner that they name and a few for what is
//! nobody's. Additions to a counter that wait at the same time are made together. A request that takes 2 s is given up: definitely, if it changed nothing or waited for a lock or an
//! office, which is then left, and indefinitely otherwise. A session whose owner asks for nothing for 3 s is
//! closed, and what the owner had is gone.
//!
//! What is no recipe is relayed to a member as it is: once if it may change
//! something, since nobody would know whether a first copy was carried out, and to the next member if it
//! changes nothing and no answer comes.

mod belonging;
mod owner;
mod owners;
mod reading;

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_node::{
    Act, Answer, CoordinationRequest, Env, ErrorCode, NodeConfig, NodeId, Refusal, Request, Status, Ticket,
    Time, Value,
};
use rand::RngExt;

use crate::Message;
use owners::Owners;

/// Between two looks at what is unanswered.
const TICK: Duration = Duration::from_millis(100);
/// After which the next member is asked.
const RETRY: Duration = Duration::from_millis(500);
/// After which a request is given up, beside what it asked to wait.
const PATIENCE: Duration = Duration::from_secs(5);
/// Unanswered requests at a time; more are refused.
const MAX_PENDING: usize = 10_000;

/// The names of the timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Time to look at what is unanswered.
    Tick,
    /// Time to look at the owners.
    Owners,
}

/// One thing that an agent wants done.
#[derive(Clone, Debug)]
pub enum Out {
    /// Send to a member.
    Send(NodeId, Message),
    /// Answer a client.
    Reply(Ticket, Result<Answer, Refusal>),
    /// Hand the timer back after that span.
    SetTimer(Timer, Duration),
    /// Write down the beginning or the end of an owner's session.
    Act(Act),
}

/// A client's request on its way.
#[derive(Debug)]
struct Pending {
    ticket: Ticket,
    request: Request,
    since: Time,
    sent: Time,
    /// The place of the member asked last.
    to: usize,
}

/// One agent.
#[derive(Debug)]
pub struct Agent {
    members: Vec<NodeId>,
    /// The place of the member that is asked first.
    preferred: usize,
    pending: BTreeMap<u64, Pending>,
    last_id: u64,
    is_tick_set: bool,
    owners: Owners,
}

impl Agent {
    /// Starts; an agent stores nothing. `members` is not empty.
    pub fn start(config: &NodeConfig, members: Vec<NodeId>, env: &mut Env, out: &mut Vec<Out>) -> Self {
        let _ = out;
        // Agents begin with different members.
        let preferred = config.id.index() % members.len().max(1);
        // Members note the numbers of requests, so those of an earlier life must not come again.
        let last_id = env.rng().random::<u64>() >> 12;
        let owners = Owners::new(config.id, members.clone());
        Self { members, preferred, pending: BTreeMap::new(), last_id, is_tick_set: false, owners }
    }

    /// A member's message.
    pub fn on_message(&mut self, from: NodeId, message: Message, env: &mut Env, out: &mut Vec<Out>) {
        match message {
            Message::Relayed { id, result } => {
                if let Some(pending) = self.pending.remove(&id) {
                    out.push(Out::Reply(pending.ticket, result));
                }
            }
            Message::Answer { id, result } => {
                self.owners.on_answer(from, id, result, env.now(), out);
                self.wake_for_owners(out);
            }
            Message::Events { session, events } => {
                self.owners.on_events(from, session, &events, env.now(), out);
                self.wake_for_owners(out);
            }
            // Agents are asked nothing by other nodes.
            Message::Raft(_) | Message::Ask { .. } | Message::Relay { .. } => {}
        }
    }

    /// A client's request.
    pub fn on_request(&mut self, ticket: Ticket, request: Request, env: &mut Env, out: &mut Vec<Out>) {
        let refuse = |code, text| Out::Reply(ticket, Err(Refusal::new(code, text)));
        if self.pending.len() + self.owners.counts().0 >= MAX_PENDING {
            return out.push(refuse(ErrorCode::TemporarilyUnavailable, "too many requests wait"));
        }
        let request = match request {
            Request::Recipe(request) => {
                self.owners.on_request(ticket, request, env, out);
                return self.wake_for_owners(out);
            }
            request => request,
        };
        self.last_id += 1;
        let (id, now) = (self.last_id, env.now());
        let to = self.preferred;
        let pending = Pending { ticket, request, since: now, sent: now, to };
        self.send(id, &pending, out);
        self.pending.insert(id, pending);
        self.set_tick(out);
    }

    /// A timer ran out.
    pub fn on_timer(&mut self, timer: Timer, env: &mut Env, out: &mut Vec<Out>) {
        match timer {
            Timer::Tick => self.on_tick(env.now(), out),
            Timer::Owners => {
                self.owners.on_tick(env.now(), out);
                self.wake_for_owners(out);
            }
        }
    }

    fn wake_for_owners(&self, out: &mut Vec<Out>) {
        if let Some(after) = self.owners.until_tick() {
            out.push(Out::SetTimer(Timer::Owners, after));
        }
    }

    fn on_tick(&mut self, now: Time, out: &mut Vec<Out>) {
        self.is_tick_set = false;
        let mut over = Vec::new();
        let mut again = Vec::new();
        for (id, pending) in &mut self.pending {
            if now.since(pending.since) >= patience(&pending.request) {
                over.push(*id);
            } else if now.since(pending.sent) >= RETRY && waits(&pending.request).is_zero() {
                if pending.to == self.preferred {
                    self.preferred = (self.preferred + 1) % self.members.len().max(1);
                }
                if pending.request.is_read_only() {
                    (pending.to, pending.sent) = (self.preferred, now);
                    again.push(*id);
                }
            }
        }
        for id in again {
            if let Some(pending) = self.pending.get(&id) {
                self.send(id, pending, out);
            }
        }
        for pending in over.iter().filter_map(|id| self.pending.remove(id)) {
            let refusal = Refusal::new(ErrorCode::Timeout, "no member of the ensemble answered");
            out.push(Out::Reply(pending.ticket, Err(refusal)));
        }
        self.set_tick(out);
    }

    /// What this agent says of itself.
    pub fn status(&self) -> Status {
        let (pending, sessions) = self.owners.counts();
        let fields = BTreeMap::from([
            ("pending".to_owned(), Value::from(self.pending.len() + pending)),
            ("sessions".to_owned(), Value::from(sessions)),
        ]);
        Status { role: "agent".to_owned(), term: None, leader: None, fields }
    }

    fn send(&self, id: u64, pending: &Pending, out: &mut Vec<Out>) {
        if let Some(member) = self.members.get(pending.to) {
            out.push(Out::Send(*member, Message::Relay { id, request: pending.request.clone() }));
        }
    }

    fn set_tick(&mut self, out: &mut Vec<Out>) {
        if !self.is_tick_set && !self.pending.is_empty() {
            self.is_tick_set = true;
            out.push(Out::SetTimer(Timer::Tick, TICK));
        }
    }
}

/// For how long a request itself asks to wait.
fn waits(request: &Request) -> Duration {
    match request {
        Request::Coordination(CoordinationRequest::Events { wait_ms, .. }) => {
            Duration::from_millis((*wait_ms).min(30_000))
        }
        Request::Coordination(CoordinationRequest::SimpleWatch { .. }) => Duration::from_secs(30),
        _ => Duration::ZERO,
    }
}

fn patience(request: &Request) -> Duration {
    PATIENCE + waits(request)
}
