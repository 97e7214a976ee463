//! The leader's watch over the sessions.
//!
//! Heartbeats are reads, and stand in no log: a leader that confirmed that it still leads notes when it
//! heard of a session, and proposes to end one that was silent for its time-out. What a leader has noted
//! goes with it, so the next one gives every session its time-out anew. From when an end is proposed the
//! leader confirms no heartbeat of that session; one that it confirmed before was sent before, so its
//! client, which counts from the sending, has stopped to rely on the session by then.

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_node::{SessionNumber, Time, Zxid};

use crate::Tree;
use crate::bugs::{Bug, Bugs};
use crate::tree::{Ended, MAX_OUTBOX};

/// After which an end that did not come about is proposed again.
const AGAIN: Duration = Duration::from_secs(1);
/// The most that the keeper's clock goes at once. A node that was halted, or whose clock was set, would
/// else find all sessions silent for too long, those of clients that had no chance to be heard too.
const LONGEST_STEP: Duration = Duration::from_millis(200);

/// What a node knows of the sessions' signs of life.
#[derive(Debug)]
pub(super) struct Keeper {
    bugs: Bugs,
    /// The term in which this node leads, if it does, and the last change when it began to.
    office: Option<(u64, Zxid)>,
    heard: BTreeMap<SessionNumber, Time>,
    proposed: BTreeMap<SessionNumber, Time>,
    /// The keeper's own clock, and the node's when it was looked at last.
    now: Time,
    looked: Time,
}

impl Keeper {
    pub fn new(now: Time, tree: &Tree, bugs: Bugs) -> Self {
        let heard = tree.sessions().map(|(session, _)| (session, Time::ZERO)).collect();
        Self { bugs, office: None, heard, proposed: BTreeMap::new(), now: Time::ZERO, looked: now }
    }

    /// Goes with the node's clock.
    pub fn look(&mut self, now: Time) {
        self.now = self.now + now.since(self.looked).min(LONGEST_STEP);
        self.looked = now;
    }

    /// Whether this node leads, and in which term. True if it begins or ends its office with that.
    pub fn lead(&mut self, term: Option<u64>, tree: &Tree) -> bool {
        if self.office.map(|(term, _)| term) == term {
            return false;
        }
        self.office = term.map(|term| (term, tree.zxid()));
        self.proposed.clear();
        if term.is_some() && !self.bugs.has(Bug::EarlyExpiry) {
            self.heard = tree.sessions().map(|(session, _)| (session, self.now)).collect();
        }
        true
    }

    pub fn is_leading(&self) -> bool {
        self.office.is_some()
    }

    /// The last change when this node's office began.
    pub fn known_from(&self) -> Zxid {
        self.office.map_or(0, |(_, zxid)| zxid)
    }

    /// A session began.
    pub fn opened(&mut self, session: SessionNumber) {
        self.heard.insert(session, self.now);
    }

    /// A session ended.
    pub fn ended(&mut self, ended: &Ended) {
        self.heard.remove(&ended.session);
        self.proposed.remove(&ended.session);
    }

    /// A heartbeat was confirmed. One of a session that is about to end was refused instead.
    pub fn heard(&mut self, session: SessionNumber) {
        if !self.proposed.contains_key(&session)
            && let Some(heard) = self.heard.get_mut(&session)
        {
            *heard = self.now;
        }
    }

    /// The sessions whose end is to be proposed now.
    pub fn due(&mut self, tree: &Tree) -> Vec<SessionNumber> {
        if self.office.is_none() {
            return Vec::new();
        }
        let mut due = Vec::new();
        for (session, timeout_ms) in tree.sessions() {
            let heard = *self.heard.entry(session).or_insert(self.now);
            let is_silent = self.now.since(heard) >= Duration::from_millis(timeout_ms);
            let is_crowded = tree.untaken_count(session) > MAX_OUTBOX;
            let is_proposed = self.proposed.get(&session).is_some_and(|at| self.now.since(*at) < AGAIN);
            if (is_silent || is_crowded) && !is_proposed {
                self.proposed.insert(session, self.now);
                due.push(session);
            }
        }
        due
    }
}
