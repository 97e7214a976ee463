//! The shapes of `trace.jsonl`: what happened in a simulated run, event by event.

use ordalia_node::NodeId;
use serde::{Deserialize, Serialize};

/// One thing that happened in the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceEvent {
    /// Nanoseconds of virtual time since the world began.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub what: Happened,
}

/// What can happen. Messages and requests have numbers by which their ends are joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Happened {
    /// A process runs.
    Up {
        /// The node.
        node: NodeId,
    },
    /// A process ended.
    Down {
        /// The node.
        node: NodeId,
        /// Why, for a person.
        why: String,
    },
    /// A process was stopped.
    Paused {
        /// The node.
        node: NodeId,
    },
    /// And continued.
    Resumed {
        /// The node.
        node: NodeId,
    },
    /// A message left.
    Sent {
        /// The sender.
        node: NodeId,
        /// The receiver.
        to: NodeId,
        /// The message's number.
        message: u64,
        /// What it says.
        text: String,
    },
    /// A message was taken in by its receiver.
    Received {
        /// The receiver.
        node: NodeId,
        /// The sender.
        from: NodeId,
        /// The message's number.
        message: u64,
    },
    /// A message was lost, or held by a link that is cut.
    Lost {
        /// The sender.
        node: NodeId,
        /// The receiver.
        to: NodeId,
        /// The message's number.
        message: u64,
    },
    /// A timer ran out.
    Timer {
        /// The node.
        node: NodeId,
        /// The timer's name.
        timer: String,
    },
    /// What was written is durable.
    Synced {
        /// The node.
        node: NodeId,
    },
    /// The node told something of itself.
    Told {
        /// The node.
        node: NodeId,
        /// A name from a small set.
        event: String,
        /// Details.
        detail: String,
    },
    /// The node added to the history.
    Acted {
        /// The node.
        node: NodeId,
        /// Its lane.
        lane: u16,
        /// Where the operation stands, and its name: `invoke post`.
        text: String,
    },
    /// The node posted something to the outside.
    Posted {
        /// The node.
        node: NodeId,
        /// Its number for the post.
        call: u64,
        /// Where it goes.
        url: String,
    },
    /// A client sent a request.
    Asked {
        /// The node asked.
        node: NodeId,
        /// The client thread.
        thread: usize,
        /// The request's number.
        call: u64,
        /// What it asks.
        text: String,
    },
    /// A node took the request in.
    Heard {
        /// The node.
        node: NodeId,
        /// The request's number.
        call: u64,
    },
    /// A node answered.
    Replied {
        /// The node.
        node: NodeId,
        /// The request's number.
        call: u64,
        /// What it says.
        text: String,
    },
    /// The client's operation ended.
    Ended {
        /// The client thread.
        thread: usize,
        /// The request's number.
        call: u64,
        /// How: `Ok`, `Fail` or `Info`, and why.
        text: String,
        /// Whether it was the node's reply that ended it. A time-out or a broken connection tells the client
        /// nothing of what the node did.
        #[serde(default)]
        replied: bool,
    },
    /// A fault began, ended, or came to nothing.
    Fault {
        /// The fault's number in the schedule.
        fault: u64,
        /// What it does, and where it stands.
        text: String,
    },
}
