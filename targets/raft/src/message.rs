//! What nodes say to each other, and the entries of the log.
//!
//! Names on the wire are short, since entries are most of what is sent and stored.

use std::sync::Arc;

use ordalia_node::{NodeId, Refusal};
use serde::{Deserialize, Serialize};

use crate::StateMachine;

/// One entry of the log. Its index is its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<C> {
    /// The term of the leader that appended it.
    #[serde(rename = "t")]
    pub term: u64,
    /// The command; nothing in the entry that opens a leader's term (§8).
    #[serde(rename = "p", default = "none", skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal<C>>,
}

/// A default that asks nothing of the type, unlike `Default::default`.
fn none<T>() -> Option<T> {
    None
}

/// Who gave a command: a node that took it from its client, in one of that node's lives. A node
/// that starts again is another session, since it has forgotten what it asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId {
    /// The node's number.
    #[serde(rename = "n")]
    pub node: u16,
    /// Drawn when the node started; 53 bits, which every JSON reader keeps.
    #[serde(rename = "l")]
    pub life: u64,
}

/// A command with its identity, by which it is applied once however often it is sent (thesis §6.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal<C> {
    /// Who gave it.
    #[serde(rename = "i")]
    pub session: SessionId,
    /// Its number in the session.
    #[serde(rename = "s")]
    pub seq: u64,
    /// The lowest number in the session that is still unanswered; responses below it can be
    /// forgotten.
    #[serde(rename = "o")]
    pub oldest: u64,
    /// What to apply.
    #[serde(rename = "c")]
    pub command: C,
}

/// A message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", bound = "")]
pub enum Message<S: StateMachine> {
    /// RequestVote, or PreVote.
    Vote(Vote),
    /// The answer to it.
    Voted(Voted),
    /// AppendEntries with entries, or to find where the logs agree.
    Append(Append<S::Command>),
    /// The answer to it, and to the last piece of a snapshot.
    Appended(Appended),
    /// A sign of life, and a question whether the sender still leads.
    Heartbeat(Heartbeat),
    /// The answer to it.
    Heartbeated(Heartbeated),
    /// InstallSnapshot: a piece of one.
    Install(Install),
    /// The answer to a piece.
    Installed(Installed),
    /// The leader asks the receiver to campaign at once (thesis §3.10).
    TimeoutNow(TimeoutNow),
    /// A client's request, passed on to the leader.
    Forward(Forward<S>),
    /// The leader's answers to such.
    Answers(Answers<S::Response>),
}

/// RequestVote (Figure 2) and PreVote (thesis §9.6).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vote {
    /// The term that the sender campaigns in, or would.
    pub term: u64,
    /// Whether it only asks if it would win.
    pub pre: bool,
    /// Whether the leader told it to campaign, so that voters need not stand by that leader.
    pub transfer: bool,
    /// The index of its last entry.
    pub last_index: u64,
    /// The term of its last entry.
    pub last_term: u64,
}

/// The answer to [`Vote`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Voted {
    /// The term asked for if granted, else the voter's own.
    pub term: u64,
    /// As in the question.
    pub pre: bool,
    /// Whether the vote was given.
    pub granted: bool,
}

/// AppendEntries (Figure 2).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Append<C> {
    /// The leader's term.
    pub term: u64,
    /// The index ahead of the entries.
    #[serde(rename = "pi")]
    pub prev_index: u64,
    /// The term of the entry there.
    #[serde(rename = "pt")]
    pub prev_term: u64,
    /// The leader's commit index.
    #[serde(rename = "c")]
    pub commit: u64,
    /// What follows `prev_index`.
    #[serde(rename = "e")]
    pub entries: Vec<Arc<Entry<C>>>,
}

/// The answer to [`Append`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Appended {
    /// The follower's term.
    pub term: u64,
    /// Up to where the logs agree and the follower's is durable, or why not.
    #[serde(rename = "r")]
    pub result: AppendResult,
}

/// What an AppendEntries came to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum AppendResult {
    /// The logs agree up to this index.
    #[serde(rename = "ok")]
    Match(u64),
    /// They do not agree at `prev_index`.
    #[serde(rename = "no")]
    Conflict {
        /// The `prev_index` refused.
        prev_index: u64,
        /// The follower's term there, if its log reaches so far.
        conflict_term: Option<u64>,
        /// The first index of that term, or the one after the follower's last.
        conflict_index: u64,
    },
    /// The sender's term is over.
    #[serde(rename = "stale")]
    Stale,
}

/// A sign of life.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The leader's term.
    pub term: u64,
    /// Counts the leader's rounds of heartbeats.
    pub round: u64,
    /// Up to where the leader knows that the follower's log agrees with its own.
    pub match_index: u64,
    /// The leader's commit index.
    pub commit: u64,
}

/// The answer to [`Heartbeat`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Heartbeated {
    /// The follower's term.
    pub term: u64,
    /// The round answered.
    pub round: u64,
}

/// A piece of a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Install {
    /// The leader's term.
    pub term: u64,
    /// The last index that the snapshot covers.
    pub index: u64,
    /// The term of the entry there.
    pub index_term: u64,
    /// Where the piece begins, in bytes.
    pub offset: usize,
    /// The piece.
    pub data: String,
    /// Whether it is the last.
    pub done: bool,
}

/// The answer to [`Install`], unless the snapshot is complete.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Installed {
    /// The follower's term.
    pub term: u64,
    /// Which snapshot.
    pub index: u64,
    /// How many bytes of it the follower holds.
    pub offset: usize,
}

/// The leader hands over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TimeoutNow {
    /// The leader's term.
    pub term: u64,
}

/// A client's request on its way to the leader.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Forward<S: StateMachine> {
    /// The sender's life.
    pub life: u64,
    /// The request's number.
    pub seq: u64,
    /// The sender's lowest unanswered command.
    pub oldest: u64,
    /// What is asked.
    pub op: Op<S>,
}

/// What a client can ask of the leader.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Op<S: StateMachine> {
    /// To change the state.
    #[serde(rename = "c")]
    Command(S::Command),
    /// To look at it.
    #[serde(rename = "q")]
    Query(S::Query),
    /// To hand over.
    #[serde(rename = "t")]
    Transfer(Option<NodeId>),
}

/// The leader's answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answers<R> {
    /// The receiver's life that asked.
    pub life: u64,
    /// The requests' numbers, and what they came to.
    #[serde(rename = "a")]
    pub list: Vec<(u64, Outcome<R>)>,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome<R> {
    /// The state machine's response.
    #[serde(rename = "r")]
    Response(R),
    /// The leader has begun to hand over.
    #[serde(rename = "t")]
    Transferring,
    /// The request was refused.
    #[serde(rename = "no")]
    Refused(Refusal),
}
