//! What waits at this node for something that it is still to apply.

use std::collections::BTreeMap;

use ordalia_node::{
    Answer, Change, CoordinationAnswer, ErrorCode, Event, Refusal, SessionNumber, Time, Zxid,
};

use super::Asker;
use crate::Tree;
use crate::tree::{News, expired, path};

/// Requests that one node lets wait; more are answered at once.
const MAX_WAITING: usize = 4096;

/// What is waited for.
#[derive(Clone, Debug)]
pub(super) enum Awaited {
    /// This node has applied a change.
    Zxid(Zxid),
    /// A session has an event after the one of that number.
    Event(SessionNumber, u64),
    /// A node or its children change.
    Change(String),
}

/// A request that was put off.
#[derive(Clone, Debug)]
struct Waiter {
    asker: Asker,
    awaited: Awaited,
    until: Time,
}

/// All requests that were put off, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    waiters: BTreeMap<u64, Waiter>,
    last: u64,
}

/// A request that waits no longer.
pub(super) type Done = (Asker, Result<Answer, Refusal>);

impl Waiting {
    pub fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// Puts a request off, unless it has nothing to wait for.
    pub fn add(&mut self, asker: Asker, awaited: Awaited, until: Time, tree: &Tree) -> Option<Done> {
        if let Some(result) = at_once(&awaited, tree) {
            return Some((asker, result));
        }
        if self.waiters.len() >= MAX_WAITING {
            return Some((asker, in_vain(&awaited)));
        }
        self.last += 1;
        self.waiters.insert(self.last, Waiter { asker, awaited, until });
        None
    }

    /// Those for whom something came.
    pub fn wake(&mut self, news: &News, tree: &Tree) -> Vec<Done> {
        self.take(|waiter| match &waiter.awaited {
            Awaited::Change(path) => changed(path, news, tree).map(Ok),
            awaited => at_once(awaited, tree),
        })
    }

    /// Those who have waited for long enough.
    pub fn give_up(&mut self, now: Time) -> Vec<Done> {
        self.take(|waiter| (waiter.until <= now).then(|| in_vain(&waiter.awaited)))
    }

    fn take(&mut self, result: impl Fn(&Waiter) -> Option<Result<Answer, Refusal>>) -> Vec<Done> {
        let mut done = Vec::new();
        self.waiters.retain(|_, waiter| match result(waiter) {
            Some(result) => {
                done.push((waiter.asker, result));
                false
            }
            None => true,
        });
        done
    }
}

fn alive(events: Vec<Event>) -> Answer {
    Answer::Coordination(CoordinationAnswer::Alive { events })
}

/// What can be answered from what is applied.
fn at_once(awaited: &Awaited, tree: &Tree) -> Option<Result<Answer, Refusal>> {
    match awaited {
        Awaited::Zxid(zxid) => {
            let synced = CoordinationAnswer::Synced { zxid: tree.zxid() };
            (tree.zxid() >= *zxid).then_some(Ok(Answer::Coordination(synced)))
        }
        Awaited::Event(session, after) => match tree.events_after(*session, *after) {
            Some(events) => (!events.is_empty()).then(|| Ok(alive(events))),
            // A session is named after the change that began it, which this node may not have applied.
            None => (tree.zxid() >= *session).then(|| Err(expired(*session))),
        },
        Awaited::Change(_) => None,
    }
}

/// What is answered when nothing came.
fn in_vain(awaited: &Awaited) -> Result<Answer, Refusal> {
    match awaited {
        Awaited::Zxid(_) => {
            Err(Refusal::new(ErrorCode::TemporarilyUnavailable, "this node lags behind the leader"))
        }
        Awaited::Event(..) | Awaited::Change(_) => Ok(alive(Vec::new())),
    }
}

/// The first change of a path or of its children.
fn changed(watched: &str, news: &News, tree: &Tree) -> Option<Answer> {
    let event =
        |zxid, what, version| alive(vec![Event { number: 1, zxid, path: watched.to_owned(), what, version }]);
    for (zxid, touched) in &news.touched {
        if touched.path == watched {
            return Some(event(*zxid, touched.what, touched.version));
        }
        let is_above = path::split(&touched.path).is_some_and(|(parent, _)| parent == watched);
        if is_above && touched.what != Change::Changed {
            return Some(event(*zxid, Change::Children, Some(touched.siblings)));
        }
    }
    // What a snapshot has skipped cannot be told apart; that is told as a change of the value.
    news.replaced.then(|| event(tree.zxid(), Change::Changed, None))
}
