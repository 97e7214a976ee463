//! Snapshots, taken and installed (§7).
//!
//! A node that has applied enough stores the state machine and the client sessions in place of the
//! entries behind them, but keeps a short tail of those, so that a follower that lags a little gets
//! entries and not the whole state. A follower that lags further is sent the snapshot in pieces,
//! each after the one before was answered; what is lost is asked for again from where it stopped.

use std::sync::Arc;

use ordalia_node::NodeId;

use crate::bugs::Bug;
use crate::log::Log;
use crate::message::{AppendResult, Appended, Install, Installed, Message, Outcome};
use crate::progress::Mode;
use crate::record::{Record, Snapshot, State, parse_state};
use crate::role::Role;
use crate::session::Sessions;
use crate::{Cx, Raft, StateMachine};

/// The most that a follower holds of a snapshot that is not complete, in bytes.
const MAX_SNAPSHOT_BYTES: usize = 1 << 30;

/// Beyond what a log can reach, so that indices can be counted with.
const MAX_INDEX: u64 = u64::MAX / 2;

/// A snapshot on its way in.
#[derive(Debug)]
pub(crate) struct Incoming {
    from: NodeId,
    term: u64,
    index: u64,
    text: String,
}

impl<S: StateMachine> Raft<S> {
    /// Takes a snapshot of what is applied.
    pub(crate) fn compact(&mut self, cx: &mut Cx<'_, S>) {
        let applied = self.applied_index;
        let is_off_by_one = self.settings.bugs.has(Bug::SnapshotOffByOne);
        let index = applied + u64::from(is_off_by_one);
        let term = self.log.term(index).unwrap_or(self.log.last_term());
        let sessions = match self.settings.bugs.has(Bug::LostSession) {
            true => Sessions::default(),
            false => self.sessions.clone(),
        };
        let state = State { index, term, machine: self.machine.snapshot(), sessions };
        let Ok(text) = serde_json::to_string(&state) else {
            return cx.trace("snapshot-failed", format!("at {applied}: the state is not representable"));
        };
        self.snapshot = Snapshot { index, term, text: Arc::from(text) };
        self.log.compact(applied.saturating_sub(self.settings.retained).max(self.log.base_index()));
        cx.trace("snapshot", format!("{index}, log from {}", self.log.base_index() + 1));
        self.store_snapshot(cx);
        if is_off_by_one {
            self.applied_index = index;
        }
    }

    /// Replaces what is stored by the snapshot and what it leaves of the log.
    fn store_snapshot(&self, cx: &mut Cx<'_, S>) {
        let mut records = vec![Record::Base { index: self.log.base_index(), term: self.log.base_term() }];
        if !self.settings.bugs.has(Bug::ForgetVote) {
            records.push(Record::Hard { term: self.term, vote: self.voted_for });
        }
        let first = self.log.base_index() + 1;
        let entries: Vec<_> = self.log.after(first - 1).map(Arc::clone).collect();
        if !entries.is_empty() {
            records.push(Record::Entries { first, entries });
        }
        cx.snapshot(self.snapshot.text.as_bytes().to_vec(), records);
    }

    /// Sends the next piece of the snapshot, from the beginning if none was sent yet.
    pub(crate) fn send_snapshot(&mut self, to: NodeId, cx: &mut Cx<'_, S>) {
        let (term, chunk) = (self.term, self.settings.chunk_bytes);
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(progress) = leader.peers.get_mut(&to) else { return };
        if !matches!(progress.mode, Mode::Snapshot { .. }) {
            progress.install(self.snapshot.clone());
        }
        let Mode::Snapshot { snapshot, offset } = &progress.mode else { return };
        if !progress.has_room() || snapshot.index == 0 {
            return;
        }
        let (index, index_term, offset) = (snapshot.index, snapshot.term, *offset);
        let end = piece_end(&snapshot.text, offset.saturating_add(chunk));
        let data = snapshot.text.get(offset..end).unwrap_or_default().to_owned();
        let done = end == snapshot.text.len();
        progress.sent(index, leader.round);
        cx.send(to, Message::Install(Install { term, index, index_term, offset, data, done }));
    }

