//! The trait.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::{Effects, Env, NodeId, NodeInfo, Request, Status};

/// A program under test, as a state machine.
///
/// Nothing that a node does may depend on anything but its arguments: collections that are
/// iterated are ordered, and input from outside is rejected, never asserted on.
pub trait Node: Sized + Debug {
    /// What peers say to each other. Serialized as a JSON object with a `type`.
    type Message: Clone + Debug + Send + Serialize + DeserializeOwned + 'static;
    /// What is appended to durable storage.
    type Record: Clone + Debug + Send + Serialize + DeserializeOwned + 'static;
    /// The names of its timers.
    type Timer: Copy + Ord + Debug + Send + 'static;

    /// What the target declares of itself.
    const INFO: NodeInfo;

    /// Starts, or starts again from what the disk holds.
    ///
    /// # Errors
    /// The configuration is not understood, or the disk holds what this node never wrote. A node
    /// never takes damaged storage for empty storage.
    fn start(
        config: &NodeConfig,
        disk: Recovered<Self::Record>,
        env: &mut Env,
        out: &mut Effects<Self>,
    ) -> Result<Self, StartError>;

    /// Handles one input.
    fn step(&mut self, input: Input<Self>, env: &mut Env, out: &mut Effects<Self>);

    /// What the node says of itself.
    fn status(&self) -> Status;
}

/// One thing that happens to a node.
#[derive(Clone, Debug)]
pub enum Input<N: Node> {
    /// A peer's message arrived.
    Message {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: N::Message,
    },
    /// A client asks for something.
    Request {
        /// To be given back with the reply.
        ticket: Ticket,
        /// What is asked.
        request: Request,
    },
    /// A timer ran out.
    Timer(N::Timer),
}

/// Names one client request until it is answered. Unique within one life of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// How a node is to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// This node.
    pub id: NodeId,
    /// All nodes of the cluster, this one among them, in order.
    pub nodes: Vec<NodeId>,
    /// The target's own options by name; absent ones have their default.
    pub options: BTreeMap<String, String>,
    /// The defects planted.
    pub bugs: BTreeSet<String>,
}

impl NodeConfig {
    /// The nodes other than this one, in order.
    pub fn peers(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes.iter().copied().filter(|node| *node != self.id)
    }

    /// Whether a defect is planted.
    pub fn has_bug(&self, name: &str) -> bool {
        self.bugs.contains(name)
    }
}

/// What the disk held when the node started: the last snapshot, and the records after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered<R> {
    /// The state of the last [`Effect::Snapshot`](crate::Effect::Snapshot).
    pub snapshot: Option<Vec<u8>>,
    /// The records since, in the order in which they were written.
    pub records: Vec<R>,
}

impl<R> Default for Recovered<R> {
    fn default() -> Self {
        Self { snapshot: None, records: Vec::new() }
    }
}

/// Why a node could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The disk holds what this node never wrote.
    #[error("the stored state is damaged: {0}")]
    Corrupt(String),
    /// The configuration is not understood.
    #[error("{0}")]
    Config(String),
}
