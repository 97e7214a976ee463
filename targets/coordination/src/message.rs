//! What the nodes of the cluster say to each other.

use ordalia_node::{CoordinationAnswer, CoordinationRequest, Event, Refusal, SessionNumber};
use serde::{Deserialize, Serialize};

use crate::Tree;

/// A message. The members of the ensemble speak Raft among themselves; other nodes ask any member, each
/// question under a number of the asker's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "of", rename_all = "snake_case")]
pub enum Message {
    /// Between members.
    Raft(ordalia_raft::message::Message<Tree>),
    /// To a member.
    Ask {
        /// The question's number.
        id: u64,
        /// The question.
        request: CoordinationRequest,
    },
    /// A member's answer.
    Answer {
        /// The question's number.
        id: u64,
        /// The answer, or why there is none.
        result: Result<CoordinationAnswer, Refusal>,
    },
    /// What a member tells unasked. It may be lost, and told again by the answer to a heartbeat.
    Events {
        /// Whom it concerns.
        session: SessionNumber,
        /// In order, without gaps.
        events: Vec<Event>,
    },
}
