//! The tree as one would first write it: everything in lists, a `multi` on a copy of the whole.

use std::collections::BTreeMap;

use ordalia_node::{Change, CreateMode, ErrorCode, SessionNumber, Stat, Value, WatchMode, WriteOp};

use crate::tree::command::{Action, View, Writer};
use crate::tree::path;

type Told = (u64, String, Change);

#[derive(Clone, Debug, Default)]
pub struct NaiveSession {
    /// All events ever: the change, the path, what befell it.
    pub events: Vec<Told>,
    watches: Vec<(String, View, WatchMode)>,
    last: Option<(u64, Result<Option<String>, ErrorCode>)>,
}

#[derive(Clone, Debug)]
pub struct NaiveNode {
    pub value: Value,
    pub stat: Stat,
    next: u64,
}

/// The state. A command comes to the path that it created, if any, or to the code of its refusal.
#[derive(Clone, Debug)]
pub struct Naive {
    pub zxid: u64,
    pub nodes: BTreeMap<String, NaiveNode>,
    pub sessions: BTreeMap<SessionNumber, NaiveSession>,
}

type Came = Result<Option<String>, ErrorCode>;

impl Naive {
    pub fn new() -> Self {
        let mut naive = Self { zxid: 0, nodes: BTreeMap::new(), sessions: BTreeMap::new() };
        naive.insert("/", &Value::Null, None);
        naive
    }

    fn insert(&mut self, path: &str, value: &Value, owner: Option<SessionNumber>) {
        let (created, modified) = (self.zxid, self.zxid);
        let stat = Stat { version: 0, children_version: 0, created, modified, owner };
        self.nodes.insert(path.to_owned(), NaiveNode { value: value.clone(), stat, next: 0 });
    }

    pub fn children(&self, path: &str) -> Vec<String> {
        let is_child = |other: &&String| path::split(other).is_some_and(|(parent, _)| parent == path);
        let name = |path: &String| path.rsplit('/').next().unwrap_or_default().to_owned();
        self.nodes.keys().filter(is_child).map(name).collect()
    }

    pub fn act(&mut self, action: &Action) -> Came {
        let before = self.clone();
        self.zxid += 1;
        let came = self.attempt(action);
        let is_change = !matches!(action, Action::Taken(..) | Action::Watch { .. } | Action::Unwatch(..));
        if came.is_err() {
            *self = before;
        } else if !is_change || self.nothing_happened(action, &before) {
            self.zxid = before.zxid;
        }
        if let Action::Write(_, writer) | Action::Multi(_, writer) = action {
            return self.remember(*writer, came);
        }
        came
    }

    /// A multi of checks changes nothing, nor does a write that was carried out before.
    fn nothing_happened(&self, action: &Action, before: &Self) -> bool {
        let same = |writer: &Writer| {
            let last =
                |state: &Self| state.sessions.get(&writer.session?)?.last.as_ref().map(|(seq, _)| *seq);
            writer.seq.is_some() && last(before) == writer.seq
        };
        match action {
            Action::Multi(ops, writer) => {
                same(writer) || ops.iter().all(|op| matches!(op, WriteOp::Check { .. }))
            }
            Action::Write(op, writer) => same(writer) || matches!(op, WriteOp::Check { .. }),
            _ => false,
        }
    }

    fn remember(&mut self, writer: Writer, came: Came) -> Came {
        if let (Some(session), Some(seq)) = (writer.session, writer.seq)
            && let Some(session) = self.sessions.get_mut(&session)
            && session.last.as_ref().is_none_or(|(last, _)| *last < seq)
        {
            session.last = Some((seq, came.clone()));
        }
        came
    }

    fn attempt(&mut self, action: &Action) -> Came {
        match action {
            Action::Open(_) => {
                self.sessions.insert(self.zxid, NaiveSession::default());
                Ok(None)
            }
            Action::Close(session) | Action::Expire { session, .. } => {
                self.sessions.remove(session).ok_or(ErrorCode::SessionExpired)?;
                let is_owned = |node: &NaiveNode| node.stat.owner == Some(*session);
                let owned: Vec<String> = self
                    .nodes
                    .iter()
                    .filter(|(_, node)| is_owned(node))
                    .map(|(path, _)| path.clone())
                    .collect();
                owned.iter().try_for_each(|path| self.remove(path, None)).map(|()| None)
            }
            Action::Taken(session, _) => self.session(*session).map(|_| None),
            Action::Write(op, writer) => self.once(*writer, std::slice::from_ref(op)),
            Action::Multi(ops, writer) => self.once(*writer, ops).map(|_| None),
            Action::Watch { session, path, view, mode } => {
                self.session(*session)?;
                path::check(path).map_err(|refusal| refusal.code)?;
                if !self.nodes.contains_key(path) && *view != View::Existence {
                    return Err(ErrorCode::KeyDoesNotExist);
                }
                self.session(*session)?.watches.push((path.clone(), *view, *mode));
                Ok(None)
            }
            Action::Unwatch(session, path) => {
                self.session(*session)?.watches.retain(|(watched, ..)| watched != path);
                Ok(None)
            }
            Action::Put(..) | Action::Swap(..) => Err(ErrorCode::NotSupported),
        }
    }

