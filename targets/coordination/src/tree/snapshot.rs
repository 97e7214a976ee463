//! The state as it is stored.

use std::collections::BTreeSet;

use ordalia_node::{Event, SessionNumber, Stat, Value, WatchMode};
use serde::{Deserialize, Serialize};

use super::Tree;
use super::command::View;
use super::nodes::Node;
use super::sessions::{LastWrite, Session};

/// The whole state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    zxid: u64,
    nodes: Vec<StoredNode>,
    sessions: Vec<StoredSession>,
}

/// A node. Its children are known from their paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredNode {
    #[serde(rename = "p")]
    path: String,
    #[serde(rename = "v")]
    value: Value,
    #[serde(rename = "s")]
    stat: Stat,
    #[serde(rename = "n", default)]
    next_sequence: u64,
}

/// A session. Its ephemerals are known from the nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredSession {
    #[serde(rename = "i")]
    session: SessionNumber,
    #[serde(rename = "t")]
    timeout_ms: u64,
    #[serde(rename = "w")]
    watches: Vec<(String, Vec<(View, WatchMode)>)>,
    #[serde(rename = "o")]
    outbox: Vec<Event>,
    #[serde(rename = "e")]
    last_event: u64,
    #[serde(rename = "l")]
    last_write: Option<LastWrite>,
}

pub(super) fn take(tree: &Tree) -> Snapshot {
    let node = |(path, node): (&String, &Node)| StoredNode {
        path: path.clone(),
        value: node.value.clone(),
        stat: node.stat,
        next_sequence: node.next_sequence,
    };
    let watches = |id: SessionNumber, session: &Session| {
        session.watched.iter().map(|path| (path.clone(), tree.watches.stored(id, path))).collect()
    };
    let session = |(id, session): (&SessionNumber, &Session)| StoredSession {
        session: *id,
        timeout_ms: session.timeout_ms,
        watches: watches(*id, session),
        outbox: session.outbox.iter().cloned().collect(),
        last_event: session.last_event,
        last_write: session.last_write.clone(),
    };
    Snapshot {
        zxid: tree.zxid,
        nodes: tree.nodes.iter().map(node).collect(),
        sessions: tree.sessions.iter().map(session).collect(),
    }
}

/// What does not fit together in a damaged snapshot is left out.
pub(super) fn restore(snapshot: Snapshot) -> Tree {
    let mut tree = Tree { zxid: snapshot.zxid, ..Tree::default() };
    tree.news.replaced = true;
    for stored in snapshot.sessions {
        for (path, watches) in &stored.watches {
            watches.iter().for_each(|(view, mode)| tree.watches.set(stored.session, path, *view, *mode));
        }
        let session = Session {
            timeout_ms: stored.timeout_ms,
            owned: BTreeSet::new(),
            watched: stored.watches.into_iter().map(|(path, _)| path).collect(),
            outbox: stored.outbox.into(),
            last_event: stored.last_event,
            last_write: stored.last_write,
        };
        tree.sessions.insert(stored.session, session);
    }
    for StoredNode { path, value, stat, next_sequence } in snapshot.nodes {
        if let Some(session) = stat.owner.and_then(|owner| tree.sessions.get_mut(&owner)) {
            session.owned.insert(path.clone());
        }
        let node = Node { value, stat, next_sequence, children: BTreeSet::new() };
        tree.nodes.restore(&path, node);
    }
    tree
}
