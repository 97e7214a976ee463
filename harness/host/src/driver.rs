//! The core of a host: one node, its timers and its storage.
//!
//! Inputs wait in an inbox, and what may leave goes out by an outlet, in batches. Of one batch,
//! the effects ahead of the first record that must be durable leave without waiting; then all
//! records of the batch are written and synced at once; then the other effects leave, in order.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use ordalia_node::{
    Act, Answer, Effect, Effects, Env, Input, Node, NodeConfig, NodeId, PostError, Refusal, Request, Status,
    Ticket, Time, Value,
};

use tokio::task::yield_now;
use tokio::time::timeout;

use crate::HostError;
use crate::clock::Clock;
use crate::inbox::Inbox;
use crate::storage::{Disk, Storage};
use crate::timers::Timers;

#[cfg(test)]
mod tests;

/// How many inputs are handled before timers are looked at again and effects leave.
const BATCH: usize = 1024;

/// What the network hands to the core.
#[derive(Debug)]
pub(crate) enum Inbound<M> {
    /// A peer's message.
    Message { from: NodeId, message: M },
    /// A client's request.
    Request { ticket: Ticket, request: Request },
    /// Someone asks for the node's status.
    Status { ticket: Ticket },
    /// What came of a post of the node's own.
    Posted { call: u64, outcome: Result<u16, PostError> },
}

/// What the core hands to the network.
#[derive(Debug)]
pub(crate) enum Outbound<M> {
    /// A message to a peer.
    Send { to: NodeId, message: M },
    /// The answer to a request.
    Reply { ticket: Ticket, result: Result<Answer, Refusal> },
    /// The answer to a question for the status.
    Status { ticket: Ticket, status: Status, fsyncs: u64 },
    /// An event for the history.
    Act(Act),
    /// A post to an address outside.
    Post { call: u64, url: String, body: Value, patience: Duration },
}

/// What waits for its turn to leave.
enum Leaving<M> {
    Out(Outbound<M>),
    Trace { event: &'static str, detail: String },
}

/// One node with all that drives it. `O` takes what leaves.
pub(crate) struct Driver<N: Node, D, O> {
    id: NodeId,
    peers: BTreeSet<NodeId>,
    node: N,
    env: Env,
    clock: Clock,
    effects: Effects<N>,
    timers: Timers<N::Timer>,
    storage: Storage<D>,
    outlet: O,
    /// Written ahead of anything that must be durable first.
    free: Vec<Leaving<N::Message>>,
    /// Written after it.
    held: Vec<Leaving<N::Message>>,
}

impl<N: Node, D: Disk, O: FnMut(Vec<Outbound<N::Message>>) -> Result<(), HostError>> Driver<N, D, O> {
    /// Recovers the durable state and starts the node from it.
    pub(crate) fn start(
        config: &NodeConfig,
        seed: u64,
        disk: D,
        clock: Clock,
        outlet: O,
    ) -> Result<Self, HostError> {
        let (storage, recovered) = Storage::open::<N::Record>(disk)?;
        let mut env = Env::new(seed);
        env.set_now(clock.now());
        let mut effects = Effects::new();
        let node = N::start(config, recovered, &mut env, &mut effects)
            .map_err(|source| HostError::Start { node: config.id, source })?;
        let (timers, free, held) = (Timers::new(), Vec::new(), Vec::new());
        let (id, peers) =
            (config.id, N::neighbours(config).into_iter().filter(|peer| *peer != config.id).collect());
        let mut driver = Self { id, peers, node, env, clock, effects, timers, storage, outlet, free, held };
        driver.accept_effects()?;
        driver.flush()?;
        Ok(driver)
    }

    /// Runs until something fails. What was written behind is lost when the future is dropped, as
    /// with any other end of the process.
    pub(crate) async fn run(&mut self, inbox: &Inbox<N::Message>) -> Result<Infallible, HostError> {
        loop {
            self.wait(inbox).await;
            self.batch(inbox)?;
        }
    }

    /// Waits until there is an input or the next timer runs out.
    async fn wait(&self, inbox: &Inbox<N::Message>) {
        if !inbox.is_empty() {
            // What a full batch left over. The network has its turn first.
            return yield_now().await;
        }
        match self.next_deadline() {
            None => inbox.filled().await,
            // Either is a reason to look.
            Some(deadline) => drop(timeout(deadline.since(self.clock.now()), inbox.filled()).await),
        }
    }

