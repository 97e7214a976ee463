//! What the committed log amounts to, applied by other means than the node's own.

use std::collections::{BTreeMap, BTreeSet};

use ordalia_node::Key;
use ordalia_raft::message::{Entry, SessionId};
use ordalia_raft::{Raft, StateMachine};
use ordalia_raft_kv::kv::{Command, Kv};

/// Which command an entry holds, if any.
pub type Identity = Option<(SessionId, u64)>;

/// Which command an entry holds.
pub fn identity(entry: &Entry<Command>) -> Identity {
    entry.proposal.as_ref().map(|proposal| (proposal.session, proposal.seq))
}

/// An entry that some node took for committed.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    pub term: u64,
    pub identity: Identity,
    /// The term of the node that first said so.
    pub in_term: u64,
}

/// The committed log as it was first seen, and its states when each command is applied once.
#[derive(Default)]
pub struct Reference {
    pub log: Vec<Committed>,
    pub states: Vec<Kv>,
    done: BTreeSet<(SessionId, u64)>,
    oldest: BTreeMap<SessionId, u64>,
}

impl Reference {
    pub fn new() -> Self {
        Self { states: vec![Kv::default()], ..Self::default() }
    }

    /// Takes in what this node newly takes for committed.
    pub fn observe(&mut self, raft: &Raft<Kv>) {
        for index in self.log.len() as u64 + 1..=raft.commit_index() {
            let Some(entry) = raft.log().get(index) else { return };
            let committed = Committed { term: entry.term, identity: identity(entry), in_term: raft.term() };
            self.log.push(committed);
            let state = self.next_state(entry);
            self.states.push(state);
        }
    }

    fn next_state(&mut self, entry: &Entry<Command>) -> Kv {
        let mut state = self.states.last().cloned().unwrap_or_default();
        let Some(proposal) = &entry.proposal else { return state };
        let oldest = self.oldest.entry(proposal.session).or_default();
        *oldest = proposal.oldest.max(*oldest);
        if proposal.seq >= *oldest && self.done.insert((proposal.session, proposal.seq)) {
            state.apply(&proposal.command);
        }
        state
    }

    /// The last committed index.
    pub fn last(&self) -> usize {
        self.log.len()
    }

    /// Whether a key had that value (none: was absent) in some state from that index on.
    pub fn ever_held(&self, from: usize, key: &Key, value: Option<&ordalia_node::Value>) -> bool {
        use ordalia_raft_kv::kv::Response;
        self.states[from.min(self.states.len() - 1)..].iter().any(|state| match state.query(key) {
            Response::Value(held) => Some(&held) == value,
            _ => value.is_none(),
        })
    }
}
