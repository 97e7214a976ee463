//! A cluster under random faults, event by event.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ordalia_node::{
    Answer, Effect, ErrorCode, Input, Key, Node, NodeId, Refusal, Request, Ticket, Time, Value,
};
use ordalia_raft::Raft;
use ordalia_raft_kv::RaftKv;
use ordalia_raft_kv::kv::Kv;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Reference, Server, config};

const NODES: u16 = 5;
const CLIENTS: usize = 6;
const LENGTH_MS: u64 = 4_000;

/// What to run.
pub struct Plan {
    pub seed: u64,
    pub bugs: Vec<&'static str>,
    pub options: Vec<(&'static str, &'static str)>,
}

type Message = <RaftKv as Node>::Message;
type Timer = <RaftKv as Node>::Timer;

enum Event {
    Deliver { from: NodeId, to: NodeId, message: Message },
    Timer { node: NodeId, timer: Timer, generation: u64 },
    Sync { node: NodeId, life: u64 },
    Client(usize),
    Crash,
    Restart(NodeId),
    Partition,
}

/// A read that was answered.
pub struct ReadSeen {
    pub key: Key,
    pub value: Option<Value>,
    /// The last index that was committed before the read began.
    pub floor: usize,
}

struct Asked {
    client: usize,
    request: Request,
    floor: usize,
}

/// The cluster, its clients and its troubles.
pub struct World {
    rng: ChaCha8Rng,
    seed: u64,
    pub servers: BTreeMap<NodeId, Server>,
    lives: BTreeMap<NodeId, u64>,
    generations: BTreeMap<(NodeId, Timer), u64>,
    now: Time,
    queue: BTreeMap<(Time, u64), Event>,
    count: u64,
    cut: BTreeSet<(NodeId, NodeId)>,
    asked: BTreeMap<(NodeId, Ticket), Asked>,
    waits_for: Vec<Option<(NodeId, Ticket, Time)>>,
    tickets: u64,
    values: u64,
    pub reference: Reference,
    pub reads: Vec<ReadSeen>,
    /// Reads since all nodes were last settled; the reference may lag behind them.
    fresh_reads: Vec<ReadSeen>,
    pub answered: usize,
}

impl World {
    pub fn new(plan: &Plan) -> Self {
        let mut options = vec![("election-timeout-ms", "100"), ("snapshot-every", "40")];
        options.extend(&plan.options);
        let server = |id| (id, Server::new(config(id, NODES, &options, &plan.bugs)));
        let mut world = Self {
            rng: ChaCha8Rng::seed_from_u64(plan.seed),
            seed: plan.seed,
            servers: NodeId::all(NODES).into_iter().map(server).collect(),
            lives: BTreeMap::new(),
            generations: BTreeMap::new(),
            now: Time::ZERO,
            queue: BTreeMap::new(),
            count: 0,
            cut: BTreeSet::new(),
            asked: BTreeMap::new(),
            waits_for: vec![None; CLIENTS],
            tickets: 0,
            values: 0,
            reference: Reference::new(),
            reads: Vec::new(),
            fresh_reads: Vec::new(),
            answered: 0,
        };
        for node in NodeId::all(NODES) {
            world.boot(node);
        }
        for client in 0..CLIENTS {
            world.later(300, 400, Event::Client(client));
        }
        world.later(600, 900, Event::Crash);
        world.later(600, 900, Event::Partition);
        world
    }

    fn later(&mut self, least_ms: u64, most_ms: u64, event: Event) {
        let micros = self.rng.random_range(least_ms * 1000..=most_ms * 1000);
        self.at(self.now + Duration::from_micros(micros), event);
    }

    fn at(&mut self, time: Time, event: Event) {
        self.count += 1;
        self.queue.insert((time, self.count), event);
    }

    /// Handles the next event. The node that it concerned, or nothing at the end.
    pub fn step(&mut self) -> Option<Option<NodeId>> {
        let ((time, _), event) = self.queue.pop_first()?;
        if time.since(Time::ZERO) > Duration::from_millis(LENGTH_MS) {
            return None;
        }
        self.now = time;
        let node = self.handle(event);
        if let Some(node) = node {
            self.observe(node);
        }
        Some(node)
    }

    /// The node's protocol state, if it runs and all that it counts on is durable. (A leader counts
    /// itself for an entry while its write is under way, but nothing leaves it until that is done.)
    pub fn settled(&self, node: NodeId) -> Option<&Raft<Kv>> {
        let server = &self.servers[&node];
        server.node.as_ref().filter(|_| !server.waits()).map(RaftKv::raft)
    }

    fn observe(&mut self, node: NodeId) {
        let server = &self.servers[&node];
        if let Some(node) = server.node.as_ref().filter(|_| !server.waits()) {
            self.reference.observe(node.raft());
        }
        if self.servers.values().all(|server| !server.waits()) {
            self.reads.append(&mut self.fresh_reads);
        }
    }

    fn read(&mut self, seen: ReadSeen) {
        self.fresh_reads.push(seen);
    }

    fn handle(&mut self, event: Event) -> Option<NodeId> {
        match event {
            Event::Deliver { from, to, message } => {
                if !self.cut.contains(&(from, to)) {
                    self.input(to, Input::Message { from, message });
                }
                Some(to)
            }
            Event::Timer { node, timer, generation } => {
                if self.generations.get(&(node, timer)) == Some(&generation) {
                    self.input(node, Input::Timer(timer));
                }
                Some(node)
            }
            Event::Sync { node, life } => {
                if self.lives[&node] == life {
                    let effects = self.servers.get_mut(&node)?.sync();
                    self.carry_out(node, effects);
                }
                Some(node)
            }
            Event::Client(client) => Some(self.client(client)),
            Event::Crash => {
                self.crash();
                None
            }
            Event::Restart(node) => {
                self.boot(node);
                Some(node)
            }
            Event::Partition => {
                self.partition();
                None
            }
        }
    }

