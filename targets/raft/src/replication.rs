//! The leader's side of the log (§5.3), and when an entry is committed (§5.4.2).

use std::collections::VecDeque;
use std::sync::Arc;

use ordalia_node::{NodeId, Time};

use crate::bugs::Bug;
use crate::log::Log;
use crate::message::{Append, AppendResult, Appended, Entry, Heartbeat, Heartbeated, Message, Proposal};
use crate::progress::{Mode, Progress};
use crate::record::Record;
use crate::role::{Leader, Role};
use crate::settings::{MAX_BYTES, MAX_ENTRIES};
use crate::{Cx, Raft, StateMachine, Timer};

impl<S: StateMachine> Raft<S> {
    /// Opens a leader's term with an entry that changes nothing, since entries of older terms are
    /// only committed along with one of its own (§5.4.2, §8).
    pub(crate) fn open_term(&mut self, cx: &mut Cx<'_, S>) {
        if self.settings.bugs.has(Bug::CommitOldTerm) {
            if let Role::Leader(leader) = &mut self.role {
                leader.opening = self.log.last_index();
            }
            self.replicate_to_all(cx);
            self.send_round(cx);
            return;
        }
        self.append_own(None, cx);
        if let Role::Leader(leader) = &self.role {
            cx.trace("append", format!("{} opens term {}", leader.opening, self.term));
        }
    }

    /// Appends a command to the leader's log and has it copied.
    pub(crate) fn propose(&mut self, proposal: Proposal<S::Command>, cx: &mut Cx<'_, S>) {
        self.append_own(Some(proposal), cx);
    }

    fn append_own(&mut self, proposal: Option<Proposal<S::Command>>, cx: &mut Cx<'_, S>) {
        let entry = Arc::new(Entry { term: self.term, proposal });
        self.log.push(Arc::clone(&entry));
        // Ahead of the leader's own write, so that all copies are written at the same time.
        self.replicate_to_all(cx);
        self.store_entries(self.log.last_index(), vec![entry], cx);
        // The leader counts itself from here on: no effect of a commit leaves before the write.
        self.advance_commit(cx);
    }

    /// Stores entries ahead of what acknowledges them.
    pub(crate) fn store_entries(&self, first: u64, entries: Vec<Arc<Entry<S::Command>>>, cx: &mut Cx<'_, S>) {
        let record = Record::Entries { first, entries };
        if self.settings.bugs.has(Bug::ForgetLog) { cx.write_behind(record) } else { cx.persist(record) }
    }

    pub(crate) fn replicate_to_all(&mut self, cx: &mut Cx<'_, S>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let head = Head { term: self.term, commit: self.commit_index, round: leader.round };
        let mut needy = Vec::new();
        for (peer, progress) in &mut leader.peers {
            if !send_entries(*peer, progress, &self.log, &head, cx) {
                needy.push(*peer);
            }
        }
        for peer in needy {
            self.send_snapshot(peer, cx);
        }
    }

    pub(crate) fn replicate_to(&mut self, peer: NodeId, cx: &mut Cx<'_, S>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let head = Head { term: self.term, commit: self.commit_index, round: leader.round };
        let Some(progress) = leader.peers.get_mut(&peer) else { return };
        if !send_entries(peer, progress, &self.log, &head, cx) {
            self.send_snapshot(peer, cx);
        }
    }

    pub(crate) fn on_appended(&mut self, from: NodeId, appended: &Appended, cx: &mut Cx<'_, S>) {
        if appended.term > self.term {
            return self.become_follower(appended.term, None, cx);
        }
        let (last, now) = (self.log.last_index(), cx.now());
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(progress) = leader.peers.get_mut(&from) else { return };
        if appended.term < self.term {
            return;
        }
        progress.last_contact = now;
        match appended.result {
            AppendResult::Match(index) if index <= last => progress.acked(index),
            AppendResult::Conflict { prev_index, conflict_term, conflict_index } => {
                if progress.believes_conflict(prev_index) {
                    let next = next_after_conflict(&self.log, prev_index, conflict_term, conflict_index);
                    progress.probe(next);
                }
            }
            AppendResult::Match(_) | AppendResult::Stale => return,
        }
        self.advance_commit(cx);
        self.replicate_to(from, cx);
        self.proceed_transfer(cx);
    }

    /// Commits what a majority holds, provided that it ends in the leader's own term (§5.4.2).
    pub(crate) fn advance_commit(&mut self, cx: &mut Cx<'_, S>) {
        let (quorum, last) = (self.quorum(cx), self.log.last_index());
        let Role::Leader(leader) = &self.role else { return };
        let mut held = majority_of(leader, last, quorum, |progress| progress.match_index);
        let bugs = self.settings.bugs;
        if bugs.has(Bug::AckBeforeCommit) {
            held = last;
        }
        let of_own_term = self.log.term(held) == Some(self.term) || bugs.has(Bug::CommitOldTerm);
        if held <= self.commit_index || !of_own_term {
            return;
        }
        if self.commit_index < leader.opening && held >= leader.opening {
            cx.trace("commit", format!("{held}, the first of term {}", self.term));
        }
        self.commit_index = held;
        self.apply_committed(cx);
    }

