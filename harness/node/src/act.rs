//! What a node adds to the history of a run.

use serde::{Deserialize, Serialize};

use crate::{Key, Value};

/// An event of the run's history: the node acts as a client of others, or notes what befell it.
///
/// All acts of one lane of one life have the same process in the history, until one ends in
/// [`Info`](ActKind::Info); then the lane gets a fresh process. What is open when the life ends becomes an
/// `info` with the error `crashed`. An `Ok` or `Info` without an invocation ahead of it stands for
/// both: the node notes something that needed no time. Any other act out of turn is dropped by the driver.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// A thread of the node's own; it has one operation open at a time.
    pub lane: u16,
    /// Where the operation stands.
    pub kind: ActKind,
    /// What is done, by the name that checkers know.
    pub f: &'static str,
    /// The object that it is done to, where there are several.
    pub key: Option<Key>,
    /// As in a history: what is asked on an invocation, what came of it on a completion.
    pub value: Value,
    /// On a failure or an unknown outcome: its kind, from a small set, and a text for a person.
    pub error: Option<(String, String)>,
}

impl Act {
    /// An act without key and error.
    pub fn new(lane: u16, kind: ActKind, f: &'static str, value: impl Into<Value>) -> Self {
        Self { lane, kind, f, key: None, value: value.into(), error: None }
    }

    /// The same act on that object.
    #[must_use]
    pub fn on(self, key: Key) -> Self {
        Self { key: Some(key), ..self }
    }

    /// The same act with an error.
    #[must_use]
    pub fn because(self, kind: impl Into<String>, text: impl Into<String>) -> Self {
        Self { error: Some((kind.into(), text.into())), ..self }
    }
}

/// Where the operation of an act stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActKind {
    /// It begins.
    Invoke,
    /// It took effect.
    Ok,
    /// It certainly did not take effect.
    Fail,
    /// Nobody knows whether it did, or ever will.
    Info,
}

impl ActKind {
    /// As it stands in a history.
    pub const fn name(self) -> &'static str {
        match self {
            ActKind::Invoke => "invoke",
            ActKind::Ok => "ok",
            ActKind::Fail => "fail",
            ActKind::Info => "info",
        }
    }
}
