//! The trait.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::{Effects, Env, Group, NodeId, NodeInfo, Outside, PostError, Request, Status};

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

    /// The parts that the nodes of a cluster of that many fall into. Each node is in one of them, and
    /// at least one takes clients.
    fn groups(nodes: u16, options: &BTreeMap<String, String>) -> Vec<Group> {
        let _ = options;
        Group::of_all(nodes)
    }

    /// The peers that this node ever speaks to. Links to others are neither opened nor hurt.
    fn neighbours(config: &NodeConfig) -> Vec<NodeId> {
        config.peers().collect()
    }

    /// What stands outside the cluster and takes posts; `None` for targets that post nothing.
    ///
    /// Its address is given to the nodes as the option [`NodeConfig::API_URL`]. What is random in it is
    /// drawn as it is asked, and what it is to know ahead from `seed`.
    fn outside(
        options: &BTreeMap<String, String>,
        bugs: &BTreeSet<String>,
        seed: u64,
    ) -> Option<Box<dyn Outside>> {
        let _ = (options, bugs, seed);
        None
    }

    /// The numbers of nodes that make sense for a sweep of the simulator; one that stands here more
    /// often is drawn more often. Never empty.
    fn sizes() -> &'static [u16] {
        &[3, 3, 5, 5, 5, 7]
    }
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
    /// What came of an [`Effect::Post`](crate::Effect::Post).
    Posted {
        /// The post.
        call: u64,
        /// The HTTP status of the answer, or why there is none.
        outcome: Result<u16, PostError>,
    },
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
    /// The option that holds the address of what stands outside the cluster, set by the driver where
    /// [`Node::outside`] gives something: `http://api.sim/means` in the simulator.
    pub const API_URL: &'static str = "api-url";

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
