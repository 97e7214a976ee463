//! What a node wants done.

use std::time::Duration;

use crate::{Act, Answer, Node, NodeId, Refusal, Ticket, Value};

/// One thing to do. Drivers carry effects out in the order in which the node wrote them.
#[derive(Clone, Debug)]
pub enum Effect<N: Node> {
    /// Send a message to a peer. It may be lost, delayed, duplicated or overtaken. One to the node
    /// itself, or to a node that the cluster does not have, is dropped.
    Send {
        /// The peer.
        to: NodeId,
        /// The message.
        message: N::Message,
    },
    /// Answer a client's request. Each ticket is answered at most once; a further answer is dropped.
    Reply {
        /// The request's ticket.
        ticket: Ticket,
        /// The answer, or the refusal.
        result: Result<Answer, Refusal>,
    },
    /// Hand the timer's name back as an input after that span of the node's own clock. A timer of
    /// the same name that is already set is replaced. Timers that have run out come after the inputs
    /// that waited, in the order of their deadlines, and of one deadline in the order of setting.
    SetTimer {
        /// The timer's name.
        timer: N::Timer,
        /// From now.
        after: Duration,
    },
    /// Forget a timer, if it is set.
    CancelTimer(N::Timer),
    /// Append a record to durable storage. Effects after this one wait until it, and all records
    /// written ahead of it, are durable.
    Persist(N::Record),
    /// Append a record without waiting. It becomes durable with the next `Persist` or `Snapshot`,
    /// and a crash before that loses it.
    WriteBehind(N::Record),
    /// Replace all that is stored by a state and the records that follow it, atomically. Effects
    /// after this one wait until it is durable.
    Snapshot {
        /// The state, in the node's own encoding.
        state: Vec<u8>,
        /// The records that remain after it, in order.
        records: Vec<N::Record>,
    },
    /// Tell the log, the simulator and the space-time diagram what happened inside.
    Trace {
        /// A name from a small set. Faults can wait for `become-candidate`, `append`, `snapshot` and
        /// `install-snapshot`; `become-leader` and `commit` are for those who read the trace.
        event: &'static str,
        /// Details for a person.
        detail: String,
    },
    /// Add an event to the history of the run. It is recorded before any effect after it leaves.
    Act(Act),
    /// Post JSON to an HTTP address outside the cluster. The outcome comes back as
    /// [`Input::Posted`](crate::Input::Posted), unless the node's life ends before.
    Post {
        /// Names the post to the node; best unique within one life.
        call: u64,
        /// `http://HOST:PORT/PATH`.
        url: String,
        /// The body.
        body: Value,
        /// How long the answer is waited for.
        patience: Duration,
    },
}

/// The list that a node writes its effects to.
///
/// The order matters: what stands before a [`persist`](Effects::persist) leaves at once, what stands
/// after it waits until the record is durable.
#[derive(Debug)]
pub struct Effects<N: Node> {
    list: Vec<Effect<N>>,
}

impl<N: Node> Default for Effects<N> {
    fn default() -> Self {
        Self { list: Vec::new() }
    }
}

impl<N: Node> Effects<N> {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// See [`Effect::Send`].
    pub fn send(&mut self, to: NodeId, message: N::Message) {
        self.list.push(Effect::Send { to, message });
    }

    /// See [`Effect::Reply`].
    pub fn reply(&mut self, ticket: Ticket, result: Result<Answer, Refusal>) {
        self.list.push(Effect::Reply { ticket, result });
    }

    /// See [`Effect::SetTimer`].
    pub fn set_timer(&mut self, timer: N::Timer, after: Duration) {
        self.list.push(Effect::SetTimer { timer, after });
    }

    /// See [`Effect::CancelTimer`].
    pub fn cancel_timer(&mut self, timer: N::Timer) {
        self.list.push(Effect::CancelTimer(timer));
    }

    /// See [`Effect::Persist`].
    pub fn persist(&mut self, record: N::Record) {
        self.list.push(Effect::Persist(record));
    }

    /// See [`Effect::WriteBehind`].
    pub fn write_behind(&mut self, record: N::Record) {
        self.list.push(Effect::WriteBehind(record));
    }

    /// See [`Effect::Snapshot`].
    pub fn snapshot(&mut self, state: Vec<u8>, records: Vec<N::Record>) {
        self.list.push(Effect::Snapshot { state, records });
    }

    /// See [`Effect::Trace`].
    pub fn trace(&mut self, event: &'static str, detail: impl Into<String>) {
        self.list.push(Effect::Trace { event, detail: detail.into() });
    }

    /// See [`Effect::Act`].
    pub fn act(&mut self, act: Act) {
        self.list.push(Effect::Act(act));
    }

    /// See [`Effect::Post`].
    pub fn post(&mut self, call: u64, url: impl Into<String>, body: Value, patience: Duration) {
        self.list.push(Effect::Post { call, url: url.into(), body, patience });
    }

    /// For drivers: the effects so far, in order, leaving the list empty.
    pub fn take(&mut self) -> Vec<Effect<N>> {
        std::mem::take(&mut self.list)
    }

    /// For drivers: moves the effects out and keeps the list's room.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Effect<N>> {
        self.list.drain(..)
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
