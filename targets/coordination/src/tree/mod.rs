//! The replicated state: the tree of nodes, the sessions, the watches.
//!
//! A command that changes something gets the next number, its *zxid*; one that is refused gets none and
//! leaves nothing behind. Watches and the events that they caused are part of the state, so whichever
//! node a client turns to can tell it what it has missed. A watch that is set by a look is set in the
//! same step as the look is taken, so no change falls between the two.
//!
//! Applying costs the logarithm of the number of nodes and nothing that grows with the tree: every node
//! of the ensemble does it for every command.

pub mod command;
mod nodes;
pub mod path;
mod sessions;
mod snapshot;
#[cfg(test)]
mod tests;
mod watches;
mod weight;

use std::collections::{BTreeMap, BTreeSet};

use ordalia_node::{
    Change, CoordinationAnswer, CreateMode, ErrorCode, Event, Refusal, SessionNumber, Value, WatchMode,
    WriteOp, Zxid,
};
use ordalia_raft::StateMachine;

use crate::bugs::{Bug, Bugs};
use command::{Action, Command, Query, Reply, View, Writer};
use nodes::{Edits, Nodes};
pub(crate) use sessions::MAX_OUTBOX;
pub use sessions::TIMEOUTS_MS;
use sessions::{LastWrite, MAX_SESSIONS, MAX_WATCHES, Session};
use watches::Watches;

pub use nodes::Touched;
pub use sessions::{Ended, News};
pub use snapshot::Snapshot;

/// The whole state.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    zxid: Zxid,
    nodes: Nodes,
    sessions: BTreeMap<SessionNumber, Session>,
    watches: Watches,
    /// Not part of the state: what the node that holds it has not yet looked at.
    news: News,
    /// Not part of the state: the sessions that this node, as the leader, is about to end. From when it
    /// has proposed that, it confirms no heartbeat of theirs; a client that was told to be alive would
    /// else find itself ended sooner than its time-out.
    closing: BTreeSet<SessionNumber>,
}

/// What is part of the state decides.
impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.zxid == other.zxid
            && self.nodes == other.nodes
            && self.sessions == other.sessions
            && self.watches == other.watches
    }
}

fn refuse<T>(code: ErrorCode, text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(code, text))
}

pub(crate) fn expired(session: SessionNumber) -> Refusal {
    Refusal::new(ErrorCode::SessionExpired, format!("session {session} is unknown or has ended"))
}

impl Tree {
    /// The last change.
    pub fn zxid(&self) -> Zxid {
        self.zxid
    }

    /// How many nodes there are, the root among them.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// How many paths are watched, by each session.
    pub fn watch_count(&self) -> usize {
        self.watches.len()
    }

    /// The sessions and their time-outs in ms, in order.
    pub fn sessions(&self) -> impl ExactSizeIterator<Item = (SessionNumber, u64)> {
        self.sessions.iter().map(|(session, state)| (*session, state.timeout_ms))
    }

    /// A session's time-out in ms, if it lives.
    pub fn timeout_ms(&self, session: SessionNumber) -> Option<u64> {
        self.sessions.get(&session).map(|session| session.timeout_ms)
    }

    /// A session's events after a number, if it lives.
    pub fn events_after(&self, session: SessionNumber, number: u64) -> Option<Vec<Event>> {
        self.sessions.get(&session).map(|session| session.events_after(number))
    }

    /// The numbers of the first and the last event that a session has not said to have taken.
    pub fn untaken(&self, session: SessionNumber) -> Option<(u64, u64)> {
        let outbox = &self.sessions.get(&session)?.outbox;
        Some((outbox.front()?.number, outbox.back()?.number))
    }

    /// How many events a session has not said to have taken.
    pub(crate) fn untaken_count(&self, session: SessionNumber) -> usize {
        self.sessions.get(&session).map_or(0, |session| session.outbox.len())
    }

    /// What befell since the last call.
    pub(crate) fn take_news(&mut self) -> News {
        std::mem::take(&mut self.news)
    }

    /// From now on no heartbeat of that session is confirmed here.
    pub(crate) fn set_closing(&mut self, session: SessionNumber) {
        self.closing.insert(session);
    }

