//! The cluster that a scenario commands, step by step.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::time::Duration;

use ordalia_node::{Effect, Input, Key, Node, NodeId, Request, Ticket, Time, Value};
use ordalia_raft::Timer;
use ordalia_raft_kv::RaftKv;

use super::show;
use crate::network::{Server, config};

type Message = <RaftKv as Node>::Message;

#[derive(Default)]
pub struct Stage {
    servers: BTreeMap<NodeId, Server>,
    links: BTreeMap<(NodeId, NodeId), VecDeque<Message>>,
    cut: BTreeSet<(NodeId, NodeId)>,
    held: BTreeSet<NodeId>,
    timers: BTreeMap<(NodeId, Timer), Time>,
    now: Time,
    tickets: u64,
    pub transcript: String,
}

fn node(word: &str) -> NodeId {
    word.parse().unwrap()
}

fn value(word: &str) -> Value {
    serde_json::from_str(word).unwrap()
}

impl Stage {
    pub fn note(&mut self, line: &str) {
        writeln!(self.transcript, "{line}").unwrap();
    }

    pub fn command(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["cluster", count, ref settings @ ..] => self.cluster(count.parse().unwrap(), settings),
            ["tick", id] => self.tick(node(id)),
            ["heartbeat", id] => self.fire_after(node(id), Timer::Heartbeat, 50),
            ["retry", id] => self.fire_after(node(id), Timer::Gateway, 300),
            ["wait", ms] => self.now = self.now + Duration::from_millis(ms.parse().unwrap()),
            ["deliver"] => self.deliver_all(),
            ["deliver", from, to] => self.deliver_link(node(from), node(to)),
            ["lose", from, to] => self.links.entry((node(from), node(to))).or_default().clear(),
            ["partition", ref sides @ ..] => self.partition(sides),
            ["heal"] => self.cut.clear(),
            ["hold", id] => {
                self.held.insert(node(id));
            }
            ["sync", id] => {
                self.held.remove(&node(id));
                self.sync(node(id));
            }
            ["crash", id] => {
                let id = node(id);
                self.timers.retain(|(owner, _), _| *owner != id);
                self.links.retain(|(from, to), _| *from != id && *to != id);
                self.servers.get_mut(&id).unwrap().crash();
            }
            ["restart", id] => self.boot(node(id)),
            ["status"] => self.status(),
            ["write", id, key, to] => {
                self.ask(node(id), Request::Write { key: Key::new(key), value: value(to) });
            }
            ["writes", id, key, from, to] => {
                for number in from.parse::<u64>().unwrap()..=to.parse().unwrap() {
                    let write = Request::Write { key: Key::new(key), value: number.into() };
                    self.ask(node(id), write);
                }
            }
            ["cas", id, key, from, to] => {
                let (from, to) = (value(from), value(to));
                let cas = Request::Cas { key: Key::new(key), from, to, create_if_not_exists: false };
                self.ask(node(id), cas);
            }
            ["read", id, key] => self.ask(node(id), Request::Read { key: Key::new(key) }),
            ["delete", id, key] => self.ask(node(id), Request::Delete { key: Key::new(key) }),
            ["transfer", id, to] => self.ask(node(id), Request::Transfer { to: Some(node(to)) }),
            _ => panic!("unknown command {line:?}"),
        }
    }

    fn cluster(&mut self, count: u16, settings: &[&str]) {
        let pairs: Vec<_> = settings.iter().map(|word| word.split_once('=').unwrap()).collect();
        let (bugs, options): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| *name == "bug");
        let bugs: Vec<_> = bugs.into_iter().map(|(_, bug)| bug).collect();
        for id in NodeId::all(count) {
            self.servers.insert(id, Server::new(config(id, count, &options, &bugs)));
            self.boot(id);
        }
    }

    fn boot(&mut self, id: NodeId) {
        let now = self.now;
        let effects = self.servers.get_mut(&id).unwrap().boot(1, now);
        self.carry_out(id, effects);
    }

    fn input(&mut self, id: NodeId, input: Input<RaftKv>) {
        let effects = self.servers.get_mut(&id).unwrap().input(input, self.now);
        self.carry_out(id, effects);
        if !self.held.contains(&id) {
            self.sync(id);
        }
    }

    fn sync(&mut self, id: NodeId) {
        let effects = self.servers.get_mut(&id).unwrap().sync();
        self.carry_out(id, effects);
    }

    fn carry_out(&mut self, id: NodeId, effects: Vec<Effect<RaftKv>>) {
        for effect in effects {
            match effect {
                Effect::Send { to, message } if !self.cut.contains(&(id, to)) => {
                    self.links.entry((id, to)).or_default().push_back(message);
                }
                Effect::Reply { ticket, result } => {
                    let line = format!("{id} answers request {}: {}", ticket.0, show::result(&result));
                    self.note(&line);
                }
                Effect::SetTimer { timer, after } => {
                    self.timers.insert((id, timer), self.now + after);
                }
                Effect::Trace { event, detail } => self.note(&format!("{id} {event}: {detail}")),
                _ => {}
            }
        }
    }

    /// Fires the election timer when it is due, again if it was only put off.
    fn tick(&mut self, id: NodeId) {
        for _ in 0..2 {
            let before = self.transcript.len();
            let Some(due) = self.timers.remove(&(id, Timer::Election)) else { return };
            self.now = self.now.max(due);
            self.input(id, Input::Timer(Timer::Election));
            if self.transcript.len() > before {
                return;
            }
        }
    }

    fn fire_after(&mut self, id: NodeId, timer: Timer, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
        self.input(id, Input::Timer(timer));
    }

    fn deliver_all(&mut self) {
        for _ in 0..1000 {
            let waiting = self.links.iter().filter(|(_, queue)| !queue.is_empty());
            let links: Vec<_> = waiting.map(|(link, _)| *link).collect();
            if links.is_empty() {
                return;
            }
            for (from, to) in links {
                self.deliver_one(from, to);
            }
        }
        panic!("the network does not come to rest");
    }

    fn deliver_link(&mut self, from: NodeId, to: NodeId) {
        for _ in 0..self.links.get(&(from, to)).map_or(0, VecDeque::len) {
            self.deliver_one(from, to);
        }
    }

    /// By way of JSON, as in a real process.
    fn deliver_one(&mut self, from: NodeId, to: NodeId) {
        let Some(message) = self.links.get_mut(&(from, to)).and_then(VecDeque::pop_front) else { return };
        let text = serde_json::to_string(&message).unwrap();
        let message: Message = serde_json::from_str(&text).unwrap();
        if self.servers[&to].node.is_some() {
            self.note(&format!("{from} -> {to} {}", show::message(&message)));
            self.input(to, Input::Message { from, message });
        }
    }

    fn partition(&mut self, words: &[&str]) {
        let sides: Vec<BTreeSet<NodeId>> =
            words.split(|word| *word == "/").map(|side| side.iter().map(|id| node(id)).collect()).collect();
        for from in self.servers.keys() {
            for to in self.servers.keys() {
                if !sides.iter().any(|side| side.contains(from) && side.contains(to)) {
                    self.cut.insert((*from, *to));
                }
            }
        }
    }

    fn ask(&mut self, id: NodeId, request: Request) {
        self.tickets += 1;
        self.input(id, Input::Request { ticket: Ticket(self.tickets), request });
    }

    fn status(&mut self) {
        let mut lines = Vec::new();
        for (id, server) in &self.servers {
            let Some(node) = &server.node else {
                lines.push(format!("{id} is down"));
                continue;
            };
            let raft = node.raft();
            let base = raft.log().base_index();
            let log: Vec<_> = raft.log().after(base).map(|entry| show::entry(entry)).collect();
            let last = raft.log().last_index();
            let log = if log.len() > 8 { format!("{} to {last}", base + 1) } else { log.join(", ") };
            lines.push(format!(
                "{id} {} t{} commit {} applied {} snapshot {} log [{log}]",
                raft.role_name(),
                raft.term(),
                raft.commit_index(),
                raft.applied_index(),
                raft.snapshot_index(),
            ));
        }
        for line in lines {
            self.note(&line);
        }
    }
}
