//! The follower's side of the log (§5.3).

use std::sync::Arc;

use ordalia_node::NodeId;

use crate::bugs::Bug;
use crate::message::{Append, AppendResult, Appended, Entry, Heartbeat, Heartbeated, Message};
use crate::{Cx, Raft, StateMachine};

impl<S: StateMachine> Raft<S> {
    pub(crate) fn on_append(&mut self, from: NodeId, append: Append<S::Command>, cx: &mut Cx<'_, S>) {
        if append.term < self.term && !self.settings.bugs.has(Bug::IgnoreTerm) {
            return self.answer_append(from, self.term, AppendResult::Stale, cx);
        }
        if let Err(what) = check(&append) {
            return cx.trace("reject-message", format!("append of {from}: {what}"));
        }
        if !self.hear_leader(from, append.term, cx) {
            return;
        }
        let Append { term, mut prev_index, mut prev_term, mut entries, commit } = append;
        let end = prev_index + entries.len() as u64;
        if prev_index < self.log.base_index() {
            // What is compacted is committed, and so in the leader's log as well.
            let covered = self.log.base_index() - prev_index;
            entries.drain(..entries.len().min(usize::try_from(covered).unwrap_or(usize::MAX)));
            (prev_index, prev_term) = (self.log.base_index(), self.log.base_term());
        }
        if self.log.term(prev_index) != Some(prev_term) {
            return self.answer_append(from, term, self.conflict(prev_index), cx);
        }
        self.merge(prev_index, entries, cx);
        self.answer_append(from, term, AppendResult::Match(end), cx);
        self.learn_commit(commit.min(end), cx);
    }

    fn answer_append(&self, to: NodeId, term: u64, result: AppendResult, cx: &mut Cx<'_, S>) {
        cx.send(to, Message::Appended(Appended { term, result }));
    }

    /// Why the log does not agree at that index.
    fn conflict(&self, prev_index: u64) -> AppendResult {
        let conflict_term = self.log.term(prev_index);
        let conflict_index = match conflict_term {
            Some(_) => self.log.first_of_term_at(prev_index),
            None => self.log.last_index() + 1,
        };
        AppendResult::Conflict { prev_index, conflict_term, conflict_index }
    }

    /// Adds the entries that are new. Only a conflict drops anything: a message that was overtaken
    /// by a later one must not undo it.
    fn merge(&mut self, prev_index: u64, mut entries: Vec<Arc<Entry<S::Command>>>, cx: &mut Cx<'_, S>) {
        let known = entries.iter().zip(prev_index + 1..);
        let same = known.take_while(|(entry, index)| self.log.term(*index) == Some(entry.term)).count();
        entries.drain(..same);
        let first = prev_index + same as u64 + 1;
        let drops = !entries.is_empty() || self.settings.bugs.has(Bug::TruncateAlways);
        if drops && first <= self.log.last_index() && !self.drop_from(first, cx) {
            return;
        }
        if entries.is_empty() {
            return;
        }
        if entries[0].term != self.log.last_term() {
            cx.trace("append", format!("{first}, the first of term {}", entries[0].term));
        }
        for entry in &entries {
            self.log.push(Arc::clone(entry));
        }
        self.store_entries(first, entries, cx);
    }

    /// Drops the tail from an index on. False if a snapshot covers it, which only happens where a
    /// planted defect lost committed entries.
    fn drop_from(&mut self, index: u64, cx: &mut Cx<'_, S>) -> bool {
        cx.trace("truncate", format!("{index} to {}", self.log.last_index()));
        if index <= self.commit_index.max(self.applied_index) {
            cx.trace("committed-entry-overwritten", format!("{index}, committed {}", self.commit_index));
            if index <= self.snapshot.index {
                return false;
            }
            self.log.truncate(index);
            self.rebuild(index - 1, cx);
        }
        self.log.truncate(index);
        true
    }

    pub(crate) fn on_heartbeat(&mut self, from: NodeId, heartbeat: &Heartbeat, cx: &mut Cx<'_, S>) {
        if heartbeat.term < self.term && !self.settings.bugs.has(Bug::IgnoreTerm) {
            return self.answer_append(from, self.term, AppendResult::Stale, cx);
        }
        if !self.hear_leader(from, heartbeat.term, cx) {
            return;
        }
        if self.settings.bugs.has(Bug::TruncateAlways)
            && self.log.base_index() <= heartbeat.match_index
            && heartbeat.match_index < self.log.last_index()
        {
            self.drop_from(heartbeat.match_index + 1, cx);
        }
        let (term, round) = (heartbeat.term, heartbeat.round);
        cx.send(from, Message::Heartbeated(Heartbeated { term, round }));
        self.learn_commit(heartbeat.commit.min(heartbeat.match_index), cx);
    }

    fn learn_commit(&mut self, commit: u64, cx: &mut Cx<'_, S>) {
        let commit = commit.min(self.log.last_index());
        if commit > self.commit_index {
            self.commit_index = commit;
            self.apply_committed(cx);
        }
    }
}

/// What no leader sends.
fn check<C>(append: &Append<C>) -> Result<(), &'static str> {
    if append.prev_index.checked_add(append.entries.len() as u64 + 1).is_none() {
        return Err("an index beyond all bounds");
    }
    let mut term = append.prev_term;
    for entry in &append.entries {
        if entry.term < term {
            return Err("terms that decrease");
        }
        term = entry.term;
    }
    if term > append.term {
        return Err("a term later than the sender's");
    }
    Ok(())
}
