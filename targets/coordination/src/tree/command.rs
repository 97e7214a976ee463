//! What is replicated and what is asked. Names on the wire are short, since commands are most of what
//! is sent and stored.

use ordalia_node::{CoordinationAnswer, Refusal, SessionNumber, Value, WatchMode, WriteOp, Zxid};
use serde::{Deserialize, Serialize};

use crate::bugs::Bugs;

/// What a command or a query comes to.
pub type Reply = Result<CoordinationAnswer, Refusal>;

/// What changes the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// What to do.
    #[serde(rename = "d")]
    pub action: Action,
    /// The defects planted in whoever proposed it.
    #[serde(rename = "b", default, skip_serializing_if = "Bugs::is_empty")]
    pub bugs: Bugs,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Begins a session of that time-out in ms. Its number is the change that began it.
    #[serde(rename = "o")]
    Open(u64),
    /// Ends a session at its client's wish.
    #[serde(rename = "c")]
    Close(SessionNumber),
    /// Ends a session at the leader's.
    #[serde(rename = "x")]
    Expire {
        /// The session.
        #[serde(rename = "s")]
        session: SessionNumber,
        /// Ephemerals that are not younger stay. 0 unless a planted defect wants otherwise.
        #[serde(rename = "f", default)]
        known_from: Zxid,
    },
    /// The client has taken the events up to that number.
    #[serde(rename = "t")]
    Taken(SessionNumber, u64),
    /// One write.
    #[serde(rename = "w")]
    Write(WriteOp, Writer),
    /// Several, all or none.
    #[serde(rename = "m")]
    Multi(Vec<WriteOp>, Writer),
    /// Sets a value, and creates what is absent of the path.
    #[serde(rename = "p")]
    Put(String, Value),
    /// Sets a value if it is the first of the two; whether what is absent is created with the second.
    #[serde(rename = "r")]
    Swap(String, Value, Value, bool),
    /// Sets a watch, and looks.
    #[serde(rename = "l")]
    Watch {
        /// For whom.
        #[serde(rename = "s")]
        session: SessionNumber,
        /// Where.
        #[serde(rename = "p")]
        path: String,
        /// At what.
        #[serde(rename = "v")]
        view: View,
        /// For how long.
        #[serde(rename = "m")]
        mode: WatchMode,
    },
    /// Takes a session's watches of a path back.
    #[serde(rename = "u")]
    Unwatch(SessionNumber, String),
}

/// Who writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    /// The session, which owns the ephemerals.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionNumber>,
    /// The write's number in it.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

/// What of a node is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum View {
    /// Its value.
    #[serde(rename = "d")]
    Data,
    /// Whether it is there.
    #[serde(rename = "e")]
    Existence,
    /// The names of its children.
    #[serde(rename = "c")]
    Children,
}

/// What is asked of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Query {
    /// A look at a node.
    #[serde(rename = "l")]
    Look(View, String),
    /// A session's events after the one of that number.
    #[serde(rename = "h")]
    Heartbeat(SessionNumber, u64),
    /// The last change.
    #[serde(rename = "z")]
    Zxid,
}