    fn session(&mut self, session: SessionNumber) -> Result<&mut NaiveSession, ErrorCode> {
        self.sessions.get_mut(&session).ok_or(ErrorCode::SessionExpired)
    }

    fn once(&mut self, writer: Writer, ops: &[WriteOp]) -> Came {
        match (writer.session, writer.seq) {
            (None, Some(_)) => return Err(ErrorCode::MalformedRequest),
            (Some(session), seq) => {
                let last = self.session(session)?.last.clone();
                match (last, seq) {
                    (Some((last, came)), Some(seq)) if last == seq => return came,
                    (Some((last, _)), Some(seq)) if last > seq => return Err(ErrorCode::MalformedRequest),
                    _ => {}
                }
            }
            (None, None) => {}
        }
        let mut created = None;
        for op in ops {
            created = self.write(op, writer.session)?;
        }
        Ok(created)
    }

    fn write(&mut self, op: &WriteOp, session: Option<SessionNumber>) -> Came {
        match op {
            WriteOp::Create { path, value, mode } => self.create(path, value, *mode, session).map(Some),
            WriteOp::Set { path, value, version } => {
                let zxid = self.zxid;
                let node = self.expect(path, *version)?;
                (node.value, node.stat.modified) = (value.clone(), zxid);
                node.stat.version += 1;
                self.tell(path, Change::Changed);
                Ok(None)
            }
            WriteOp::Remove { path, version } => self.remove(path, *version).map(|()| None),
            WriteOp::Check { path, version } => self.expect(path, *version).map(|_| None),
        }
    }

    fn expect(&mut self, path: &str, version: Option<u64>) -> Result<&mut NaiveNode, ErrorCode> {
        path::check(path).map_err(|refusal| refusal.code)?;
        let node = self.nodes.get_mut(path).ok_or(ErrorCode::KeyDoesNotExist)?;
        match version {
            Some(version) if version != node.stat.version => Err(ErrorCode::PreconditionFailed),
            _ => Ok(node),
        }
    }

    fn create(
        &mut self,
        path: &str,
        value: &Value,
        mode: CreateMode,
        session: Option<SessionNumber>,
    ) -> Result<String, ErrorCode> {
        if mode.is_ephemeral() && session.is_none() {
            return Err(ErrorCode::MalformedRequest);
        }
        if !mode.is_sequential() {
            path::check(path).map_err(|refusal| refusal.code)?;
        }
        let (parent, _) = path::split(path).unwrap_or(("/", ""));
        let parent = parent.to_owned();
        let mut full = path.to_owned();
        if mode.is_sequential() {
            let next = &mut self.nodes.get_mut(&parent).ok_or(ErrorCode::KeyDoesNotExist)?.next;
            full = format!("{path}{:010}", *next);
            *next += 1;
        }
        path::check(&full).map_err(|refusal| refusal.code)?;
        if self.nodes.contains_key(&full) {
            return Err(ErrorCode::KeyAlreadyExists);
        }
        let above = self.nodes.get_mut(&parent).ok_or(ErrorCode::KeyDoesNotExist)?;
        if above.stat.owner.is_some() {
            return Err(ErrorCode::MalformedRequest);
        }
        above.stat.children_version += 1;
        self.insert(&full, value, session.filter(|_| mode.is_ephemeral()));
        self.tell(&full, Change::Created);
        self.tell(&parent, Change::Children);
        Ok(full)
    }

    fn remove(&mut self, path: &str, version: Option<u64>) -> Result<(), ErrorCode> {
        self.expect(path, version)?;
        let (parent, _) = path::split(path).ok_or(ErrorCode::MalformedRequest)?;
        if !self.children(path).is_empty() {
            return Err(ErrorCode::PreconditionFailed);
        }
        self.nodes.remove(path);
        self.nodes.get_mut(parent).ok_or(ErrorCode::KeyDoesNotExist)?.stat.children_version += 1;
        self.tell(path, Change::Removed);
        self.tell(parent, Change::Children);
        Ok(())
    }

    /// One event to each session that a watch of the path means by that; one-shot ones are used up.
    fn tell(&mut self, path: &str, what: Change) {
        let zxid = self.zxid;
        for session in self.sessions.values_mut() {
            let means = |(watched, view, mode): &(String, View, WatchMode)| {
                let of_children = *view == View::Children;
                let fits = match what {
                    Change::Removed => true,
                    Change::Children => of_children,
                    _ => !of_children,
                };
                watched == path && (*mode == WatchMode::Persistent || fits)
            };
            if session.watches.iter().any(means) {
                session.events.push((zxid, path.to_owned(), what));
            }
            session.watches.retain(|watch| watch.2 == WatchMode::Persistent || !means(watch));
        }
    }
}
