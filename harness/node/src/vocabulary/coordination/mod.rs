//! What is asked of a coordination service: a tree of nodes with versions, sessions, watches.
//!
//! The words are ZooKeeper's (Hunt, Konar, Junqueira and Reed, *ZooKeeper: Wait-free coordination for
//! Internet-scale systems*, USENIX ATC 2010, §2), the shape on the wire is Maelstrom's.

mod answers;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use answers::{Change, CoordinationAnswer, Event, Stat};

/// Counts the changes of the whole tree; the same on all nodes of an ensemble.
pub type Zxid = u64;

/// Names a session. Never used twice.
pub type SessionNumber = u64;

/// A request to a coordination service. Paths are `/a/b`: components of 1 to 255 printable bytes
/// without `/`; the root `/` always exists. Values are JSON of at most 1 MiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CoordinationRequest {
    /// Begins a session.
    OpenSession {
        /// After so long without a heartbeat the session ends, in ms; 200 to 600000.
        timeout_ms: u64,
    },
    /// Ends a session and removes its ephemeral nodes.
    CloseSession {
        /// The session.
        session: SessionNumber,
    },
    /// A sign of life.
    Heartbeat {
        /// The session.
        session: SessionNumber,
        /// The number of the last event taken; 0 before the first.
        seen: u64,
    },
    /// Waits for events, for clients that are no peers. Its arrival counts as a heartbeat.
    Events {
        /// The session.
        session: SessionNumber,
        /// The number of the last event taken; 0 before the first.
        after: u64,
        /// How long to wait for one, in ms; at most 30000 are waited.
        wait_ms: u64,
    },
    /// Creates a node. Its parent must exist and must not be ephemeral.
    Create {
        /// Where; the beginning of the name for sequential ones.
        path: String,
        /// Its value.
        #[serde(default)]
        value: Value,
        /// What becomes of it.
        #[serde(default, skip_serializing_if = "CreateMode::is_default")]
        mode: CreateMode,
        /// The session that asks; ephemeral nodes need one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionNumber>,
        /// The write's number in the session, by which it is carried out once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
    },
    /// A node's value.
    Get {
        /// Which.
        path: String,
        /// Whether to be told of changes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        watch: Option<WatchMode>,
        /// The session that is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionNumber>,
    },
    /// Changes a node's value.
    Set {
        /// Which.
        path: String,
        /// Its value afterwards.
        value: Value,
        /// The version that it must have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u64>,
        /// The session that asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionNumber>,
        /// The write's number in the session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
    },
    /// Removes a node without children.
    Remove {
        /// Which.
        path: String,
        /// The version that it must have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u64>,
        /// The session that asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionNumber>,
        /// The write's number in the session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
    },
    /// Whether a node exists.
    Exists {
        /// Which.
        path: String,
        /// Whether to be told of changes; an absent node can be watched.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        watch: Option<WatchMode>,
        /// The session that is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionNumber>,
    },
    /// The names of a node's children.
    Children {
        /// Whose.
        path: String,
        /// Whether to be told when they come and go.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        watch: Option<WatchMode>,
        /// The session that is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionNumber>,
    },
    /// Several writes, all or none.
    Multi {
        /// The writes, in order.
        ops: Vec<WriteOp>,
        /// The session that asks, and owns the ephemeral nodes among them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionNumber>,
        /// The number of the whole in the session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
    },
    /// Waits until the asked node has applied all that was committed before.
    Sync {},
    /// Takes a session's watches of a path back.
    Unwatch {
        /// The session.
        session: SessionNumber,
        /// The path.
        path: String,
    },
    /// The simple form: a node's value.
    #[serde(rename = "GET")]
    SimpleGet {
        /// Which.
        path: String,
    },
    /// The simple form: sets a node's value, creating it and its parents where they are absent.
    #[serde(rename = "SET")]
    SimpleSet {
        /// Which.
        path: String,
        /// Its value afterwards.
        value: Value,
    },
    /// The simple form: removes a node without children.
    #[serde(rename = "DELETE")]
    SimpleDelete {
        /// Which.
        path: String,
    },
    /// The simple form: waits for the next change of a node or of its children, for at most 30 s. It
    /// needs no session, and nothing is kept between two of them.
    #[serde(rename = "WATCH")]
    SimpleWatch {
        /// Which.
        path: String,
        /// How long to wait, in ms.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait_ms: Option<u64>,
    },
    /// The simple form: the names of a node's children.
    #[serde(rename = "LIST")]
    SimpleList {
        /// Whose.
        path: String,
    },
}

