//! A node that does what it is told.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use ordalia_node::{
    Act, ActKind, Answer, Effects, Env, ErrorCode, Input, Key, Node, NodeConfig, NodeId, NodeInfo, Recovered,
    Refusal, Request, StartError, Status, Ticket, Time,
};
use serde::{Deserialize, Serialize};

/// The option that holds, as JSON, what a probe does when it starts.
pub(crate) const ON_START: &str = "on-start";

/// One thing that a probe does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// Persists a record.
    Persist(u64),
    /// Writes a record behind.
    WriteBehind(u64),
    /// Takes a snapshot, with the records that remain.
    Snapshot(u64, Vec<u64>),
    /// Sends a word to a node.
    Send(NodeId, u64),
    /// Answers the request that told it to; nothing otherwise.
    Reply,
    /// Refuses it.
    Refuse,
    /// Answers a ticket that it was once given, or never.
    ReplyTo(u64),
    /// Sets a timer to run out after so many microseconds, and what to do then.
    SetTimer(char, u64, Script),
    /// Cancels a timer.
    Cancel(char),
    /// Adds to the history: a lane, and whether the operation begins or is ok.
    Act(u16, bool),
    /// Posts something under that number.
    Post(u64),
    /// Panics.
    Panic,
}

/// What a probe does at one input, in order.
pub type Script = Vec<Deed>;

/// What probes say to each other. Its `Debug` is the word alone.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename = "told")]
pub struct Told {
    /// A word that tells messages apart.
    pub word: u64,
    /// What the receiver does.
    pub script: Script,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.word)
    }
}

/// The node. Its status holds under [`SEEN`](Probe::SEEN) all that it was handed in this life, in order.
#[derive(Debug)]
pub struct Probe {
    started: Time,
    seen: Vec<String>,
    /// What to do when a timer runs out.
    then: BTreeMap<char, Script>,
}

impl Probe {
    /// The field of its status that lists its inputs.
    pub const SEEN: &str = "seen";

    /// Where it posts to, and nobody listens.
    pub const URL: &str = "http://nowhere/";

    /// The request that has a probe carry out a script; `name` tells requests apart.
    ///
    /// # Panics
    /// If the script has no JSON form, and each has.
    pub fn request(name: u64, script: &Script) -> Request {
        let value = serde_json::to_value(script).expect("a script has a JSON form");
        Request::Write { key: Key(name.to_string()), value }
    }

    fn act(&mut self, script: Script, ticket: Option<Ticket>, out: &mut Effects<Self>) {
        for deed in script {
            match deed {
                Deed::Persist(record) => out.persist(record),
                Deed::WriteBehind(record) => out.write_behind(record),
                Deed::Snapshot(state, records) => out.snapshot(state.to_string().into_bytes(), records),
                Deed::Send(to, word) => out.send(to, Told { word, script: Script::new() }),
                Deed::Reply => ticket.into_iter().for_each(|ticket| out.reply(ticket, Ok(Answer::WriteOk))),
                Deed::Refuse => {
                    let refusal = || Refusal::new(ErrorCode::Abort, "as told");
                    ticket.into_iter().for_each(|ticket| out.reply(ticket, Err(refusal())));
                }
                Deed::ReplyTo(ticket) => out.reply(Ticket(ticket), Ok(Answer::WriteOk)),
                Deed::SetTimer(timer, after_us, then) => {
                    self.then.insert(timer, then);
                    out.set_timer(timer, Duration::from_micros(after_us));
                }
                Deed::Cancel(timer) => out.cancel_timer(timer),
                Deed::Act(lane, begins) => {
                    let kind = if begins { ActKind::Invoke } else { ActKind::Ok };
                    out.act(Act::new(lane, kind, "deed", 7));
                }
                Deed::Post(call) => out.post(call, Self::URL, 7.into(), Duration::from_secs(3_600)),
                Deed::Panic => panic!("as told"),
            }
        }
    }
}

impl Node for Probe {
    type Message = Told;
    type Record = u64;
    type Timer = char;

    const INFO: NodeInfo =
        NodeInfo { name: "probe", about: "does what it is told", answers: &[], options: &[], bugs: &[] };

    fn start(
        config: &NodeConfig,
        disk: Recovered<u64>,
        env: &mut Env,
        out: &mut Effects<Self>,
    ) -> Result<Self, StartError> {
        let started = env.now();
        let seen = vec![format!("start with {}", crate::durable(&disk))];
        let mut probe = Self { started, seen, then: BTreeMap::new() };
        if let Some(script) = config.options.get(ON_START) {
            let script = serde_json::from_str(script);
            probe.act(script.map_err(|error| StartError::Config(error.to_string()))?, None, out);
        }
        Ok(probe)
    }

    fn step(&mut self, input: Input<Self>, env: &mut Env, out: &mut Effects<Self>) {
        match input {
            Input::Message { from, message: Told { word, script } } => {
                self.seen.push(format!("{word} from {from}"));
                self.act(script, None, out);
            }
            Input::Request { ticket, request } => {
                let Request::Write { key, value } = request else { return };
                self.seen.push(format!("request {key}"));
                self.act(serde_json::from_value(value).unwrap_or_default(), Some(ticket), out);
            }
            Input::Timer(timer) => {
                let at_us = env.now().since(self.started).as_micros();
                self.seen.push(format!("timer {timer} at {at_us}"));
                let script = self.then.get(&timer).cloned().unwrap_or_default();
                self.act(script, None, out);
            }
            Input::Posted { call, outcome } => self.seen.push(format!("post {call}: {outcome:?}")),
        }
    }

    fn status(&self) -> Status {
        let fields = [(Self::SEEN.to_owned(), self.seen.clone().into())];
        Status { role: "probe".to_owned(), fields: fields.into_iter().collect(), ..Status::default() }
    }
}