    pub(crate) fn on_heartbeat_timer(&mut self, cx: &mut Cx<'_, S>) {
        if !self.is_leader() {
            return;
        }
        if !self.has_contact(cx) {
            return self.become_follower(self.term, None, cx);
        }
        cx.set_timer(Timer::Heartbeat, self.settings.heartbeat());
        self.expire_transfer(cx);
        self.send_round(cx);
        self.advance_commit(cx);
    }

    /// Sends a round of heartbeats.
    pub(crate) fn send_round(&mut self, cx: &mut Cx<'_, S>) {
        let Role::Leader(leader) = &mut self.role else { return };
        leader.round += 1;
        leader.rounds.push_back((leader.round, cx.now()));
        let (term, commit, round) = (self.term, self.commit_index, leader.round);
        for (peer, progress) in &leader.peers {
            let match_index = progress.match_index;
            cx.send(*peer, Message::Heartbeat(Heartbeat { term, round, match_index, commit }));
        }
        self.confirm_rounds(cx);
    }

    pub(crate) fn on_heartbeated(&mut self, from: NodeId, answer: &Heartbeated, cx: &mut Cx<'_, S>) {
        if answer.term > self.term {
            return self.become_follower(answer.term, None, cx);
        }
        let now = cx.now();
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(progress) = leader.peers.get_mut(&from) else { return };
        if answer.term < self.term || answer.round > leader.round {
            return;
        }
        progress.last_contact = now;
        progress.answered_round(answer.round);
        self.confirm_rounds(cx);
        self.replicate_to(from, cx);
    }
}

/// What a leader's messages have in common.
struct Head {
    term: u64,
    commit: u64,
    round: u64,
}

/// Sends what may be sent. False if the follower needs entries that are gone.
fn send_entries<S: StateMachine>(
    to: NodeId,
    progress: &mut Progress,
    log: &Log<S::Command>,
    head: &Head,
    cx: &mut Cx<'_, S>,
) -> bool {
    while progress.has_room() {
        if matches!(progress.mode, Mode::Snapshot { .. }) {
            return false;
        }
        let is_behind = match progress.mode {
            Mode::Probe => progress.match_index < log.last_index(),
            _ => progress.next_index <= log.last_index(),
        };
        if !is_behind {
            return true;
        }
        let prev_index = progress.next_index - 1;
        let Some(prev_term) = log.term(prev_index) else { return false };
        let entries = log.slice(progress.next_index, MAX_ENTRIES, MAX_BYTES, weight::<S>);
        progress.sent(prev_index + entries.len() as u64, head.round);
        let (term, commit) = (head.term, head.commit);
        cx.send(to, Message::Append(Append { term, prev_index, prev_term, commit, entries }));
    }
    true
}

fn weight<S: StateMachine>(entry: &Entry<S::Command>) -> usize {
    // The numbers around a command take about as much.
    64 + entry.proposal.as_ref().map_or(0, |proposal| S::weight(&proposal.command))
}

/// The highest value that a majority has reached, the leader itself having `own`.
pub(crate) fn majority_of<S: StateMachine>(
    leader: &Leader<S>,
    own: u64,
    quorum: usize,
    value: impl Fn(&Progress) -> u64,
) -> u64 {
    let mut values: Vec<u64> = leader.peers.values().map(value).collect();
    values.push(own);
    values.sort_unstable_by(|a, b| b.cmp(a));
    values.get(quorum - 1).copied().unwrap_or(0)
}

/// Where to go on after a conflict (§5.3, end): past the last entry of the follower's term, if the
/// leader has any of it, and else to where that term begins in the follower's log.
fn next_after_conflict<C>(log: &Log<C>, prev_index: u64, term: Option<u64>, first: u64) -> u64 {
    let hint = match term.and_then(|term| log.last_of_term(term)) {
        Some(last) => last + 1,
        None => first,
    };
    hint.clamp(1, prev_index.max(1)).min(log.last_index() + 1)
}

/// When each round was sent, up to the one confirmed.
pub(crate) fn sent_at(rounds: &mut VecDeque<(u64, Time)>, confirmed: u64) -> Option<Time> {
    let mut sent = None;
    while let Some((round, at)) = rounds.front().copied() {
        if round > confirmed {
            break;
        }
        sent = Some(at);
        rounds.pop_front();
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_skip_a_term_at_a_time() {
        let mut log = Log::<()>::new(0, 0);
        for term in [1, 1, 4, 4, 5, 5, 6] {
            log.push(Arc::new(Entry { term, proposal: None }));
        }
        assert_eq!(next_after_conflict(&log, 7, None, 5), 5, "a shorter log");
        assert_eq!(next_after_conflict(&log, 7, Some(4), 4), 5, "after the last of a common term");
        assert_eq!(next_after_conflict(&log, 7, Some(2), 3), 3, "to the first of an unknown term");
        assert_eq!(next_after_conflict(&log, 3, Some(9), u64::MAX), 3, "absurd hints stay in bounds");
        assert_eq!(next_after_conflict(&log, 0, None, 0), 1);
    }
}