impl CoordinationRequest {
    /// The types on the wire.
    pub const TYPES: &'static [&'static str] = &[
        "open_session",
        "close_session",
        "heartbeat",
        "events",
        "create",
        "get",
        "set",
        "remove",
        "exists",
        "children",
        "multi",
        "sync",
        "unwatch",
        "GET",
        "SET",
        "DELETE",
        "WATCH",
        "LIST",
    ];

    /// Whether it can change nothing. Setting a watch does.
    pub fn is_read_only(&self) -> bool {
        match self {
            Self::Get { watch, .. } | Self::Exists { watch, .. } | Self::Children { watch, .. } => {
                watch.is_none()
            }
            Self::Sync {} | Self::SimpleGet { .. } | Self::SimpleWatch { .. } | Self::SimpleList { .. } => {
                true
            }
            _ => false,
        }
    }

    /// The session that it is asked in, if it names one.
    pub fn session(&self) -> Option<SessionNumber> {
        match self {
            Self::CloseSession { session }
            | Self::Heartbeat { session, .. }
            | Self::Events { session, .. }
            | Self::Unwatch { session, .. } => Some(*session),
            Self::Create { session, .. }
            | Self::Get { session, .. }
            | Self::Set { session, .. }
            | Self::Remove { session, .. }
            | Self::Exists { session, .. }
            | Self::Children { session, .. }
            | Self::Multi { session, .. } => *session,
            _ => None,
        }
    }
}

/// One write of a `multi`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WriteOp {
    /// As [`CoordinationRequest::Create`].
    Create {
        /// Where.
        path: String,
        /// Its value.
        #[serde(default)]
        value: Value,
        /// What becomes of it.
        #[serde(default, skip_serializing_if = "CreateMode::is_default")]
        mode: CreateMode,
    },
    /// As [`CoordinationRequest::Set`].
    Set {
        /// Which.
        path: String,
        /// Its value afterwards.
        value: Value,
        /// The version that it must have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u64>,
    },
    /// As [`CoordinationRequest::Remove`].
    Remove {
        /// Which.
        path: String,
        /// The version that it must have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u64>,
    },
    /// Changes nothing, and refuses the whole unless the node has that version.
    Check {
        /// Which.
        path: String,
        /// The version; any where absent, so that the node need only exist.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u64>,
    },
}

/// What becomes of a created node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreateMode {
    /// It stays until it is removed.
    #[default]
    Persistent,
    /// It goes with its session, and has no children.
    Ephemeral,
    /// It stays; its name gets ten digits, one more than the parent gave last.
    Sequential,
    /// Both of the two before.
    EphemeralSequential,
}

impl CreateMode {
    /// Whether it goes with its session.
    pub const fn is_ephemeral(self) -> bool {
        matches!(self, Self::Ephemeral | Self::EphemeralSequential)
    }

    /// Whether its name gets a number.
    pub const fn is_sequential(self) -> bool {
        matches!(self, Self::Sequential | Self::EphemeralSequential)
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// For how long a watch tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchMode {
    /// Of the next change: of the data by `get` and `exists`, of the children by `children`.
    Once,
    /// Of all changes of the data and the children, until it is taken back.
    Persistent,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn requests_have_the_documents_shape() {
        let create = CoordinationRequest::Create {
            path: "/a/b".into(),
            value: json!(1),
            mode: CreateMode::EphemeralSequential,
            session: Some(4),
            seq: Some(2),
        };
        let text =
            r#"{"type":"create","path":"/a/b","value":1,"mode":"ephemeral_sequential","session":4,"seq":2}"#;
        assert_eq!(serde_json::to_string(&create).unwrap(), text);
        assert_eq!(serde_json::from_str::<CoordinationRequest>(text).unwrap(), create);
        let list = CoordinationRequest::SimpleList { path: "/".into() };
        assert_eq!(serde_json::to_string(&list).unwrap(), r#"{"type":"LIST","path":"/"}"#);
    }

    #[test]
    fn setting_a_watch_is_no_read() {
        let get = |watch| CoordinationRequest::Get { path: "/".into(), watch, session: Some(1) };
        assert!(get(None).is_read_only());
        assert!(!get(Some(WatchMode::Once)).is_read_only());
        assert_eq!(get(None).session(), Some(1));
    }
}
