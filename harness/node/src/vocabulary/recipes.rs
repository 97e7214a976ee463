//! What is built from a coordination service: locks, elections, counters, queues, membership.
//!
//! A client asks an *agent*, a node that has sessions with the service and follows the recipes. The
//! agent keeps one session for each `owner`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Key;
use super::coordination::SessionNumber;
use crate::RequestKind;

/// A request to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RecipeRequest {
    /// Takes a lock.
    Acquire {
        /// The lock.
        key: Key,
        /// Who takes it.
        owner: String,
    },
    /// Gives a lock back.
    Release {
        /// The lock.
        key: Key,
        /// Who has it.
        owner: String,
        /// What [`RecipeAnswer::Acquired`] gave.
        token: u64,
    },
    /// Stands for election, and waits to be elected.
    Campaign {
        /// The office.
        key: Key,
        /// The candidate.
        owner: String,
    },
    /// Leaves the office, or withdraws.
    Resign {
        /// The office.
        key: Key,
        /// The candidate.
        owner: String,
    },
    /// Who leads.
    Leader {
        /// The office.
        key: Key,
    },
    /// Adds to a counter.
    Add {
        /// The counter.
        key: Key,
        /// How much.
        delta: i64,
    },
    /// A counter's value.
    Total {
        /// The counter.
        key: Key,
    },
    /// Appends to a queue.
    Enqueue {
        /// The queue.
        key: Key,
        /// The element.
        value: Value,
    },
    /// Takes the first element of a queue;
    /// [`KeyDoesNotExist`](crate::ErrorCode::KeyDoesNotExist) where it is empty.
    Dequeue {
        /// The queue.
        key: Key,
    },
    /// All that a persistent watch of that owner has told so far. The first such request sets it.
    WatchLog {
        /// What is watched.
        key: Key,
        /// Who watches.
        owner: String,
    },
    /// Creates an ephemeral node of that owner.
    Hold {
        /// Beneath which key.
        key: Key,
        /// Whose.
        owner: String,
    },
    /// Whose ephemeral nodes there are.
    Holders {
        /// Beneath which key.
        key: Key,
    },
    /// Joins a group.
    Join {
        /// The group.
        key: Key,
        /// Who joins.
        owner: String,
    },
    /// Leaves a group.
    Leave {
        /// The group.
        key: Key,
        /// Who leaves.
        owner: String,
    },
    /// Who is in a group.
    Members {
        /// The group.
        key: Key,
    },
}

impl RecipeRequest {
    /// The types on the wire.
    pub const TYPES: &'static [&'static str] = &[
        "acquire",
        "release",
        "campaign",
        "resign",
        "leader",
        "add",
        "total",
        "enqueue",
        "dequeue",
        "watch_log",
        "hold",
        "holders",
        "join",
        "leave",
        "members",
    ];

    /// Its kind.
    pub fn kind(&self) -> RequestKind {
        match self {
            Self::Acquire { .. } | Self::Release { .. } => RequestKind::Lock,
            Self::Campaign { .. } | Self::Resign { .. } | Self::Leader { .. } => RequestKind::Election,
            Self::Add { .. } | Self::Total { .. } => RequestKind::Counter,
            Self::Enqueue { .. } | Self::Dequeue { .. } => RequestKind::Queue,
            Self::WatchLog { .. } => RequestKind::Watch,
            Self::Hold { .. } | Self::Holders { .. } => RequestKind::Ephemeral,
            Self::Join { .. } | Self::Leave { .. } | Self::Members { .. } => RequestKind::Membership,
        }
    }

    /// Whether it can change nothing.
    pub fn is_read_only(&self) -> bool {
        matches!(self, Self::Leader { .. } | Self::Total { .. } | Self::Holders { .. } | Self::Members { .. })
    }
}

/// Who leads, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leadership {
    /// The candidate.
    pub owner: String,
    /// Grows with every election.
    pub epoch: u64,
}

/// An agent's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RecipeAnswer {
    /// The lock is taken.
    Acquired {
        /// The fencing token: it grows with every holder of the lock.
        token: u64,
    },
    /// The lock was given back.
    Released,
    /// The candidate leads.
    Elected {
        /// Grows with every election.
        epoch: u64,
    },
    /// The candidate leads no more, and stands no more.
    Resigned,
    /// Who leads.
    Leads {
        /// Nobody where absent.
        leader: Option<Leadership>,
    },
    /// The counter's value after the addition.
    Added {
        /// The value.
        value: i64,
    },
    /// The counter's value.
    TotalIs {
        /// The value.
        value: i64,
    },
    /// The element is in the queue.
    Enqueued,
    /// The element was the first of the queue, and is no longer in it.
    Dequeued {
        /// The element.
        value: Value,
    },
    /// What a watch told.
    Seen {
        /// The versions of the data, in the order in which they were told.
        versions: Vec<u64>,
    },
    /// The ephemeral node exists.
    Held {
        /// The session that it goes with.
        session: SessionNumber,
    },
    /// Whose ephemeral nodes there are.
    Holding {
        /// Their owners, in order.
        owners: Vec<String>,
    },
    /// The owner is in the group.
    Joined,
    /// The owner is not in the group.
    Left,
    /// Who is in the group.
    MembersAre {
        /// Their names, in order.
        owners: Vec<String>,
    },
}
