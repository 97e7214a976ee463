//! What a leader knows of one follower.
//!
//! As in etcd's raft: a follower is *probed* with one message at a time until the logs are known
//! to agree somewhere, then entries are *replicated* to it ahead of its answers, and a follower
//! that needs entries that are gone gets the *snapshot*.

use std::collections::VecDeque;

use ordalia_node::Time;

use crate::record::Snapshot;
use crate::settings::MAX_IN_FLIGHT;

/// How entries are sent to the follower.
#[derive(Clone, Debug)]
pub(crate) enum Mode {
    /// One message at a time.
    Probe,
    /// Ahead of its answers.
    Replicate,
    /// A snapshot, from this offset.
    Snapshot { snapshot: Snapshot, offset: usize },
}

/// An unanswered AppendEntries, or piece of a snapshot.
#[derive(Clone, Copy, Debug)]
struct InFlight {
    last_index: u64,
    /// The leader's last round of heartbeats before it. Once a later round is answered, the
    /// message or its answer is lost, since links keep the order (and if they do not, it is sent twice).
    round: u64,
}

/// A follower, as the leader sees it.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    /// Up to where its log is known to agree, and to be durable.
    pub match_index: u64,
    /// What to send next.
    pub next_index: u64,
    pub mode: Mode,
    in_flight: VecDeque<InFlight>,
    /// The last round of heartbeats that it answered.
    pub acked_round: u64,
    /// When it last answered anything in this term.
    pub last_contact: Time,
}

impl Progress {
    pub fn new(next_index: u64, now: Time) -> Self {
        Self {
            match_index: 0,
            next_index,
            mode: Mode::Probe,
            in_flight: VecDeque::new(),
            acked_round: 0,
            last_contact: now,
        }
    }

    /// Whether another message may go out before an answer comes.
    pub fn has_room(&self) -> bool {
        match self.mode {
            Mode::Probe | Mode::Snapshot { .. } => self.in_flight.is_empty(),
            Mode::Replicate => self.in_flight.len() < MAX_IN_FLIGHT,
        }
    }

    /// Notes a message that ends at that index.
    pub fn sent(&mut self, last_index: u64, round: u64) {
        self.in_flight.push_back(InFlight { last_index, round });
        if matches!(self.mode, Mode::Replicate) {
            self.next_index = last_index + 1;
        }
    }

    /// The logs agree up to that index.
    pub fn acked(&mut self, match_index: u64) {
        self.match_index = self.match_index.max(match_index);
        self.next_index = self.next_index.max(self.match_index + 1);
        while self.in_flight.front().is_some_and(|sent| sent.last_index <= match_index) {
            self.in_flight.pop_front();
        }
        let done = match &self.mode {
            Mode::Snapshot { snapshot, .. } => self.match_index >= snapshot.index,
            Mode::Probe | Mode::Replicate => true,
        };
        if done && !matches!(self.mode, Mode::Replicate) {
            self.in_flight.clear();
            self.mode = Mode::Replicate;
        }
    }

    /// A piece of the snapshot arrived, and the follower now holds that many bytes.
    pub fn received(&mut self, held: usize) {
        if let Mode::Snapshot { offset, .. } = &mut self.mode {
            *offset = held;
            self.in_flight.clear();
        }
    }

    /// Whether an answer that the logs disagree at `prev_index` is news.
    pub fn believes_conflict(&self, prev_index: u64) -> bool {
        match self.mode {
            Mode::Probe => prev_index == self.next_index - 1,
            Mode::Replicate => prev_index > self.match_index && prev_index < self.next_index,
            Mode::Snapshot { .. } => false,
        }
    }

    /// Goes back to finding where the logs agree.
    pub fn probe(&mut self, next_index: u64) {
        self.mode = Mode::Probe;
        self.next_index = next_index.max(1);
        self.in_flight.clear();
    }

    /// Sends the snapshot from its beginning.
    pub fn install(&mut self, snapshot: Snapshot) {
        self.mode = Mode::Snapshot { snapshot, offset: 0 };
        self.in_flight.clear();
    }

    /// A round of heartbeats was answered. Forgets what was sent before it and not answered, so
    /// that it is sent again.
    pub fn answered_round(&mut self, round: u64) {
        self.acked_round = self.acked_round.max(round);
        if self.in_flight.front().is_some_and(|sent| sent.round < round) {
            match self.mode {
                Mode::Replicate => self.probe(self.match_index + 1),
                Mode::Probe | Mode::Snapshot { .. } => self.in_flight.clear(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_waits_and_replication_runs_ahead() {
        let mut progress = Progress::new(5, Time::ZERO);
        progress.sent(6, 0);
        assert!(!progress.has_room());
        assert_eq!(progress.next_index, 5, "a probe does not run ahead");
        progress.acked(6);
        for last in 7..7 + MAX_IN_FLIGHT as u64 {
            assert!(progress.has_room());
            progress.sent(last, 0);
        }
        assert!(!progress.has_room());
        progress.acked(8);
        assert!(progress.has_room(), "an answer covers all up to it");
    }

    #[test]
    fn what_a_later_heartbeat_overtook_is_sent_again() {
        let mut progress = Progress::new(1, Time::ZERO);
        progress.acked(4);
        progress.sent(6, 3);
        progress.answered_round(3);
        assert_eq!(progress.next_index, 7, "the heartbeat went out first");
        progress.answered_round(4);
        assert_eq!((progress.next_index, progress.has_room()), (5, true));
    }

    #[test]
    fn late_conflicts_are_no_news() {
        let mut progress = Progress::new(5, Time::ZERO);
        assert!(progress.believes_conflict(4));
        assert!(!progress.believes_conflict(3));
        progress.acked(6);
        assert!(!progress.believes_conflict(6));
        assert!(!progress.believes_conflict(u64::MAX));
    }
}
