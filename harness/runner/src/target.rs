//! What a target is to the runner.
//!
//! Everything else, workloads, schedules, checkers, reports, is the same for all targets. The targets that
//! Ordalia builds itself share one implementation, [`BuiltIn`](crate::BuiltIn); a real system brings a
//! start recipe and a client of its own.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use ordalia_cluster::Recipe;
use ordalia_node::{Group, NodeId, Outside, Request, RequestKind, Status};
use ordalia_record::TargetSettings;
use ordalia_schedule::FaultKind;
use ordalia_workload::Reply;

/// A future behind a pointer, so that traits with asynchronous methods can be objects.
pub type Async<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where one node of a cluster has its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePlace {
    /// The node.
    pub node: NodeId,
    /// All nodes, in order.
    pub nodes: Vec<NodeId>,
    /// Where it must listen for peers and clients. The port is reserved for it.
    pub listen: SocketAddr,
    /// Where it reaches each neighbour: the proxy of that link, or the peer itself.
    pub peers: BTreeMap<NodeId, SocketAddr>,
    /// Where each node itself listens, neighbours or not. What is said there passes no proxy.
    pub addresses: BTreeMap<NodeId, SocketAddr>,
    /// Its data folder.
    pub data: PathBuf,
    /// Its log file.
    pub log: PathBuf,
    /// Where it writes what it adds to the history.
    pub acts: PathBuf,
    /// The address of what stands outside, if the target has that.
    pub outside: Option<String>,
}

/// What a running node says when it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeReport {
    /// The process that answered, where the system can say.
    pub pid: Option<u32>,
    /// How often that process has called fsync, where the system can say.
    pub fsyncs: Option<u64>,
    /// Its view of itself.
    pub status: Status,
}

/// Something that runs until it is dropped.
pub type Companion = Box<dyn Any + Send + Sync>;

/// A system under test.
pub trait Target: Send + Sync {
    /// What stands in `run.json`.
    fn settings(&self) -> TargetSettings;

    /// The kinds of request that it answers.
    fn answers(&self) -> &[RequestKind];

    /// The kinds of fault that can be done to it.
    fn bears(&self) -> &[FaultKind];

    /// The parts that its nodes fall into. See [`Node::groups`](ordalia_node::Node::groups).
    fn groups(&self, nodes: u16) -> Vec<Group> {
        Group::of_all(nodes)
    }

    /// The peers that a node ever speaks to, of all nodes of its cluster.
    fn neighbours(&self, node: NodeId, nodes: &[NodeId]) -> Vec<NodeId> {
        nodes.iter().copied().filter(|peer| *peer != node).collect()
    }

    /// What stands outside the cluster and takes posts.
    fn outside(&self, seed: u64) -> Option<Box<dyn Outside>> {
        let _ = seed;
        None
    }

    /// Starts what speaks for nodes in this process, for those that do not speak the wire themselves. It is called
    /// once, before the nodes are started; what it gives is dropped when they have stopped. No fault of processes
    /// touches it.
    ///
    /// # Errors
    /// Those of the system.
    fn accompany(&self, places: &[NodePlace]) -> io::Result<Option<Companion>> {
        let _ = places;
        Ok(None)
    }

    /// How a node is started, and started again with the same data.
    fn recipe(&self, place: &NodePlace) -> Recipe;

    /// Asks a node for its status; the error is for a person.
    fn status(&self, address: SocketAddr, timeout: Duration) -> Async<'_, Result<NodeReport, String>>;

    /// A client for one node. It connects when it is first called.
    fn client(&self, node: NodeId, address: SocketAddr, name: &str) -> Box<dyn Client>;
}

/// A client of one node.
pub trait Client: Send {
    /// Sends a request and waits for its reply.
    fn call<'a>(&'a mut self, request: &'a Request, timeout: Duration) -> Async<'a, Reply>;
}
