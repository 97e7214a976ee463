//! A node around the core that has a timer, a message and a command of its own.

use std::collections::{BTreeMap, BTreeSet};

use ordalia_node::{
    Answer, Effects, Env, Input, Key, Node, NodeConfig, NodeInfo, Recovered, Request, StartError, Status,
};
use ordalia_raft::bugs::{self, Bugs};
use ordalia_raft::message::{self, Op, Outcome};
use ordalia_raft::{Action, Cx, Event, Raft, Record, StateMachine, options};
use serde::{Deserialize, Serialize};

/// Counts the commands for each key.
#[derive(Clone, Debug, Default)]
pub struct Counts(pub BTreeMap<Key, u64>);

impl StateMachine for Counts {
    type Command = Key;
    type Query = Key;
    type Response = u64;
    type Snapshot = BTreeMap<Key, u64>;

    const REPORTS_READS: bool = true;

    fn apply(&mut self, key: &Key) -> u64 {
        let count = self.0.entry(key.clone()).or_default();
        *count += 1;
        *count
    }

    fn query(&self, key: &Key) -> u64 {
        self.0.get(key).copied().unwrap_or(0)
    }

    fn leads_always(key: &Key) -> bool {
        key.0 == "led"
    }

    fn snapshot(&self) -> BTreeMap<Key, u64> {
        self.0.clone()
    }

    fn restore(counts: BTreeMap<Key, u64>) -> Self {
        Self(counts)
    }

    fn weight(key: &Key) -> usize {
        key.0.len()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    Raft(ordalia_raft::Timer),
    /// Counts one for `own`, if this node leads.
    Own,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Message {
    Raft(message::Message<Counts>),
    Own(Greeting),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Greeting {
    Hello { name: String },
}

#[derive(Debug)]
pub struct Wrapping {
    pub raft: Raft<Counts>,
    /// The reads reported as served.
    pub served: Vec<Key>,
    pub greetings: BTreeSet<String>,
}

impl Wrapping {
    fn feed(&mut self, event: Event<Counts>, env: &mut Env, out: &mut Effects<Self>) {
        let mut actions = Vec::new();
        self.raft.step(event, &mut Cx::new(env, &mut actions));
        for action in actions {
            match action {
                Action::Served(key) => self.served.push(key),
                other => carry_out(other, out),
            }
        }
    }
}

impl Node for Wrapping {
    type Message = Message;
    type Record = Record<Key>;
    type Timer = Timer;

    const INFO: NodeInfo = NodeInfo {
        name: "wrapping",
        about: "a node around the core",
        answers: &[],
        options: options::INFO,
        bugs: bugs::INFO,
    };

    fn start(
        config: &NodeConfig,
        disk: Recovered<Record<Key>>,
        env: &mut Env,
        out: &mut Effects<Self>,
    ) -> Result<Self, StartError> {
        let settings = options::parse(&config.options, Bugs::parse(&config.bugs)?)?;
        let mut actions = Vec::new();
        let mut cx = Cx::new(env, &mut actions);
        let raft = Raft::start(config.id, config.peers().collect(), settings, disk, &mut cx)?;
        actions.into_iter().for_each(|action| carry_out(action, out));
        Ok(Self { raft, served: Vec::new(), greetings: BTreeSet::new() })
    }

    fn step(&mut self, input: Input<Self>, env: &mut Env, out: &mut Effects<Self>) {
        let event = match input {
            Input::Message { from, message: Message::Raft(message) } => Event::Message(from, message),
            Input::Message { message: Message::Own(Greeting::Hello { name }), .. } => {
                self.greetings.insert(name);
                return;
            }
            Input::Timer(Timer::Raft(timer)) => Event::Timer(timer),
            Input::Timer(Timer::Own) => Event::Own(Key::new("own")),
            Input::Request { ticket, request: Request::Read { key } } => {
                Event::Request(ticket, Op::Query(key))
            }
            Input::Request { ticket, request: Request::Write { key, .. } } => {
                Event::Request(ticket, Op::Command(key))
            }
            Input::Request { ticket, request: Request::Transfer { to } } => {
                Event::Request(ticket, Op::Transfer(to))
            }
            Input::Request { .. } | Input::Posted { .. } => return,
        };
        self.feed(event, env, out);
    }

    fn status(&self) -> Status {
        self.raft.status()
    }
}

fn carry_out(action: Action<Counts>, out: &mut Effects<Wrapping>) {
    match action {
        Action::Send(to, message) => out.send(to, Message::Raft(message)),
        Action::Reply(ticket, Outcome::Response(count)) => {
            out.reply(ticket, Ok(Answer::ReadOk { value: count.into() }));
        }
        Action::SetTimer(timer, after) => out.set_timer(Timer::Raft(timer), after),
        Action::Persist(record) => out.persist(record),
        Action::WriteBehind(record) => out.write_behind(record),
        Action::Snapshot(state, records) => out.snapshot(state, records),
        Action::Trace(event, detail) => out.trace(event, detail),
        Action::Reply(..) | Action::Refuse(..) | Action::Served(_) => {}
    }
}
