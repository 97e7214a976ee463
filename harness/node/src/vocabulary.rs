//! What clients can ask of a node, and what it can answer.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use crate::NodeId;

/// The name of an object. On the wire a string, or a whole number, which is read as its digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Key(pub String);

impl Key {
    /// The key of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key: a string or a whole number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
                Ok(Key::new(text))
            }
            fn visit_string<E: de::Error>(self, text: String) -> Result<Key, E> {
                Ok(Key(text))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Key, E> {
                Ok(Key(number.to_string()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Key, E> {
                Ok(Key(number.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A client's request. On the wire `{"type": "cas", "key": …}`, beside `msg_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// The value of a key.
    Read {
        /// The key.
        key: Key,
    },
    /// Sets a key's value, creating the key where it is absent.
    Write {
        /// The key.
        key: Key,
        /// Its value afterwards.
        value: Value,
    },
    /// Sets a key's value if it is `from`, and refuses with
    /// [`PreconditionFailed`](crate::ErrorCode::PreconditionFailed) otherwise, or with
    /// [`KeyDoesNotExist`](crate::ErrorCode::KeyDoesNotExist) where the key is absent.
    Cas {
        /// The key.
        key: Key,
        /// The value it must have.
        from: Value,
        /// Its value afterwards.
        to: Value,
        /// Whether an absent key is created with `to` instead.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        create_if_not_exists: bool,
    },
    /// Removes a key; [`KeyDoesNotExist`](crate::ErrorCode::KeyDoesNotExist) where it is absent.
    Delete {
        /// The key.
        key: Key,
    },
    /// Asks the leader to hand its office to another node.
    Transfer {
        /// The node meant; the leader's choice where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<NodeId>,
    },
}

/// The kinds of request, to match workloads with targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestKind {
    /// [`Request::Read`]
    Read,
    /// [`Request::Write`]
    Write,
    /// [`Request::Cas`]
    Cas,
    /// [`Request::Delete`]
    Delete,
    /// [`Request::Transfer`]
    Transfer,
}

impl RequestKind {
    /// The `type` on the wire.
    pub fn name(self) -> &'static str {
        match self {
            RequestKind::Read => "read",
            RequestKind::Write => "write",
            RequestKind::Cas => "cas",
            RequestKind::Delete => "delete",
            RequestKind::Transfer => "transfer",
        }
    }
}

impl Request {
    /// Its kind.
    pub fn kind(&self) -> RequestKind {
        match self {
            Request::Read { .. } => RequestKind::Read,
            Request::Write { .. } => RequestKind::Write,
            Request::Cas { .. } => RequestKind::Cas,
            Request::Delete { .. } => RequestKind::Delete,
            Request::Transfer { .. } => RequestKind::Transfer,
        }
    }

    /// Whether it can change nothing, so that it may be given up as if it never was.
    pub fn is_read_only(&self) -> bool {
        matches!(self, Request::Read { .. })
    }
}

/// A node's answer. On the wire `{"type": "read_ok", "value": …}`, beside `in_reply_to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Answer {
    /// The key's value.
    ReadOk {
        /// The value.
        value: Value,
    },
    /// The value was written.
    WriteOk,
    /// The value was as expected and was replaced.
    CasOk,
    /// The key was there and is gone.
    DeleteOk,
    /// The leader has begun to hand over.
    TransferOk,
}