    fn boot(&mut self, node: NodeId) {
        *self.lives.entry(node).or_default() += 1;
        let effects = self.servers.get_mut(&node).unwrap().boot(self.seed, self.now);
        self.carry_out(node, effects);
    }

    fn input(&mut self, node: NodeId, input: Input<RaftKv>) {
        let server = self.servers.get_mut(&node).unwrap();
        let waited = server.waits();
        let effects = server.input(input, self.now);
        let waits = server.waits();
        self.carry_out(node, effects);
        if waits && !waited {
            let life = self.lives[&node];
            self.later(0, 3, Event::Sync { node, life });
        }
    }

    fn carry_out(&mut self, node: NodeId, effects: Vec<Effect<RaftKv>>) {
        for effect in effects {
            match effect {
                Effect::Send { to, message } => self.send(node, to, &message),
                Effect::Reply { ticket, result } => self.reply(node, ticket, result),
                Effect::SetTimer { timer, after } => {
                    let generation = self.count;
                    self.generations.insert((node, timer), generation);
                    self.at(self.now + after, Event::Timer { node, timer, generation });
                }
                Effect::CancelTimer(timer) => {
                    self.generations.remove(&(node, timer));
                }
                _ => {}
            }
        }
    }

    /// Loses, duplicates and, by different delays, reorders.
    fn send(&mut self, from: NodeId, to: NodeId, message: &Message) {
        let copies = match self.rng.random_range(0..100) {
            0..2 => 0,
            2..4 => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let slow = self.rng.random_range(0..30) == 0;
            let event = Event::Deliver { from, to, message: message.clone() };
            self.later(0, if slow { 60 } else { 3 }, event);
        }
    }

    fn crash(&mut self) {
        // What they saw may die unobserved with its node.
        self.fresh_reads.clear();
        let count = [1, 1, 2, 3, 5][self.rng.random_range(0..5)];
        for _ in 0..count {
            let mut node = NodeId::new(self.rng.random_range(1..=NODES));
            let leads = |server: &Server| server.node.as_ref().is_some_and(|node| node.raft().is_leader());
            if let Some((leader, _)) = self.servers.iter().find(|(_, server)| leads(server))
                && self.rng.random_range(0..3) == 0
            {
                node = *leader;
            }
            if self.servers[&node].node.is_some() {
                *self.lives.entry(node).or_default() += 1;
                self.servers.get_mut(&node).unwrap().crash();
                self.generations.retain(|(owner, _), _| *owner != node);
                self.later(20, 500, Event::Restart(node));
            }
        }
        self.later(100, 600, Event::Crash);
    }

    fn partition(&mut self) {
        self.cut.clear();
        let sides: Vec<u32> = (0..NODES).map(|_| self.rng.random_range(0..2)).collect();
        let kind = self.rng.random_range(0..4);
        for from in NodeId::all(NODES) {
            for to in NodeId::all(NODES) {
                let crosses = sides[from.index()] != sides[to.index()];
                let is_cut = match kind {
                    0 => false,
                    1 => crosses && sides[from.index()] == 0,
                    _ => crosses,
                };
                if is_cut {
                    self.cut.insert((from, to));
                }
            }
        }
        self.later(150, 600, Event::Partition);
    }

    /// A client's turn: gives up, waits on, or asks for something.
    fn client(&mut self, client: usize) -> NodeId {
        let home = NodeId::new((client as u16) % NODES + 1);
        match self.waits_for[client] {
            Some((_, _, since)) if self.now.since(since) < Duration::from_millis(700) => {
                self.later(100, 200, Event::Client(client));
                return home;
            }
            Some((node, ticket, _)) => {
                self.asked.remove(&(node, ticket));
            }
            None => {}
        }
        let node = NodeId::new(self.rng.random_range(1..=NODES));
        self.tickets += 1;
        let (ticket, request) = (Ticket(self.tickets), self.request());
        let floor = self.reference.last();
        self.asked.insert((node, ticket), Asked { client, request: request.clone(), floor });
        self.waits_for[client] = Some((node, ticket, self.now));
        self.later(100, 200, Event::Client(client));
        self.input(node, Input::Request { ticket, request });
        node
    }

    fn request(&mut self) -> Request {
        self.values += 1;
        let key = Key::new(["x", "y"][self.rng.random_range(0..2)]);
        let value = Value::from(self.values);
        match self.rng.random_range(0..40) {
            0 => Request::Transfer { to: None },
            1..14 => Request::Write { key, value },
            14..20 => {
                let from = Value::from(self.values.saturating_sub(2));
                Request::Cas { key, from, to: value, create_if_not_exists: true }
            }
            20..22 => Request::Delete { key },
            _ => Request::Read { key },
        }
    }

    fn reply(&mut self, node: NodeId, ticket: Ticket, result: Result<Answer, Refusal>) {
        let Some(asked) = self.asked.remove(&(node, ticket)) else { return };
        self.waits_for[asked.client] = None;
        self.later(1, 20, Event::Client(asked.client));
        self.observe(node);
        let absent = |refusal: &Refusal| refusal.code == ErrorCode::KeyDoesNotExist;
        match (asked.request, result) {
            (Request::Read { key }, Ok(Answer::ReadOk { value })) => {
                self.read(ReadSeen { key, value: Some(value), floor: asked.floor });
            }
            (Request::Read { key }, Err(refusal)) if absent(&refusal) => {
                self.read(ReadSeen { key, value: None, floor: asked.floor });
            }
            (_, Ok(_)) => {}
            _ => return,
        }
        self.answered += 1;
    }
}
