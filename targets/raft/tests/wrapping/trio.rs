//! Three nodes and a network that delivers at once, but not to and from a node that is cut off.

use std::collections::VecDeque;
use std::time::Duration;

use ordalia_node::{
    Answer, Effect, Effects, Env, Input, Key, Node, NodeConfig, NodeId, Recovered, Request, Ticket, Time,
    Value,
};

use crate::node::{Message, Timer, Wrapping};

pub struct Trio {
    pub nodes: Vec<Wrapping>,
    env: Env,
    now: Time,
    pub cut_off: Option<usize>,
    queue: VecDeque<(usize, usize, String)>,
    tickets: u64,
    /// What was answered, in order.
    pub answers: Vec<Value>,
}

impl Trio {
    /// The first node leads.
    pub fn new(reads: &str) -> Self {
        let mut trio = Self {
            nodes: Vec::new(),
            env: Env::new(1),
            now: Time::ZERO,
            cut_off: None,
            queue: VecDeque::new(),
            tickets: 0,
            answers: Vec::new(),
        };
        for id in NodeId::all(3) {
            let options = [("reads".to_owned(), reads.to_owned())].into();
            let config = NodeConfig { id, nodes: NodeId::all(3), options, bugs: [].into() };
            let mut out = Effects::new();
            let node = Wrapping::start(&config, Recovered::default(), &mut trio.env, &mut out).unwrap();
            trio.nodes.push(node);
        }
        trio.campaign(0);
        trio
    }

    /// Has a node win an election, once nobody stands by an earlier leader.
    pub fn campaign(&mut self, node: usize) {
        self.wait(1000);
        self.fire(node, Timer::Raft(ordalia_raft::Timer::Election));
        assert!(self.nodes[node].raft.is_leader());
    }

    pub fn wait(&mut self, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
    }

    pub fn fire(&mut self, node: usize, timer: Timer) {
        self.input(node, Input::Timer(timer));
    }

    /// Heartbeats, which also tell the followers what is committed.
    pub fn beat(&mut self, node: usize) {
        self.wait(50);
        self.fire(node, Timer::Raft(ordalia_raft::Timer::Heartbeat));
    }

    pub fn read(&mut self, node: usize, key: &str) {
        self.request(node, Request::Read { key: Key::new(key) });
    }

    pub fn count(&mut self, node: usize, key: &str) {
        self.request(node, Request::Write { key: Key::new(key), value: Value::Null });
    }

    pub fn transfer(&mut self, node: usize, to: usize) {
        self.request(node, Request::Transfer { to: Some(NodeId::all(3)[to]) });
    }

    fn request(&mut self, node: usize, request: Request) {
        self.tickets += 1;
        self.input(node, Input::Request { ticket: Ticket(self.tickets), request });
    }

    /// What each node has applied for a key.
    pub fn counts(&self, key: &str) -> Vec<u64> {
        let count = |node: &Wrapping| node.raft.machine().0.get(&Key::new(key)).copied();
        self.nodes.iter().map(|node| count(node).unwrap_or(0)).collect()
    }

    fn input(&mut self, node: usize, input: Input<Wrapping>) {
        self.step(node, input);
        while let Some((from, to, text)) = self.queue.pop_front() {
            let message: Message = serde_json::from_str(&text).unwrap();
            self.step(to, Input::Message { from: NodeId::all(3)[from], message });
        }
    }

    fn step(&mut self, node: usize, input: Input<Wrapping>) {
        let mut out = Effects::new();
        self.env.set_now(self.now);
        self.nodes[node].step(input, &mut self.env, &mut out);
        for effect in out.drain() {
            match effect {
                Effect::Send { to, message } if ![Some(node), Some(to.index())].contains(&self.cut_off) => {
                    self.queue.push_back((node, to.index(), serde_json::to_string(&message).unwrap()));
                }
                Effect::Reply { result: Ok(Answer::ReadOk { value }), .. } => self.answers.push(value),
                _ => {}
            }
        }
    }
}
