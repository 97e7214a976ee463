//! What the nodes of the cluster say to each other.

use ordalia_node::{Answer, CoordinationAnswer, CoordinationRequest, Event, Refusal, Request, SessionNumber};
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
    /// To a member, for a client of the sender: any request that members answer.
    Relay {
        /// The question's number.
        id: u64,
        /// The client's request.
        request: Request,
    },
    /// A member's answer to it.
    Relayed {
        /// The question's number.
        id: u64,
        /// The answer, or why there is none.
        result: Result<Answer, Refusal>,
    },
    /// What a member tells unasked. It may be lost, and told again by the answer to a heartbeat.
    Events {
        /// Whom it concerns.
        session: SessionNumber,
        /// In order, without gaps.
        events: Vec<Event>,
    },
}
