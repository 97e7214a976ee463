//! Where a driver shows what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ordalia_node::{NodeConfig, NodeId, PostError, Recovered, Status, Ticket};

use crate::probe::ON_START;
use crate::{Probe, Script};

/// How long a write takes until it is durable. Its core waits meanwhile.
pub const SYNC: Duration = Duration::from_micros(100);

/// How long a process takes to start.
pub const BOOT: Duration = Duration::from_millis(1);

/// What a stage begins with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The number of nodes.
    pub nodes: u16,
    /// What each does when it starts.
    pub on_start: Script,
}

impl Default for Setup {
    /// Three nodes that do nothing by themselves.
    fn default() -> Self {
        Self { nodes: 3, on_start: Script::new() }
    }
}

impl Setup {
    /// The options that all nodes are started with.
    ///
    /// # Panics
    /// If the script has no JSON form, and each has.
    pub fn options(&self) -> BTreeMap<String, String> {
        let script = serde_json::to_string(&self.on_start).expect("a script has a JSON form");
        BTreeMap::from([(ON_START.to_owned(), script)])
    }
}

/// How a node of this setup is started.
pub fn config_of(setup: &Setup, id: NodeId) -> NodeConfig {
    NodeConfig { id, nodes: NodeId::all(setup.nodes), options: setup.options(), bugs: BTreeSet::new() }
}

/// A driver with probes on it. Nothing happens by itself: time stands until it is [let pass](Stage::pass).
///
/// No message that a probe sends reaches another: that it left is what counts, and what arrives is
/// [told](Stage::tell).
pub trait Stage {
    /// The driver's name.
    const NAME: &'static str;

    /// Nodes with empty disks, of which none runs yet.
    fn new(setup: &Setup) -> Self;

    /// Starts a node, which takes [`BOOT`]. Whether it runs then.
    fn start(&mut self, node: NodeId) -> bool;

    /// Whether a node runs, held or not.
    fn is_up(&self, node: NodeId) -> bool;

    /// Whether a write of a node is under way.
    fn is_writing(&mut self, node: NodeId) -> bool;

    /// A request arrives at a node and is handled as soon as the driver can. Requests are numbered from 0 in
    /// the order of asking. `None` if the node does not run.
    fn ask(&mut self, node: NodeId, script: Script) -> Option<Ticket>;

    /// A peer's message arrives at a node.
    fn tell(&mut self, from: NodeId, to: NodeId, word: u64, script: Script);

    /// What came of a post of a node arrives: the status of an answer, or that none came.
    fn posted(&mut self, node: NodeId, call: u64, outcome: Result<u16, PostError>);

    /// A node has no turn until it is let go; what arrives waits.
    fn hold(&mut self, node: NodeId);

    /// A node that was held goes on.
    fn let_go(&mut self, node: NodeId);

    /// Time passes, for all.
    fn pass(&mut self, span: Duration);

    /// A node's clock jumps ahead, and no other.
    fn jump_clock(&mut self, node: NodeId, span: Duration);

    /// A node's process ends at once.
    fn kill(&mut self, node: NodeId);

    /// The next write of a node is cut short and its process ends, at a point that the number chooses; with
    /// some numbers the write comes through, and the process ends right after it.
    fn doom(&mut self, node: NodeId, number: u32);

    /// Flips a bit in what a node has stored. Whether there was something.
    fn damage(&mut self, node: NodeId) -> bool;

    /// What a node says of itself. To be asked when no write is under way.
    fn status(&mut self, node: NodeId) -> Option<Status>;

    /// Takes out what happened at a node, in order: lines as [`sent`], [`replied`] and [`durable`] give them.
    fn journal(&mut self, node: NodeId) -> Vec<String>;

    /// Nodes that all run.
    fn running(setup: &Setup) -> Self
    where
        Self: Sized,
    {
        let mut stage = Self::new(setup);
        for node in NodeId::all(setup.nodes) {
            assert!(stage.start(node), "{node} starts");
        }
        stage
    }

    /// Lets time pass until no write of a node is under way.
    fn settle(&mut self, node: NodeId) {
        while self.is_writing(node) {
            self.pass(SYNC / 4);
        }
    }

    /// What a node was handed in this life, in order; `None` if it does not run.
    fn seen(&mut self, node: NodeId) -> Option<Vec<String>> {
        // What is due now comes first.
        self.pass(Duration::ZERO);
        self.settle(node);
        let status = self.status(node)?;
        let seen = status.fields.get(Probe::SEEN).cloned().unwrap_or_default();
        serde_json::from_value(seen).ok()
    }
}

/// A message left.
pub fn sent(to: NodeId, word: impl std::fmt::Display) -> String {
    format!("send {word} to {to}")
}

/// The answer to a request left; its text is that of `Result`'s `Debug`.
pub fn replied(asked: u64, text: &str) -> String {
    format!("{} {asked}", if text.starts_with("Ok") { "answer" } else { "refuse" })
}

/// The node acted: a lane, and where the operation stands with its name.
pub fn acted(lane: u16, text: &str) -> String {
    format!("act {lane} {text}")
}

/// A post left.
pub fn posts(call: u64, url: &str) -> String {
    format!("post {call} to {url}")
}

/// What a crash would leave.
pub fn durable(disk: &Recovered<u64>) -> String {
    match &disk.snapshot {
        None => format!("disk {:?}", disk.records),
        Some(state) => format!("disk {} {:?}", String::from_utf8_lossy(state), disk.records),
    }
}
