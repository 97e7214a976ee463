//! Raft, for any state machine, without input or output of its own.
//!
//! A cluster of nodes agrees on a log of commands. Time is cut into *terms*; in each at most one
//! *leader* is elected by a majority, appends commands to its log, and has the others copy it. An
//! entry that a majority holds durably is *committed*: every later leader has it, so every node
//! may apply it. "§" is the extended paper (Ongaro and Ousterhout, *In Search of an Understandable
//! Consensus Algorithm*), "thesis" Ongaro's *Consensus: Bridging Theory and Practice*.
//!
//! | module | part | source |
//! |---|---|---|
//! | `election` | pre-vote, votes, terms, CheckQuorum | §5.2, §5.4.1; thesis §6.2, §9.6 |
//! | `replication` | the leader's side of the log | §5.3, §5.4.2, §8; thesis §10.2 |
//! | `follower` | the follower's side | §5.3 |
//! | `reads` | reads that need no log entry | thesis §6.4 |
//! | `compaction` | snapshots, taken and installed | §7; thesis §5 |
//! | `transfer` | leadership transfer | thesis §3.10 |
//! | `session`, `gateway` | exactly-once requests, taken by any node | thesis §6.3 |
//!
//! The order of actions is part of the protocol: what reveals a term, a vote or an entry stands
//! after the record that stores it, and the leader's AppendEntries stand ahead of its own write,
//! so that both happen at the same time (thesis §10.2.1).
//!
//! Left out: membership changes (§6), leader leases that bound clock drift by measurement, learners
//! and witnesses, and batching by time: batches form because few messages may be unanswered.
//!
//! Defects can be planted with [`bugs`], each a small branch at the place where a real implementation
//! would have it.

mod apply;
pub mod bugs;
mod compaction;
mod cx;
mod declared;
mod election;
mod follower;
mod gateway;
mod log;
mod machine;
pub mod message;
pub mod options;
mod progress;
mod reads;
mod record;
#[cfg(test)]
mod register;
mod replication;
mod role;
mod session;
mod settings;
mod transfer;

use std::collections::BTreeMap;

use ordalia_node::{NodeId, Recovered, StartError, Status, Ticket, Time, Value};

pub use cx::{Action, Cx};
pub use declared::joined;
pub use log::Log;
pub use machine::StateMachine;
pub use record::Record;
pub use session::Sessions;
pub use settings::{MAX_COMMAND_BYTES, Reads, Settings};

use compaction::Incoming;
use gateway::Gateway;
use message::{Message, Op, SessionId};
use record::{Snapshot, Stored};
use role::Role;

/// The names of the timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// No leader was heard for too long.
    Election,
    /// The leader's next round.
    Heartbeat,
    /// Time to look through unanswered requests.
    Gateway,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Event<S: StateMachine> {
    /// A peer's message.
    Message(NodeId, Message<S>),
    /// A client's request.
    Request(Ticket, Op<S>),
    /// A command of the node itself, which answers nobody. Only a leader takes it, and not while it hands
    /// over; otherwise it is dropped. Nor is it sent again by a later leader, which may see things
    /// otherwise: whether it took effect shows in the state machine.
    Own(S::Command),
    /// A timer ran out.
    Timer(Timer),
}

/// One node of the cluster.
#[derive(Debug)]
pub struct Raft<S: StateMachine> {
    id: NodeId,
    peers: Vec<NodeId>,
    settings: Settings,
    term: u64,
    voted_for: Option<NodeId>,
    log: Log<S::Command>,
    commit_index: u64,
    applied_index: u64,
    machine: S,
    sessions: Sessions<S::Response>,
    snapshot: Snapshot,
    incoming: Option<Incoming>,
    role: Role<S>,
    leader: Option<NodeId>,
    /// When a leader was last heard, for leader stickiness.
    heard_leader: Time,
    /// When each peer was last heard, for one of the planted defects.
    heard: BTreeMap<NodeId, Time>,
    election_deadline: Time,
    election_armed: bool,
    gateway: Gateway<S>,
}

