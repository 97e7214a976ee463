//! A small node for tests: a key-value map that tells its peers of every write.
//!
//! A write is persisted and then answered and told to all peers; a delete is written behind and
//! answered at once; a transfer takes a snapshot. Writing a number to the key `tick` sets a timer of
//! so many milliseconds, and deleting that key cancels it. Writing to `panic` panics.

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_node::{
    Answer, Effects, Env, ErrorCode, Input, Key, Node, NodeConfig, NodeId, NodeInfo, Recovered, Refusal,
    Request, StartError, Status, Ticket, Value,
};
use serde::{Deserialize, Serialize};

type Map = BTreeMap<String, Value>;

#[derive(Debug)]
pub struct Ledger {
    peers: Vec<NodeId>,
    map: Map,
    /// What peers told, by peer and key.
    heard: Map,
    ticks: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Told {
    Wrote { key: String, value: Value },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    Set(String, Value),
    Unset(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick;

impl Node for Ledger {
    type Message = Told;
    type Record = Entry;
    type Timer = Tick;

    const INFO: NodeInfo =
        NodeInfo { name: "ledger", about: "a map for tests", answers: &[], options: &[], bugs: &[] };

    fn start(
        config: &NodeConfig,
        disk: Recovered<Entry>,
        _: &mut Env,
        _: &mut Effects<Self>,
    ) -> Result<Self, StartError> {
        let map = disk.snapshot.map_or(Ok(Map::new()), |state| serde_json::from_slice(&state));
        let map = map.map_err(|error| StartError::Corrupt(error.to_string()))?;
        let mut ledger = Ledger { peers: config.peers().collect(), map, heard: Map::new(), ticks: 0 };
        for entry in disk.records {
            ledger.apply(entry);
        }
        Ok(ledger)
    }

    fn step(&mut self, input: Input<Self>, _: &mut Env, out: &mut Effects<Self>) {
        match input {
            Input::Message { from, message: Told::Wrote { key, value } } => {
                self.heard.insert(format!("{from}:{key}"), value);
            }
            Input::Request { ticket, request } => self.handle(ticket, request, out),
            Input::Timer(Tick) => self.ticks += 1,
            Input::Posted { .. } => {}
        }
    }

    fn status(&self) -> Status {
        let fields = [("ticks".to_owned(), self.ticks.into())].into_iter().chain(self.heard.clone());
        Status { role: "ledger".into(), term: None, leader: None, fields: fields.collect() }
    }
}

impl Ledger {
    fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Set(key, value) => drop(self.map.insert(key, value)),
            Entry::Unset(key) => drop(self.map.remove(&key)),
        }
    }

    fn handle(&mut self, ticket: Ticket, request: Request, out: &mut Effects<Self>) {
        match request {
            Request::Read { key: Key(key) } => {
                let absent = Refusal::new(ErrorCode::KeyDoesNotExist, &key);
                let value = self.map.get(&key).cloned();
                out.reply(ticket, value.map(|value| Answer::ReadOk { value }).ok_or(absent));
            }
            Request::Write { key: Key(key), value } => self.write(ticket, &key, &value, out),
            Request::Delete { key: Key(key) } => {
                if key == "tick" {
                    out.cancel_timer(Tick);
                }
                self.apply(Entry::Unset(key.clone()));
                out.write_behind(Entry::Unset(key));
                out.reply(ticket, Ok(Answer::DeleteOk));
            }
            Request::Transfer { .. } => {
                let state = serde_json::to_vec(&self.map).expect("a map of text has a JSON form");
                out.snapshot(state, Vec::new());
                out.reply(ticket, Ok(Answer::TransferOk));
            }
            Request::Cas { .. } | Request::Coordination(_) | Request::Recipe(_) => {}
        }
    }

    fn write(&mut self, ticket: Ticket, key: &str, value: &Value, out: &mut Effects<Self>) {
        assert!(key != "panic", "as asked");
        if key == "tick" {
            out.set_timer(Tick, Duration::from_millis(value.as_u64().unwrap_or(0)));
        }
        let entry = Entry::Set(key.to_owned(), value.clone());
        self.apply(entry.clone());
        out.persist(entry);
        out.reply(ticket, Ok(Answer::WriteOk));
        for peer in &self.peers {
            out.send(*peer, Told::Wrote { key: key.to_owned(), value: value.clone() });
        }
    }
}
