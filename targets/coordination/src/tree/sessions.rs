//! The sessions: what they own, what they watch, what they are still to be told.

use std::collections::{BTreeSet, VecDeque};

use ordalia_node::{Event, SessionNumber};
use serde::{Deserialize, Serialize};

use super::command::Reply;

/// Sessions at a time; more are refused.
pub(crate) const MAX_SESSIONS: usize = 10_000;
/// Watched paths of one session; more are refused.
pub(crate) const MAX_WATCHES: usize = 10_000;
/// Events that one session may leave untaken; the leader ends a session that leaves more.
pub(crate) const MAX_OUTBOX: usize = 10_000;
/// The shortest and the longest time-out of a session, in ms.
pub const TIMEOUTS_MS: std::ops::RangeInclusive<u64> = 200..=600_000;

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub timeout_ms: u64,
    /// Its ephemeral nodes.
    pub owned: BTreeSet<String>,
    /// The paths that it watches.
    pub watched: BTreeSet<String>,
    /// The events that it has not yet said to have taken.
    pub outbox: VecDeque<Event>,
    /// The number of its last event.
    pub last_event: u64,
    pub last_write: Option<LastWrite>,
}

/// A session's last numbered write. One is outstanding at a time, so one is enough to remember.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastWrite {
    #[serde(rename = "q")]
    pub seq: u64,
    #[serde(rename = "r")]
    pub reply: Reply,
}

impl Session {
    pub fn new(timeout_ms: u64) -> Self {
        Self {
            timeout_ms,
            owned: BTreeSet::new(),
            watched: BTreeSet::new(),
            outbox: VecDeque::new(),
            last_event: 0,
            last_write: None,
        }
    }

    /// The events after a number.
    pub fn events_after(&self, number: u64) -> Vec<Event> {
        let known = self.outbox.partition_point(|event| event.number <= number);
        self.outbox.iter().skip(known).cloned().collect()
    }

    /// Forgets the events up to a number.
    pub fn taken(&mut self, number: u64) {
        while self.outbox.front().is_some_and(|event| event.number <= number) {
            self.outbox.pop_front();
        }
    }
}

/// What befell sessions and nodes since it was last asked. Not part of the state.
#[derive(Clone, Debug, Default)]
pub struct News {
    /// The sessions that have new events.
    pub told: BTreeSet<SessionNumber>,
    /// The sessions that began.
    pub opened: Vec<SessionNumber>,
    /// The sessions that ended.
    pub ended: Vec<Ended>,
    /// The nodes that were touched, and by which change.
    pub touched: Vec<(u64, super::Touched)>,
    /// The whole state was replaced, so that anything may have befallen.
    pub replaced: bool,
}

impl News {
    /// Whether nothing befell.
    pub fn is_empty(&self) -> bool {
        let Self { told, opened, ended, touched, replaced } = self;
        told.is_empty() && opened.is_empty() && ended.is_empty() && touched.is_empty() && !replaced
    }
}

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The session.
    pub session: SessionNumber,
    /// The change that ended it.
    pub zxid: u64,
    /// The number of its last event.
    pub last_event: u64,
    /// Whether the leader ended it, and not its client.
    pub is_expired: bool,
}