    /// This node ends no session any more.
    pub(crate) fn clear_closing(&mut self) {
        self.closing.clear();
    }

    fn act(&mut self, action: &Action, bugs: Bugs) -> Reply {
        match action {
            Action::Open(timeout_ms) => self.open(*timeout_ms),
            Action::Close(session) => self.end(*session, None, bugs),
            Action::Expire { session, known_from } => self.end(*session, Some(*known_from), bugs),
            Action::Taken(session, number) => {
                let Some(session) = self.sessions.get_mut(session) else { return Err(expired(*session)) };
                session.taken(*number);
                Ok(CoordinationAnswer::Alive { events: Vec::new() })
            }
            Action::Write(op, writer) => {
                self.once(*writer, |tree, edits| tree.write(op, writer.session, Bugs::default(), edits))
            }
            Action::Multi(ops, writer) => {
                self.once(*writer, |tree, edits| tree.multi(ops, writer.session, bugs, edits))
            }
            Action::Put(path, value) => self.edit(|tree, edits| tree.put(path, value, edits)),
            Action::Swap(path, from, to, create) => {
                self.edit(|tree, edits| tree.swap(path, from, to, *create, edits))
            }
            Action::Watch { session, path, view, mode } => self.watch(*session, path, *view, *mode),
            Action::Unwatch(session, path) => {
                let Some(state) = self.sessions.get_mut(session) else { return Err(expired(*session)) };
                state.watched.remove(path);
                self.watches.remove(*session, path);
                Ok(CoordinationAnswer::Unwatched)
            }
        }
    }

    fn open(&mut self, timeout_ms: u64) -> Reply {
        if !TIMEOUTS_MS.contains(&timeout_ms) {
            let text = format!("timeout_ms: expected 200 to 600000, found {timeout_ms}");
            return refuse(ErrorCode::MalformedRequest, text);
        }
        if self.sessions.len() >= MAX_SESSIONS {
            return refuse(ErrorCode::TemporarilyUnavailable, "there are too many sessions");
        }
        self.zxid = self.zxid.saturating_add(1);
        self.sessions.insert(self.zxid, Session::new(timeout_ms));
        self.news.opened.push(self.zxid);
        Ok(CoordinationAnswer::SessionOpened { session: self.zxid })
    }

    /// Ends a session, at its client's wish or at the leader's.
    fn end(&mut self, session: SessionNumber, known_from: Option<Zxid>, bugs: Bugs) -> Reply {
        let Some(ended) = self.sessions.remove(&session) else { return Err(expired(session)) };
        self.closing.remove(&session);
        for path in &ended.watched {
            self.watches.remove(session, path);
        }
        let mut edits = Edits::default();
        for path in &ended.owned {
            let created = self.nodes.get(path).map_or(0, |node| node.stat.created);
            let is_spared = bugs.has(Bug::EphemeralLeak) && known_from.is_some_and(|from| created <= from);
            if !is_spared {
                // What a session owns is there and has no children.
                let _ = self.nodes.remove(path, None, &mut edits);
            }
        }
        self.zxid = self.zxid.saturating_add(1);
        let (zxid, is_expired) = (self.zxid, known_from.is_some());
        self.news.ended.push(Ended { session, zxid, last_event: ended.last_event, is_expired });
        self.settle(edits);
        Ok(CoordinationAnswer::SessionClosed)
    }

    /// Carries out a session's write once, however often it is given.
    fn once(&mut self, writer: Writer, write: impl FnOnce(&mut Self, &mut Edits) -> Reply) -> Reply {
        let Writer { session: Some(session), seq } = writer else {
            return match writer.seq {
                Some(_) => refuse(ErrorCode::MalformedRequest, "seq: it counts within a session, name one"),
                None => self.edit(write),
            };
        };
        let Some(state) = self.sessions.get(&session) else { return Err(expired(session)) };
        let Some(seq) = seq else { return self.edit(write) };
        match &state.last_write {
            Some(last) if last.seq == seq => return last.reply.clone(),
            Some(last) if last.seq > seq => {
                let text = format!("seq: expected more than {}, the last one, found {seq}", last.seq);
                return refuse(ErrorCode::MalformedRequest, text);
            }
            _ => {}
        }
        let reply = self.edit(write);
        if let Some(state) = self.sessions.get_mut(&session) {
            state.last_write = Some(LastWrite { seq, reply: reply.clone() });
        }
        reply
    }

