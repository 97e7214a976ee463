//! One node with its disk, under the storage rule that the real host keeps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ordalia_node::{Effect, Effects, Env, Input, Node, NodeConfig, NodeId, Recovered, Time};
use ordalia_raft_kv::RaftKv;

type Record = <RaftKv as Node>::Record;

/// A cluster's configuration as node `id` is given it.
pub fn config(id: NodeId, count: u16, options: &[(&str, &str)], bugs: &[&str]) -> NodeConfig {
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    NodeConfig {
        id,
        nodes: NodeId::all(count),
        options: options.iter().map(text).collect::<BTreeMap<_, _>>(),
        bugs: bugs.iter().map(|bug| (*bug).to_owned()).collect::<BTreeSet<_>>(),
    }
}

/// A node, running or not, and its disk.
pub struct Server {
    config: NodeConfig,
    pub node: Option<RaftKv>,
    env: Env,
    durable: Recovered<Record>,
    behind: Vec<Record>,
    /// What waits for the disk, from the first record on.
    held: VecDeque<Effect<RaftKv>>,
    lives: u64,
}

impl Server {
    pub fn new(config: NodeConfig) -> Self {
        let env = Env::new(0);
        let (durable, behind, held) = (Recovered::default(), Vec::new(), VecDeque::new());
        Self { config, node: None, env, durable, behind, held, lives: 0 }
    }

    /// Starts the node from its disk. Gives back what may leave at once.
    pub fn boot(&mut self, seed: u64, now: Time) -> Vec<Effect<RaftKv>> {
        self.lives += 1;
        self.env = Env::new(seed ^ (u64::from(self.config.id.number()) << 32) ^ (self.lives << 48));
        self.env.set_now(now);
        let mut out = Effects::new();
        let node = RaftKv::start(&self.config, self.durable.clone(), &mut self.env, &mut out);
        self.node = Some(node.unwrap_or_else(|error| panic!("{}: {error}", self.config.id)));
        self.release(out)
    }

    /// Hands an input to the node. Gives back what may leave at once.
    pub fn input(&mut self, input: Input<RaftKv>, now: Time) -> Vec<Effect<RaftKv>> {
        let Some(node) = &mut self.node else { return Vec::new() };
        self.env.set_now(now);
        let mut out = Effects::new();
        node.step(input, &mut self.env, &mut out);
        self.release(out)
    }

    fn release(&mut self, mut out: Effects<RaftKv>) -> Vec<Effect<RaftKv>> {
        let mut free = Vec::new();
        for effect in out.drain() {
            match effect {
                Effect::WriteBehind(record) if self.held.is_empty() => self.behind.push(record),
                Effect::Persist(_) | Effect::Snapshot { .. } => self.held.push_back(effect),
                effect if self.held.is_empty() => free.push(effect),
                effect => self.held.push_back(effect),
            }
        }
        free
    }

    /// Whether something waits for the disk.
    pub fn waits(&self) -> bool {
        !self.held.is_empty()
    }

    /// The disk has written everything. Gives back what waited for it.
    pub fn sync(&mut self) -> Vec<Effect<RaftKv>> {
        let mut free = Vec::new();
        for effect in std::mem::take(&mut self.held) {
            match effect {
                Effect::WriteBehind(record) => self.behind.push(record),
                Effect::Persist(record) => {
                    self.durable.records.append(&mut self.behind);
                    self.durable.records.push(record);
                }
                Effect::Snapshot { state, records } => {
                    self.behind.clear();
                    self.durable = Recovered { snapshot: Some(state), records };
                }
                effect => free.push(effect),
            }
        }
        free
    }

    /// The node dies, and with it all that is not durable.
    pub fn crash(&mut self) {
        self.node = None;
        self.held.clear();
        self.behind.clear();
    }
}