    pub(crate) fn on_installed(&mut self, from: NodeId, installed: &Installed, cx: &mut Cx<'_, S>) {
        if installed.term > self.term {
            return self.become_follower(installed.term, None, cx);
        }
        let now = cx.now();
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(progress) = leader.peers.get_mut(&from) else { return };
        if installed.term < self.term {
            return;
        }
        progress.last_contact = now;
        let Mode::Snapshot { snapshot, offset } = &progress.mode else { return };
        let is_usable = snapshot.text.is_char_boundary(installed.offset);
        if snapshot.index == installed.index && is_usable && *offset != installed.offset {
            progress.received(installed.offset);
            self.send_snapshot(from, cx);
        }
    }

    pub(crate) fn on_install(&mut self, from: NodeId, install: Install, cx: &mut Cx<'_, S>) {
        if install.term < self.term {
            let stale = Appended { term: self.term, result: AppendResult::Stale };
            return cx.send(from, Message::Appended(stale));
        }
        if install.index > MAX_INDEX || install.index_term > install.term {
            return cx.trace("reject-message", format!("install of {from}: beyond all bounds"));
        }
        if !self.hear_leader(from, install.term, cx) {
            return;
        }
        if install.index <= self.commit_index {
            self.incoming = None;
            return self.answer_complete(from, install.index, cx);
        }
        let (term, index, index_term, done) = (self.term, install.index, install.index_term, install.done);
        if !self.collect(from, install) || !done {
            let offset = self.incoming.as_ref().map_or(0, |incoming| incoming.text.len());
            return cx.send(from, Message::Installed(Installed { term, index, offset }));
        }
        let text = self.incoming.take().map_or_else(String::new, |incoming| incoming.text);
        match parse_state::<S>(&text) {
            Ok(state) if state.index == index && state.term == index_term => {
                self.install(state, text, cx);
                self.answer_complete(from, index, cx);
            }
            Ok(_) => cx.trace("reject-message", format!("install of {from}: not the snapshot announced")),
            Err(what) => cx.trace("reject-message", format!("install of {from}: {what}")),
        }
    }

    /// Adds a piece, if it is the next one.
    fn collect(&mut self, from: NodeId, install: Install) -> bool {
        let Install { term, index, offset, data, .. } = install;
        let is_same = |held: &Incoming| (held.from, held.term, held.index) == (from, term, index);
        if !self.incoming.as_ref().is_some_and(is_same) {
            self.incoming = Some(Incoming { from, term, index, text: String::new() });
        }
        match &mut self.incoming {
            Some(held) if held.text.len() == offset && offset + data.len() <= MAX_SNAPSHOT_BYTES => {
                held.text.push_str(&data);
                true
            }
            _ => false,
        }
    }

    fn answer_complete(&self, to: NodeId, index: u64, cx: &mut Cx<'_, S>) {
        cx.send(to, Message::Appended(Appended { term: self.term, result: AppendResult::Match(index) }));
    }

    /// Takes over a leader's snapshot. What the log holds beyond it stays, if it agrees there (§7).
    fn install(&mut self, state: State<S::Snapshot, S::Response>, text: String, cx: &mut Cx<'_, S>) {
        let (index, term) = (state.index, state.term);
        cx.trace("install-snapshot", format!("{index}"));
        if self.log.term(index) == Some(term) {
            self.log.compact(index);
        } else {
            self.log = Log::new(index, term);
        }
        self.machine = S::restore(state.machine);
        self.sessions = state.sessions;
        self.commit_index = index;
        self.applied_index = index;
        self.snapshot = Snapshot { index, term, text: Arc::from(text) };
        self.store_snapshot(cx);
        self.complete_from_sessions(cx);
    }

    /// Answers own clients whose commands are in an installed snapshot.
    fn complete_from_sessions(&mut self, cx: &mut Cx<'_, S>) {
        let responses = self.sessions.responses(self.gateway.session()).to_vec();
        for (seq, response) in responses {
            self.gateway.complete(seq, Outcome::Response(response), cx);
        }
    }
}

/// The end of a piece: at least so far, and between characters.
fn piece_end(text: &str, least: usize) -> usize {
    (least..text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len())
}
