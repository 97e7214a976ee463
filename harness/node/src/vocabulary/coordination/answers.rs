//! What a coordination service answers, and what its watches tell.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{SessionNumber, Zxid};

/// What is known of a node besides its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    /// How often the value was set; 0 after the creation.
    pub version: u64,
    /// How often children came or went.
    pub children_version: u64,
    /// The change that created it.
    pub created: Zxid,
    /// The change that set its value last.
    pub modified: Zxid,
    /// The session that it goes with, for ephemeral ones.
    pub owner: Option<SessionNumber>,
}

/// What a watch tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Counts the session's events without a gap, from 1.
    pub number: u64,
    /// The change that is told of.
    pub zxid: Zxid,
    /// The node that was watched.
    pub path: String,
    /// What befell it.
    pub what: Change,
    /// The version that it has since: of the data for `created` and `changed`, of the children for
    /// `children`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// What befell a watched node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was created.
    Created,
    /// Its value was set.
    Changed,
    /// It was removed.
    Removed,
    /// A child came or went.
    Children,
    /// The session itself ended, because its time-out ran out; its last event, of the path `/`.
    Expired,
}

/// An answer of a coordination service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CoordinationAnswer {
    /// The session has begun.
    SessionOpened {
        /// Its number.
        session: SessionNumber,
    },
    /// The session has ended.
    SessionClosed,
    /// The session lives.
    Alive {
        /// All events after the last one taken.
        events: Vec<Event>,
    },
    /// The node was created.
    Created {
        /// Its path, with the digits of sequential ones.
        path: String,
        /// What is known of it.
        stat: Stat,
    },
    /// The node's value.
    Got {
        /// The value.
        value: Value,
        /// What is known of it besides.
        stat: Stat,
    },
    /// The value was set.
    SetDone {
        /// What is known of the node since.
        stat: Stat,
    },
    /// The node is gone.
    Removed,
    /// Whether the node exists.
    Existence {
        /// What is known of it, if it does.
        stat: Option<Stat>,
    },
    /// The node's children.
    Listing {
        /// Their names, in order.
        names: Vec<String>,
        /// What is known of the node.
        stat: Stat,
    },
    /// All writes were carried out.
    MultiDone {
        /// What each came to.
        results: Vec<CoordinationAnswer>,
    },
    /// A check of a `multi` held.
    Checked,
    /// The node has applied all that was committed when it was asked.
    Synced {
        /// The last change that it has applied.
        zxid: Zxid,
    },
    /// The watches are gone.
    Unwatched,
}