    /// Carries a write out, or leaves nothing of it.
    fn edit(&mut self, write: impl FnOnce(&mut Self, &mut Edits) -> Reply) -> Reply {
        let mut edits = Edits::default();
        let reply = write(self, &mut edits);
        match &reply {
            Err(_) => self.nodes.undo(edits),
            // Checks alone change nothing.
            Ok(_) if edits.touched.is_empty() => {}
            Ok(_) => {
                self.zxid = self.zxid.saturating_add(1);
                self.settle(edits);
            }
        }
        reply
    }

    /// The number of the change under way.
    fn next_zxid(&self) -> Zxid {
        self.zxid.saturating_add(1)
    }

    fn write(
        &mut self,
        op: &WriteOp,
        session: Option<SessionNumber>,
        bugs: Bugs,
        edits: &mut Edits,
    ) -> Reply {
        let zxid = self.next_zxid();
        match op {
            WriteOp::Create { path, value, mode, .. } => self.create(path, value, *mode, session, edits),
            WriteOp::Set { path, value, version } => {
                let version = version.filter(|_| !bugs.has(Bug::VersionIgnored));
                let stat = self.nodes.set(path, value, version, zxid, edits)?;
                Ok(CoordinationAnswer::SetDone { stat })
            }
            WriteOp::Remove { path, version } => {
                self.nodes.remove(path, *version, edits)?;
                Ok(CoordinationAnswer::Removed)
            }
            WriteOp::Check { path, version } => {
                self.nodes.check(path, *version)?;
                Ok(CoordinationAnswer::Checked)
            }
        }
    }

    fn create(
        &mut self,
        path: &str,
        value: &Value,
        mode: CreateMode,
        session: Option<SessionNumber>,
        edits: &mut Edits,
    ) -> Reply {
        if mode.is_ephemeral() && session.is_none() {
            let text = "session: an ephemeral node goes with one, name it";
            return refuse(ErrorCode::MalformedRequest, text);
        }
        let zxid = self.next_zxid();
        let path = self.nodes.create(path, value, mode, session, zxid, edits)?;
        let stat = self.nodes.find(&path)?.stat;
        Ok(CoordinationAnswer::Created { path, stat })
    }

    fn multi(
        &mut self,
        ops: &[WriteOp],
        session: Option<SessionNumber>,
        bugs: Bugs,
        edits: &mut Edits,
    ) -> Reply {
        let mut results = Vec::with_capacity(ops.len());
        for (index, op) in ops.iter().enumerate() {
            let result = self.write(op, session, bugs, edits);
            results.push(result.map_err(|refusal| {
                let text = format!("operation {index} of the multi: {}", refusal.text);
                Refusal::new(refusal.code, text)
            })?);
        }
        Ok(CoordinationAnswer::MultiDone { results })
    }

    fn put(&mut self, path: &str, value: &Value, edits: &mut Edits) -> Reply {
        path::check(path)?;
        if self.nodes.get(path).is_some() {
            let stat = self.nodes.set(path, value, None, self.next_zxid(), edits)?;
            return Ok(CoordinationAnswer::SetDone { stat });
        }
        let zxid = self.next_zxid();
        for above in path::down_to(path).filter(|above| *above != path) {
            if self.nodes.get(above).is_none() {
                self.nodes.create(above, &Value::Null, CreateMode::Persistent, None, zxid, edits)?;
            }
        }
        self.nodes.create(path, value, CreateMode::Persistent, None, zxid, edits)?;
        Ok(CoordinationAnswer::SetDone { stat: self.nodes.find(path)?.stat })
    }

