//! What a step of the protocol reads and writes besides its own state.

use std::time::Duration;

use ordalia_node::{Env, NodeId, Refusal, Ticket, Time};
use rand::RngExt;

use crate::message::{Message, Outcome};
use crate::record::Record;
use crate::{StateMachine, Timer};

/// One thing to do. The node's glue turns it into an effect, in order, with the storage rule that
/// effects have: what stands after a `Persist` or a `Snapshot` waits until it is durable.
#[derive(Clone, Debug)]
pub enum Action<S: StateMachine> {
    /// Send to a peer.
    Send(NodeId, Message<S>),
    /// Answer a client.
    Reply(Ticket, Outcome<S::Response>),
    /// Refuse a client.
    Refuse(Ticket, Refusal),
    /// Hand the timer back after that span.
    SetTimer(Timer, Duration),
    /// Append to storage, and wait.
    Persist(Record<S::Command>),
    /// Append to storage without waiting.
    WriteBehind(Record<S::Command>),
    /// Replace what is stored.
    Snapshot(Vec<u8>, Vec<Record<S::Command>>),
    /// This node led when it served that read, whoever asked: a round of heartbeats sent after the read
    /// arrived was confirmed, or the lease held. Stands ahead of the answer. Only where
    /// [`StateMachine::REPORTS_READS`]; twice for a read that was passed on twice; not for one that was
    /// answered under [`Reads::Local`](crate::Reads::Local).
    Served(S::Query),
    /// For the log and the diagram.
    Trace(&'static str, String),
}

/// The environment of one step, and the list of what it wants done.
pub struct Cx<'a, S: StateMachine> {
    env: &'a mut Env,
    actions: &'a mut Vec<Action<S>>,
}

impl<'a, S: StateMachine> Cx<'a, S> {
    /// For one step.
    pub fn new(env: &'a mut Env, actions: &'a mut Vec<Action<S>>) -> Self {
        Self { env, actions }
    }

    pub(crate) fn now(&self) -> Time {
        self.env.now()
    }

    pub(crate) fn draw(&mut self, shortest: Duration) -> Duration {
        let shortest = u64::try_from(shortest.as_nanos()).unwrap_or(u64::MAX / 2);
        Duration::from_nanos(self.env.rng().random_range(shortest..=shortest.saturating_mul(2)))
    }

    pub(crate) fn draw_life(&mut self) -> u64 {
        self.env.rng().random::<u64>() >> 11
    }

    pub(crate) fn send(&mut self, to: NodeId, message: Message<S>) {
        self.actions.push(Action::Send(to, message));
    }

    pub(crate) fn reply(&mut self, ticket: Ticket, outcome: Outcome<S::Response>) {
        self.actions.push(Action::Reply(ticket, outcome));
    }

    pub(crate) fn refuse(&mut self, ticket: Ticket, refusal: Refusal) {
        self.actions.push(Action::Refuse(ticket, refusal));
    }

    pub(crate) fn set_timer(&mut self, timer: Timer, after: Duration) {
        self.actions.push(Action::SetTimer(timer, after));
    }

    pub(crate) fn persist(&mut self, record: Record<S::Command>) {
        self.actions.push(Action::Persist(record));
    }

    pub(crate) fn write_behind(&mut self, record: Record<S::Command>) {
        self.actions.push(Action::WriteBehind(record));
    }

    pub(crate) fn snapshot(&mut self, state: Vec<u8>, records: Vec<Record<S::Command>>) {
        self.actions.push(Action::Snapshot(state, records));
    }

    pub(crate) fn served(&mut self, query: S::Query) {
        self.actions.push(Action::Served(query));
    }

    pub(crate) fn trace(&mut self, event: &'static str, detail: impl Into<String>) {
        self.actions.push(Action::Trace(event, detail.into()));
    }
}
