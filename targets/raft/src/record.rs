//! What is stored, and how it is read back.

use std::sync::Arc;

use ordalia_node::{NodeId, Recovered, StartError};
use serde::{Deserialize, Serialize};

use crate::StateMachine;
use crate::log::Log;
use crate::message::Entry;
use crate::session::Sessions;

/// A record of durable storage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Record<C> {
    /// The current term, and the vote given in it.
    #[serde(rename = "h")]
    Hard {
        /// The term.
        #[serde(rename = "t")]
        term: u64,
        /// The vote.
        #[serde(rename = "v")]
        vote: Option<NodeId>,
    },
    /// The log starts after this index; the first log record after a snapshot.
    #[serde(rename = "b")]
    Base {
        /// The index.
        #[serde(rename = "i")]
        index: u64,
        /// The term of the entry there.
        #[serde(rename = "t")]
        term: u64,
    },
    /// Entries from an index on, in place of what stood there and after.
    #[serde(rename = "e")]
    Entries {
        /// The index of the first.
        #[serde(rename = "i")]
        first: u64,
        /// The entries.
        #[serde(rename = "e")]
        entries: Vec<Arc<Entry<C>>>,
    },
}

/// A snapshot's content, stored and sent as JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct State<M, R> {
    /// The last index that it covers.
    pub index: u64,
    /// The term of the entry there.
    pub term: u64,
    /// The state machine.
    pub machine: M,
    /// The client sessions, without which a retried command would be applied again.
    #[serde(default = "Sessions::default")]
    pub sessions: Sessions<R>,
}

/// The last snapshot, kept as text to be sent to followers that need it.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub index: u64,
    pub term: u64,
    pub text: Arc<str>,
}

/// What storage amounts to.
pub(crate) struct Stored<S: StateMachine> {
    pub term: u64,
    pub voted_for: Option<NodeId>,
    pub log: Log<S::Command>,
    pub snapshot: Snapshot,
    pub machine: S,
    pub sessions: Sessions<S::Response>,
}

/// Parses a snapshot.
pub(crate) fn parse_state<S: StateMachine>(text: &str) -> Result<State<S::Snapshot, S::Response>, String> {
    serde_json::from_str(text).map_err(|error| format!("snapshot: {error}"))
}

impl<S: StateMachine> Stored<S> {
    /// Reads storage back.
    ///
    /// # Errors
    /// The records are not what this program writes: a gap, a term that goes backwards, a snapshot
    /// that does not parse.
    pub fn recover(disk: Recovered<Record<S::Command>>) -> Result<Self, StartError> {
        let mut stored = Self::from_snapshot(disk.snapshot)?;
        for (place, record) in disk.records.into_iter().enumerate() {
            let done = match record {
                Record::Hard { term, vote } => stored.hard(term, vote),
                Record::Base { index, term } => stored.base(index, term),
                Record::Entries { first, entries } => stored.entries(first, entries),
            };
            done.map_err(|what| StartError::Corrupt(format!("record {}: {what}", place + 1)))?;
        }
        if stored.log.last_index() < stored.snapshot.index {
            stored.log = Log::new(stored.snapshot.index, stored.snapshot.term);
        }
        // A term is stored before anything that was learnt in it, so this changes nothing unless a
        // planted defect left the terms unstored.
        stored.term = stored.term.max(stored.log.last_term());
        Ok(stored)
    }

    fn from_snapshot(snapshot: Option<Vec<u8>>) -> Result<Self, StartError> {
        let empty = Snapshot { index: 0, term: 0, text: Arc::from("") };
        let mut stored = Self {
            term: 0,
            voted_for: None,
            log: Log::new(0, 0),
            snapshot: empty,
            machine: S::default(),
            sessions: Sessions::default(),
        };
        let Some(bytes) = snapshot else { return Ok(stored) };
        let text = String::from_utf8(bytes)
            .map_err(|error| StartError::Corrupt(format!("snapshot: expected UTF-8 text, {error}")))?;
        let state = parse_state::<S>(&text).map_err(StartError::Corrupt)?;
        stored.snapshot = Snapshot { index: state.index, term: state.term, text: Arc::from(text) };
        stored.log = Log::new(state.index, state.term);
        stored.machine = S::restore(state.machine);
        stored.sessions = state.sessions;
        Ok(stored)
    }

