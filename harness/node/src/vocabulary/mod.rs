//! What clients can ask of a node, and what it can answer.

mod coordination;
mod recipes;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use crate::NodeId;

pub use coordination::{
    Change, CoordinationAnswer, CoordinationRequest, CreateMode, Event, SessionNumber, Stat, WatchMode,
    WriteOp, Zxid,
};
pub use recipes::{Leadership, RecipeAnswer, RecipeRequest};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// Asks a coordination service.
    #[serde(untagged)]
    Coordination(CoordinationRequest),
    /// Asks an agent of a coordination service.
    #[serde(untagged)]
    Recipe(RecipeRequest),
}

/// The requests of the key-value vocabulary, to read them by.
#[derive(Deserialize)]
#[serde(remote = "Request", tag = "type", rename_all = "snake_case")]
enum KeyValueRequest {
    Read {
        key: Key,
    },
    Write {
        key: Key,
        value: Value,
    },
    Cas {
        key: Key,
        from: Value,
        to: Value,
        #[serde(default)]
        create_if_not_exists: bool,
    },
    Delete {
        key: Key,
    },
    Transfer {
        #[serde(default)]
        to: Option<NodeId>,
    },
}

/// Which vocabulary a request is read by hangs on its type. An untagged variant would read them all
/// too, but could not say what is wrong with a request.
impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = Value::Object(Map::deserialize(deserializer)?);
        let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
        let read = if CoordinationRequest::TYPES.contains(&kind) {
            CoordinationRequest::deserialize(body).map(Request::Coordination)
        } else if RecipeRequest::TYPES.contains(&kind) {
            RecipeRequest::deserialize(body).map(Request::Recipe)
        } else if body.get("type").is_none() || KEY_VALUE_TYPES.contains(&kind) {
            KeyValueRequest::deserialize(body)
        } else {
            return Err(de::Error::unknown_variant(kind, KEY_VALUE_TYPES));
        };
        read.map_err(de::Error::custom)
    }
}

const KEY_VALUE_TYPES: &[&str] = &["read", "write", "cas", "delete", "transfer"];

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
    /// [`Request::Coordination`]
    Coordination,
    /// [`RecipeRequest::Acquire`], [`RecipeRequest::Release`]
    Lock,
    /// [`RecipeRequest::Campaign`], [`RecipeRequest::Resign`], [`RecipeRequest::Leader`]
    Election,
    /// [`RecipeRequest::Add`], [`RecipeRequest::Total`]
    Counter,
    /// [`RecipeRequest::Enqueue`], [`RecipeRequest::Dequeue`]
    Queue,
    /// [`RecipeRequest::WatchLog`]
    Watch,
    /// [`RecipeRequest::Hold`], [`RecipeRequest::Holders`]
    Ephemeral,
    /// [`RecipeRequest::Join`], [`RecipeRequest::Leave`], [`RecipeRequest::Members`]
    Membership,
}

impl RequestKind {
    /// Its name: the `type` on the wire where there is one such type only.
    pub fn name(self) -> &'static str {
        match self {
            RequestKind::Read => "read",
            RequestKind::Write => "write",
            RequestKind::Cas => "cas",
            RequestKind::Delete => "delete",
            RequestKind::Transfer => "transfer",
            RequestKind::Coordination => "coordination",
            RequestKind::Lock => "lock",
            RequestKind::Election => "election",
            RequestKind::Counter => "counter",
            RequestKind::Queue => "queue",
            RequestKind::Watch => "watch",
            RequestKind::Ephemeral => "ephemeral",
            RequestKind::Membership => "membership",
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
            Request::Coordination(_) => RequestKind::Coordination,
            Request::Recipe(request) => request.kind(),
        }
    }

    /// Whether it can change nothing, so that it may be given up as if it never was.
    pub fn is_read_only(&self) -> bool {
        match self {
            Request::Read { .. } => true,
            Request::Coordination(request) => request.is_read_only(),
            Request::Recipe(request) => request.is_read_only(),
            _ => false,
        }
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
    /// A coordination service's answer.
    #[serde(untagged)]
    Coordination(CoordinationAnswer),
    /// An answer of an agent of a coordination service.
    #[serde(untagged)]
    Recipe(RecipeAnswer),
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<Request, String> {
        Request::deserialize(body).map_err(|error| error.to_string())
    }

    /// A request of that type and no other field.
    fn alone(kind: &str) -> String {
        read(json!({"type": kind})).map_or_else(|error| error, |_| String::new())
    }

    #[test]
    fn the_lists_of_types_are_the_vocabularies() {
        for kind in [KEY_VALUE_TYPES, CoordinationRequest::TYPES, RecipeRequest::TYPES].concat() {
            assert!(!alone(kind).contains("unknown variant"), "{kind}: {}", alone(kind));
        }
        let said =
            serde_json::from_value::<CoordinationRequest>(json!({"type": ""})).unwrap_err().to_string();
        assert_eq!(said.matches('`').count() / 2 - 1, CoordinationRequest::TYPES.len(), "{said}");
        let said = serde_json::from_value::<RecipeRequest>(json!({"type": ""})).unwrap_err().to_string();
        assert_eq!(said.matches('`').count() / 2 - 1, RecipeRequest::TYPES.len(), "{said}");
    }

    #[test]
    fn every_vocabulary_says_what_is_wrong() {
        for (body, said) in [
            (json!({"type": "cas", "key": 1}), "missing field `from`"),
            (json!({"type": "heartbeat", "session": 4}), "missing field `seen`"),
            (json!({"type": "create", "path": "/a", "mode": "eternal"}), "unknown variant `eternal`"),
            (json!({"type": "release", "key": "x", "owner": "a"}), "missing field `token`"),
            (json!({"type": "fly"}), "unknown variant `fly`"),
            (json!({"key": 1}), "missing field `type`"),
            (json!([]), "expected a map"),
        ] {
            let error = read(body).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn requests_and_answers_survive_the_wire() {
        let sync = Request::Coordination(CoordinationRequest::Sync {});
        assert_eq!(read(serde_json::to_value(&sync).unwrap()), Ok(sync));
        let add = Request::Recipe(RecipeRequest::Add { key: Key::new("k"), delta: -1 });
        assert_eq!(serde_json::to_value(&add).unwrap(), json!({"type": "add", "key": "k", "delta": -1}));
        assert_eq!(read(serde_json::to_value(&add).unwrap()), Ok(add));
        for answer in [
            Answer::Coordination(CoordinationAnswer::Removed),
            Answer::Recipe(RecipeAnswer::Leads { leader: None }),
        ] {
            let text = serde_json::to_string(&answer).unwrap();
            assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), answer);
        }
    }
}
