//! An ensemble in virtual time. Messages take 1 ms, disks nothing; what is persisted outlives a crash.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ordalia_coordination::{Coordination, Ensemble, Message, Timer};
use ordalia_node::{
    Act, Answer, Effect, Effects, Env, Input, Node, NodeConfig, NodeId, Recovered, Refusal, Request, Ticket,
    Time,
};

type Record = <Coordination as Node>::Record;

const LATENCY: Duration = Duration::from_millis(1);

struct Server {
    config: NodeConfig,
    node: Option<Coordination>,
    env: Env,
    disk: Recovered<Record>,
    lives: u64,
    is_paused: bool,
    /// What a paused node will find when it goes on.
    kept: Vec<Input<Coordination>>,
}

enum Due {
    Deliver { from: NodeId, to: NodeId, message: Box<Message> },
    Timer { node: NodeId, timer: Timer, life: u64, set: u64 },
}

/// What reaches those who are no members.
pub enum Heard {
    Message { from: NodeId, to: NodeId, message: Box<Message> },
    Reply { node: NodeId, ticket: Ticket, result: Result<Answer, Refusal> },
    Trace { node: NodeId, event: &'static str, detail: String },
    Act { act: Act },
}

/// The ensemble and its network.
pub struct Network {
    servers: BTreeMap<NodeId, Server>,
    queue: BTreeMap<(Time, u64), Due>,
    timers: BTreeMap<(NodeId, Timer), u64>,
    cut: BTreeSet<(NodeId, NodeId)>,
    pub now: Time,
    count: u64,
    pub heard: Vec<(Time, Heard)>,
}

impl Network {
    pub fn new(count: u16, options: &[(&str, &str)], bugs: &[&str]) -> Self {
        let (servers, queue, timers) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (cut, now) = (BTreeSet::new(), Time::ZERO);
        let mut network = Self { servers, queue, timers, cut, now, count: 0, heard: Vec::new() };
        for id in NodeId::all(count) {
            let config = NodeConfig {
                id,
                nodes: NodeId::all(count),
                options: options.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
                bugs: bugs.iter().map(|bug| (*bug).into()).collect(),
            };
            let (env, disk) = (Env::new(0), Recovered::default());
            let server =
                Server { config, node: None, env, disk, lives: 0, is_paused: false, kept: Vec::new() };
            network.servers.insert(id, server);
            network.boot(id);
        }
        network
    }

    pub fn member(&self, id: NodeId) -> Option<&Ensemble> {
        self.servers[&id].node.as_ref()?.member()
    }

    /// The node that leads in the highest term.
    pub fn leader(&self) -> Option<NodeId> {
        let leads = |id: &NodeId| {
            Some((self.member(*id)?.raft().term(), *id)).filter(|_| {
                self.member(*id).is_some_and(|member| member.raft().is_leader())
                    && !self.servers[id].is_paused
            })
        };
        self.servers.keys().filter_map(leads).max().map(|(_, id)| id)
    }

    pub fn boot(&mut self, id: NodeId) {
        let server = self.servers.get_mut(&id).unwrap();
        server.lives += 1;
        server.env = Env::new(u64::from(id.number()) << 8 | server.lives);
        server.env.set_now(self.now);
        let mut out = Effects::new();
        let node = Coordination::start(&server.config, server.disk.clone(), &mut server.env, &mut out);
        server.node = Some(node.unwrap());
        self.carry_out(id, out);
    }

    pub fn crash(&mut self, id: NodeId) {
        let server = self.servers.get_mut(&id).unwrap();
        server.node = None;
        server.lives += 1;
        server.kept.clear();
        server.is_paused = false;
        self.timers.retain(|(node, _), _| *node != id);
    }

    pub fn pause(&mut self, id: NodeId) {
        self.servers.get_mut(&id).unwrap().is_paused = true;
    }

    pub fn resume(&mut self, id: NodeId) {
        let server = self.servers.get_mut(&id).unwrap();
        server.is_paused = false;
        for input in std::mem::take(&mut server.kept) {
            self.input(id, input);
        }
    }

    /// Cuts a node off from the other nodes, or only from one of them; those outside still reach it.
    pub fn cut(&mut self, id: NodeId, from: Option<NodeId>) {
        for other in self.servers.keys().filter(|other| from.is_none_or(|from| **other == from)) {
            self.cut.insert((id, *other));
            self.cut.insert((*other, id));
        }
    }

    pub fn heal(&mut self) {
        self.cut.clear();
    }

    /// Lets time pass.
    pub fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((at, _), due) = entry.remove_entry();
            self.now = at;
            match due {
                Due::Deliver { from, to, message } => self.deliver(from, to, message),
                Due::Timer { node, timer, life, set } => {
                    if self.servers[&node].lives == life && self.timers.get(&(node, timer)) == Some(&set) {
                        self.input(node, Input::Timer(timer));
                    }
                }
            }
        }
        self.now = end;
    }

    /// Somebody outside sends to a node.
    pub fn send(&mut self, from: NodeId, to: NodeId, message: Message) {
        let message = Box::new(message);
        self.later(LATENCY, Due::Deliver { from, to, message });
    }

    /// A client asks.
    pub fn ask(&mut self, id: NodeId, ticket: Ticket, request: Request) {
        self.input(id, Input::Request { ticket, request });
    }

    fn later(&mut self, after: Duration, due: Due) {
        self.count += 1;
        self.queue.insert((self.now + after, self.count), due);
    }

    fn deliver(&mut self, from: NodeId, to: NodeId, message: Box<Message>) {
        if !self.servers.contains_key(&to) {
            self.heard.push((self.now, Heard::Message { from, to, message }));
        } else if !self.cut.contains(&(from, to)) {
            // By way of JSON, as in a real process.
            let text = serde_json::to_string(&message).unwrap();
            let message = serde_json::from_str(&text).unwrap();
            self.input(to, Input::Message { from, message });
        }
    }

    fn input(&mut self, id: NodeId, input: Input<Coordination>) {
        let server = self.servers.get_mut(&id).unwrap();
        if server.is_paused {
            return server.kept.push(input);
        }
        let Some(node) = &mut server.node else { return };
        server.env.set_now(self.now);
        let mut out = Effects::new();
        node.step(input, &mut server.env, &mut out);
        self.carry_out(id, out);
    }

    fn carry_out(&mut self, id: NodeId, mut out: Effects<Coordination>) {
        for effect in out.take() {
            let disk = &mut self.servers.get_mut(&id).unwrap().disk;
            match effect {
                Effect::Send { to, message } => {
                    let message = Box::new(message);
                    self.later(LATENCY, Due::Deliver { from: id, to, message });
                }
                Effect::Reply { ticket, result } => {
                    self.heard.push((self.now, Heard::Reply { node: id, ticket, result }));
                }
                Effect::SetTimer { timer, after } => {
                    let (life, set) = (self.servers[&id].lives, self.count);
                    self.timers.insert((id, timer), set);
                    self.later(after, Due::Timer { node: id, timer, life, set });
                }
                Effect::Persist(record) | Effect::WriteBehind(record) => disk.records.push(record),
                Effect::Snapshot { state, records } => {
                    *disk = Recovered { snapshot: Some(state), records };
                }
                Effect::Trace { event, detail } => {
                    self.heard.push((self.now, Heard::Trace { node: id, event, detail }));
                }
                Effect::Act(act) => self.heard.push((self.now, Heard::Act { act })),
                _ => {}
            }
        }
    }
}