    fn hard(&mut self, term: u64, vote: Option<NodeId>) -> Result<(), String> {
        if term < self.term {
            return Err(format!("expected a term of at least {}, found {term}", self.term));
        }
        if term == self.term && self.voted_for.is_some() && vote != self.voted_for {
            return Err(format!("a second vote in term {term}: {vote:?} after {:?}", self.voted_for));
        }
        self.term = term;
        self.voted_for = vote;
        Ok(())
    }

    fn base(&mut self, index: u64, term: u64) -> Result<(), String> {
        let covered = self.snapshot.index;
        if index > covered {
            return Err(format!("the log starts after {index}, but the snapshot ends at {covered}"));
        }
        self.log = Log::new(index, term);
        Ok(())
    }

    fn entries(&mut self, first: u64, entries: Vec<Arc<Entry<S::Command>>>) -> Result<(), String> {
        let (base, last) = (self.log.base_index(), self.log.last_index());
        if first <= base || first > last + 1 {
            return Err(format!("expected entries from {} to {}, found {first}", base + 1, last + 1));
        }
        self.log.truncate(first);
        for entry in entries {
            if entry.term < self.log.last_term() {
                let (last, next) = (self.log.last_term(), self.log.last_index() + 1);
                return Err(format!(
                    "entry {next}: expected a term of at least {last}, found {}",
                    entry.term
                ));
            }
            self.log.push(entry);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::{Register, Swap};

    type R = Record<Swap>;

    fn entries(first: u64, terms: &[u64]) -> R {
        let entries = terms.iter().map(|term| Arc::new(Entry { term: *term, proposal: None })).collect();
        Record::Entries { first, entries }
    }

    fn recover(snapshot: Option<&str>, records: Vec<R>) -> Result<Stored<Register>, String> {
        let disk = Recovered { snapshot: snapshot.map(|text| text.as_bytes().to_vec()), records };
        Stored::recover(disk).map_err(|error| error.to_string())
    }

    const SNAPSHOT: &str = r#"{"index":5,"term":2,"machine":1,"sessions":[]}"#;

    #[test]
    fn later_entries_replace_earlier_ones() {
        let hard = Record::Hard { term: 3, vote: Some(NodeId::new(2)) };
        let stored = recover(None, vec![entries(1, &[1, 1, 1]), hard, entries(2, &[3])]).unwrap();
        assert_eq!((stored.log.last_index(), stored.log.last_term()), (2, 3));
        assert_eq!((stored.term, stored.voted_for), (3, Some(NodeId::new(2))));
    }

    #[test]
    fn the_log_may_reach_behind_the_snapshot() {
        let records = vec![Record::Base { index: 3, term: 1 }, entries(4, &[2, 2, 2])];
        let stored = recover(Some(SNAPSHOT), records).unwrap();
        assert_eq!((stored.log.base_index(), stored.log.last_index(), stored.snapshot.index), (3, 6, 5));
        assert_eq!(recover(Some(SNAPSHOT), vec![]).unwrap().log.last_index(), 5);
    }

    #[test]
    fn what_was_never_written_is_corrupt() {
        let hard = |term, node| Record::Hard { term, vote: Some(NodeId::new(node)) };
        for (snapshot, records, said) in [
            (None, vec![entries(2, &[1])], "record 1: expected entries from 1 to 1, found 2"),
            (None, vec![entries(1, &[2, 1])], "entry 2: expected a term of at least 2, found 1"),
            (None, vec![hard(2, 1), hard(1, 1)], "record 2: expected a term of at least 2"),
            (None, vec![hard(2, 1), hard(2, 3)], "a second vote in term 2"),
            (None, vec![Record::Base { index: 3, term: 1 }], "snapshot ends at 0"),
            (Some(SNAPSHOT), vec![entries(5, &[2])], "expected entries from 6"),
            (Some("{\"index\":5}"), vec![], "missing field"),
        ] {
            let error = recover(snapshot, records).err().unwrap();
            assert!(error.contains(said), "{error}");
        }
    }
}
