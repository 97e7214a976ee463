//! A node that writes down every request and pings its peers, and a workload that asks it to.

use std::time::Duration;

use ordalia_checker::Checker;
use ordalia_node::{
    Answer, Effects, Env, Input, Key, Node, NodeConfig, NodeId, NodeInfo, Recovered, Request, RequestKind,
    StartError, Status,
};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, generators};
use serde::{Deserialize, Serialize};

const PING: Duration = Duration::from_millis(10);

/// How many pings make an election, and how many records a snapshot.
const PINGS: u64 = 50;
const RECORDS: usize = 40;

#[derive(Debug)]
pub struct Toy {
    peers: Vec<NodeId>,
    is_first: bool,
    pings: u64,
    records: Vec<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Message {
    Ping,
    Written,
}

impl Node for Toy {
    type Message = Message;
    type Record = u64;
    type Timer = u8;

    const INFO: NodeInfo = NodeInfo {
        name: "toy",
        about: "a counter for tests",
        answers: &[RequestKind::Write],
        options: &[],
        bugs: &[],
    };

    fn start(
        config: &NodeConfig,
        disk: Recovered<u64>,
        _env: &mut Env,
        out: &mut Effects<Self>,
    ) -> Result<Self, StartError> {
        out.set_timer(0, PING);
        let peers = config.peers().collect();
        Ok(Self { peers, is_first: config.id == config.nodes[0], pings: 0, records: disk.records })
    }

    fn step(&mut self, input: Input<Self>, _env: &mut Env, out: &mut Effects<Self>) {
        match input {
            Input::Message { .. } | Input::Posted { .. } => {}
            Input::Timer(_) => self.ping(out),
            Input::Request { ticket, .. } => {
                let record = self.records.last().map_or(1, |last| last + 1);
                self.records.push(record);
                if self.records.len() >= RECORDS {
                    self.records = vec![record];
                    out.trace("snapshot", "");
                    out.snapshot(Vec::new(), self.records.clone());
                } else {
                    out.persist(record);
                }
                out.trace("append", record.to_string());
                self.peers.iter().for_each(|peer| out.send(*peer, Message::Written));
                out.reply(ticket, Ok(Answer::WriteOk));
            }
        }
    }

    fn status(&self) -> Status {
        let role = if self.is_first { "leader" } else { "follower" };
        Status { role: role.to_owned(), ..Status::default() }
    }
}

impl Toy {
    fn ping(&mut self, out: &mut Effects<Self>) {
        self.pings += 1;
        out.set_timer(0, PING);
        if self.pings.is_multiple_of(PINGS) {
            out.trace("become-candidate", "");
        }
        self.peers.iter().for_each(|peer| out.send(*peer, Message::Ping));
    }
}

/// Writes, one every few milliseconds.
pub struct Writes;

impl Writes {
    fn every(gap_ns: u64) -> impl Generator {
        let op = |number: u64| Op { f: "write", key: None, value: number.into() };
        generators::delay(gap_ns, generators::ops((0..).map(op)))
    }
}

impl Workload for Writes {
    fn name(&self) -> &'static str {
        "writes"
    }

    fn asks(&self) -> &'static [RequestKind] {
        &[RequestKind::Write]
    }

    fn load(&self) -> Box<dyn Generator> {
        Box::new(Self::every(3_000_000))
    }

    fn closing(&self, _invoked: u64) -> Box<dyn Generator> {
        Box::new(generators::limit(50, Self::every(3_000_000)))
    }

    fn request(&self, op: &Op) -> Request {
        Request::Write { key: Key::new("x"), value: op.value.clone() }
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        match reply {
            Reply::Answer(Answer::WriteOk) => Completion::ok(op.value.clone()),
            reply => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        Vec::new()
    }
}