    /// When the next timer runs out.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.timers.next_deadline()
    }

    /// Handles all inputs that wait, then the timers that have run out, then lets the effects out.
    ///
    /// Timers come last so that a message that was waiting, such as a leader's heartbeat, can still
    /// put off a timer that ran out while the core was busy.
    pub(crate) fn batch(&mut self, inbox: &Inbox<N::Message>) -> Result<(), HostError> {
        for input in std::iter::from_fn(|| inbox.pop()).take(BATCH) {
            self.take(input)?;
        }
        let now = self.clock.now();
        // Counted, because a timer may be set again to run out at once.
        for _ in 0..self.timers.len() {
            let Some(timer) = self.timers.pop_due(now) else { break };
            self.step(Input::Timer(timer))?;
        }
        self.flush()
    }

    fn take(&mut self, input: Inbound<N::Message>) -> Result<(), HostError> {
        match input {
            Inbound::Message { from, message } => self.step(Input::Message { from, message }),
            Inbound::Request { ticket, request } => self.step(Input::Request { ticket, request }),
            Inbound::Posted { call, outcome } => self.step(Input::Posted { call, outcome }),
            Inbound::Status { ticket } => {
                let (status, fsyncs) = (self.node.status(), self.storage.fsyncs());
                self.leave(Leaving::Out(Outbound::Status { ticket, status, fsyncs }));
                Ok(())
            }
        }
    }

    fn step(&mut self, input: Input<N>) -> Result<(), HostError> {
        self.env.set_now(self.clock.now());
        self.node.step(input, &mut self.env, &mut self.effects);
        self.accept_effects()
    }

    /// Sorts what the node wrote. Timers are the node's own affair and take effect at once, so that
    /// an input can still stop a timer that would run out later in the same batch.
    fn accept_effects(&mut self) -> Result<(), HostError> {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain() {
            match effect {
                Effect::Send { to, message } if self.peers.contains(&to) => {
                    self.leave(Leaving::Out(Outbound::Send { to, message }));
                }
                // To itself, or to nobody of this cluster.
                Effect::Send { .. } => {}
                Effect::Reply { ticket, result } => {
                    self.leave(Leaving::Out(Outbound::Reply { ticket, result }));
                }
                Effect::Trace { event, detail } => self.leave(Leaving::Trace { event, detail }),
                Effect::Act(act) => self.leave(Leaving::Out(Outbound::Act(act))),
                Effect::Post { call, url, body, patience } => {
                    let post = Outbound::Post { call, url, body, patience };
                    self.leave(Leaving::Out(post));
                }
                Effect::SetTimer { timer, after } => self.timers.set(timer, self.env.now() + after),
                Effect::CancelTimer(timer) => self.timers.cancel(timer),
                Effect::WriteBehind(record) => self.storage.stage(&record)?,
                Effect::Persist(record) => {
                    self.storage.stage(&record)?;
                    self.storage.demand();
                }
                Effect::Snapshot { state, records } => self.storage.stage_snapshot(&state, &records)?,
            }
        }
        self.effects = effects;
        Ok(())
    }

    fn leave(&mut self, leaving: Leaving<N::Message>) {
        let queue = if self.storage.is_demanded() { &mut self.held } else { &mut self.free };
        queue.push(leaving);
    }

    /// Lets out what need not wait, makes durable what must be, and lets out the rest.
    fn flush(&mut self) -> Result<(), HostError> {
        let free = std::mem::take(&mut self.free);
        self.free = self.release(free)?;
        if self.storage.is_demanded() {
            self.storage.commit()?;
            let held = std::mem::take(&mut self.held);
            self.held = self.release(held)?;
        }
        Ok(())
    }

    /// Hands over in order, and gives the emptied list back.
    fn release(&mut self, mut list: Vec<Leaving<N::Message>>) -> Result<Vec<Leaving<N::Message>>, HostError> {
        let mut out = Vec::with_capacity(list.len());
        for leaving in list.drain(..) {
            match leaving {
                Leaving::Out(outbound) => out.push(outbound),
                Leaving::Trace { event, detail } => tracing::info!(node = %self.id, event, "{detail}"),
            }
        }
        if !out.is_empty() {
            (self.outlet)(out)?;
        }
        Ok(list)
    }
}