    fn swap(&mut self, path: &str, from: &Value, to: &Value, create: bool, edits: &mut Edits) -> Reply {
        match self.nodes.find(path) {
            Ok(node) if node.value == *from => {}
            Ok(node) => {
                return refuse(ErrorCode::PreconditionFailed, format!("the value is {}", node.value));
            }
            Err(refusal) if create && refusal.code == ErrorCode::KeyDoesNotExist => {}
            Err(refusal) => return Err(refusal),
        }
        self.put(path, to, edits)
    }

    fn watch(&mut self, session: SessionNumber, path: &str, view: View, mode: WatchMode) -> Reply {
        let Some(state) = self.sessions.get_mut(&session) else { return Err(expired(session)) };
        path::check(path)?;
        if state.watched.len() >= MAX_WATCHES && !state.watched.contains(path) {
            return refuse(ErrorCode::TemporarilyUnavailable, "the session has too many watches");
        }
        let seen = look(&self.nodes, view, path)?;
        state.watched.insert(path.to_owned());
        self.watches.set(session, path, view, mode);
        Ok(seen)
    }

    /// Notes who owns what, and tells those who watch.
    fn settle(&mut self, edits: Edits) {
        for touched in edits.touched {
            if let Some(session) = touched.owner.and_then(|owner| self.sessions.get_mut(&owner)) {
                match touched.what {
                    Change::Created => {
                        session.owned.insert(touched.path.clone());
                    }
                    Change::Removed => {
                        session.owned.remove(&touched.path);
                    }
                    _ => {}
                }
            }
            self.tell(&touched.path, touched.what, touched.version);
            if touched.what != Change::Changed
                && let Some((parent, _)) = path::split(&touched.path)
            {
                self.tell(parent, Change::Children, Some(touched.siblings));
            }
            self.news.touched.push((self.zxid, touched));
        }
    }

    fn tell(&mut self, path: &str, what: Change, version: Option<u64>) {
        for (session, is_spent) in self.watches.fire(path, what) {
            let Some(state) = self.sessions.get_mut(&session) else { continue };
            if is_spent {
                state.watched.remove(path);
            }
            state.last_event = state.last_event.saturating_add(1);
            let number = state.last_event;
            let event = Event { number, zxid: self.zxid, path: path.to_owned(), what, version };
            state.outbox.push_back(event);
            self.news.told.insert(session);
        }
    }

    fn heartbeat(&self, session: SessionNumber, seen: u64) -> Reply {
        if self.closing.contains(&session) {
            let text = format!("session {session} is about to end");
            return refuse(ErrorCode::TemporarilyUnavailable, text);
        }
        let events = self.events_after(session, seen).ok_or_else(|| expired(session))?;
        Ok(CoordinationAnswer::Alive { events })
    }
}

fn look(nodes: &Nodes, view: View, path: &str) -> Reply {
    if view == View::Existence {
        path::check(path)?;
        return Ok(CoordinationAnswer::Existence { stat: nodes.get(path).map(|node| node.stat) });
    }
    let node = nodes.find(path)?;
    Ok(match view {
        View::Children => {
            let names = node.children.iter().cloned().collect();
            CoordinationAnswer::Listing { names, stat: node.stat }
        }
        _ => CoordinationAnswer::Got { value: node.value.clone(), stat: node.stat },
    })
}

impl StateMachine for Tree {
    type Command = Command;
    type Query = Query;
    type Response = Reply;
    type Snapshot = Snapshot;

    fn apply(&mut self, command: &Command) -> Reply {
        self.act(&command.action, command.bugs)
    }

    const REPORTS_READS: bool = true;

    fn leads_always(query: &Query) -> bool {
        matches!(query, Query::Heartbeat(..) | Query::Zxid)
    }

    fn query(&self, query: &Query) -> Reply {
        match query {
            Query::Look(view, path) => look(&self.nodes, *view, path),
            Query::Heartbeat(session, seen) => self.heartbeat(*session, *seen),
            Query::Zxid => Ok(CoordinationAnswer::Synced { zxid: self.zxid }),
        }
    }

    fn snapshot(&self) -> Snapshot {
        snapshot::take(self)
    }

    fn restore(snapshot: Snapshot) -> Self {
        snapshot::restore(snapshot)
    }

    fn weight(command: &Command) -> usize {
        weight::of(command)
    }
}