impl<S: StateMachine> Raft<S> {
    /// Starts, or starts again from what was stored.
    ///
    /// # Errors
    /// What was stored is not what this program stores.
    pub fn start(
        id: NodeId,
        peers: Vec<NodeId>,
        settings: Settings,
        disk: Recovered<Record<S::Command>>,
        cx: &mut Cx<'_, S>,
    ) -> Result<Self, StartError> {
        let stored = Stored::<S>::recover(disk)?;
        let now = cx.now();
        let life = SessionId { node: id.number(), life: cx.draw_life() };
        let heard = peers.iter().map(|peer| (*peer, now)).collect();
        let mut raft = Self {
            id,
            peers,
            settings,
            term: stored.term,
            voted_for: stored.voted_for,
            commit_index: stored.snapshot.index,
            applied_index: stored.snapshot.index,
            log: stored.log,
            machine: stored.machine,
            sessions: stored.sessions,
            snapshot: stored.snapshot,
            incoming: None,
            role: Role::Follower,
            leader: None,
            // A node that starts again may have stood by a leader the moment before.
            heard_leader: now,
            heard,
            election_deadline: now,
            election_armed: false,
            gateway: Gateway::new(life),
        };
        raft.reset_election(cx);
        Ok(raft)
    }

    /// Handles one event.
    pub fn step(&mut self, event: Event<S>, cx: &mut Cx<'_, S>) {
        match event {
            Event::Message(from, message) => self.on_message(from, message, cx),
            Event::Request(ticket, op) => self.on_request(ticket, op, cx),
            Event::Own(command) => self.on_own(command, cx),
            Event::Timer(Timer::Election) => self.on_election_timer(cx),
            Event::Timer(Timer::Heartbeat) => self.on_heartbeat_timer(cx),
            Event::Timer(Timer::Gateway) => self.on_gateway_timer(cx),
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message<S>, cx: &mut Cx<'_, S>) {
        let Some(heard) = self.heard.get_mut(&from) else {
            cx.trace("reject-message", format!("from {from}, which is no peer"));
            return;
        };
        *heard = cx.now();
        match message {
            Message::Vote(vote) => self.on_vote(from, &vote, cx),
            Message::Voted(voted) => self.on_voted(from, &voted, cx),
            Message::Append(append) => self.on_append(from, append, cx),
            Message::Appended(appended) => self.on_appended(from, &appended, cx),
            Message::Heartbeat(heartbeat) => self.on_heartbeat(from, &heartbeat, cx),
            Message::Heartbeated(heartbeated) => self.on_heartbeated(from, &heartbeated, cx),
            Message::Install(install) => self.on_install(from, install, cx),
            Message::Installed(installed) => self.on_installed(from, &installed, cx),
            Message::TimeoutNow(now) => self.on_timeout_now(from, &now, cx),
            Message::Forward(forward) => self.on_forward(from, forward, cx),
            Message::Answers(answers) => self.on_answers(answers, cx),
        }
    }

    /// The current term.
    pub fn term(&self) -> u64 {
        self.term
    }

    /// The vote given in it.
    pub fn voted_for(&self) -> Option<NodeId> {
        self.voted_for
    }

    /// The role, in the field's word.
    pub fn role_name(&self) -> &'static str {
        self.role.name()
    }

    /// Whether this node leads, as far as it knows.
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// The leader that this node believes in.
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// The log.
    pub fn log(&self) -> &Log<S::Command> {
        &self.log
    }

    /// Up to where the log is known to be committed.
    pub fn commit_index(&self) -> u64 {
        self.commit_index
    }

    /// Up to where it is applied.
    pub fn applied_index(&self) -> u64 {
        self.applied_index
    }

    /// The last index that the snapshot covers.
    pub fn snapshot_index(&self) -> u64 {
        self.snapshot.index
    }

    /// The state machine.
    pub fn machine(&self) -> &S {
        &self.machine
    }

    /// The state machine, for what in it is not replicated: notes of its own that a target takes out after
    /// a step. Whatever is replicated must change by commands alone.
    pub fn machine_mut(&mut self) -> &mut S {
        &mut self.machine
    }

    /// How it is set up.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What a node that wraps it says of itself. It may add fields.
    pub fn status(&self) -> Status {
        let voted_for = self.voted_for.map_or(Value::Null, |node| Value::from(node.to_string()));
        let fields = [
            ("commit_index", Value::from(self.commit_index)),
            ("applied_index", Value::from(self.applied_index)),
            ("last_index", Value::from(self.log.last_index())),
            ("snapshot_index", Value::from(self.snapshot.index)),
            ("voted_for", voted_for),
            ("reads", Value::from(self.settings.reads.name())),
        ];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Status { role: self.role_name().to_owned(), term: Some(self.term), leader: self.leader, fields }
    }
}
