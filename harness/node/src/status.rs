//! What a node says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::NodeId;

/// A node's view of itself: shown on the progress line, logged, and used to aim faults by role.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The role in the field's own word: `leader`, `follower`, `candidate`, …
    pub role: String,
    /// The term, epoch or ballot, in algorithms that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<u64>,
    /// The leader that this node believes in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<NodeId>,
    /// Everything else worth showing: `commit_index`, `applied_index`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Value>,
}

impl Status {
    /// Whether the node itself claims to lead.
    pub fn is_leader(&self) -> bool {
        self.role == "leader"
    }
}
