//! A node's process: started, running, stopped, ended, and started again from its disk.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ordalia_history::Name;
use std::time::Duration;

use ordalia_node::{
    Act, Answer, Effects, Env, Input, Node, NodeConfig, NodeId, Refusal, Status, Ticket, Time, Value,
};
use ordalia_record::NodeDeath;

use super::{Coming, World};
use crate::SimSettings;
use crate::clock::Clock;
use crate::dice::Dice;
use crate::disk::Disk;
use crate::panics::guarded;
use crate::trace::Happened;

/// One machine: what outlives the process, and the process.
pub(super) struct SimNode<N: Node> {
    pub(super) id: NodeId,
    /// As it stands in the history.
    pub(super) name: Name,
    config: NodeConfig,
    /// Which nodes it has links to.
    neighbours: Vec<bool>,
    pub(super) disk: Disk<N::Record>,
    pub(super) clock: Clock,
    /// By how much the clock itself is fast, in parts of a million, and by how much faults make it so.
    pub(super) own_drift_ppm: i64,
    pub(super) drifts_ppm: BTreeMap<u64, i64>,
    /// Added to every write, by faults.
    pub(super) slow_ns: BTreeMap<u64, u64>,
    /// How many writes were slow for that.
    pub(super) slowed_writes: u64,
    /// Which faults leave its disk no room.
    pub(super) full_by: Vec<u64>,
    /// Counts the starts; a message to an earlier life is lost.
    pub(super) life: u32,
    /// Which faults keep it stopped.
    pub(super) stopped_by: Vec<u64>,
    /// Which faults keep it down.
    pub(super) killed_by: Vec<u64>,
    pub(super) state: State<N>,
}

/// Where a process is.
pub(super) enum State<N: Node> {
    Down,
    Booting,
    Up(Box<Running<N>>),
}

/// A process that runs.
pub(super) struct Running<N: Node> {
    pub(super) node: N,
    pub(super) env: Env,
    pub(super) effects: Effects<N>,
    /// Deadlines, and how many timers had been set by then: of equal deadlines, the one set first runs out first.
    pub(super) timers: BTreeMap<N::Timer, (Time, u64)>,
    pub(super) timers_set: u64,
    /// Requests that this life was handed and has not answered.
    pub(super) unanswered: BTreeSet<Ticket>,
    pub(super) inbox: VecDeque<Input<N>>,
    /// Effects that wait for the write under way.
    pub(super) held: Vec<Leaving<N::Message>>,
    /// Effects that were to leave when the process was stopped.
    pub(super) unsent: Vec<Leaving<N::Message>>,
    pub(super) writing: bool,
    /// When the next wake is due, on the world's clock.
    pub(super) wake_ns: u64,
}

/// What leaves a node.
#[derive(Debug)]
pub(super) enum Leaving<M> {
    Send { to: NodeId, message: M },
    Reply { ticket: Ticket, result: Result<Answer, Refusal> },
    Trace { event: &'static str, detail: String },
    Act(Act),
    Post { call: u64, url: String, body: Value, patience: Duration },
}

impl<N: Node> SimNode<N> {
    pub(super) fn new(config: NodeConfig, settings: &SimSettings, dice: &mut Dice) -> Self {
        let id = config.id;
        let neighbours: BTreeSet<NodeId> =
            N::neighbours(&config).into_iter().filter(|peer| *peer != id).collect();
        let most = u64::from(settings.nature.drift_ppm);
        let drift_ppm = dice.up_to(2 * most) as i64 - most as i64;
        let clock = Clock::new(0, dice.up_to(1_000_000_000_000), drift_ppm);
        Self {
            id,
            name: id.to_string().as_str().into(),
            neighbours: config.nodes.iter().map(|peer| neighbours.contains(peer)).collect(),
            config,
            disk: Disk::default(),
            clock,
            own_drift_ppm: drift_ppm,
            drifts_ppm: BTreeMap::new(),
            slow_ns: BTreeMap::new(),
            slowed_writes: 0,
            full_by: Vec::new(),
            life: 0,
            stopped_by: Vec::new(),
            killed_by: Vec::new(),
            state: State::Down,
        }
    }

    /// Whether it has a link to that node.
    pub(super) fn reaches(&self, peer: NodeId) -> bool {
        self.neighbours.get(peer.index()).is_some_and(|linked| *linked)
    }

    /// The process, if it runs; also while it is stopped.
    pub(super) fn running(&mut self) -> Option<&mut Running<N>> {
        self.state.running()
    }

    /// Whether it runs, and this is that life of it.
    pub(super) fn is_in(&self, life: u32) -> bool {
        self.life == life && self.is_up()
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    pub(super) fn is_stopped(&self) -> bool {
        !self.stopped_by.is_empty()
    }

    /// What it says of itself, if it runs and is not stopped.
    pub(super) fn status(&self) -> Option<Status> {
        match &self.state {
            State::Up(running) if !self.is_stopped() => Some(running.node.status()),
            _ => None,
        }
    }
}

impl<N: Node> State<N> {
    pub(super) fn running(&mut self) -> Option<&mut Running<N>> {
        match self {
            State::Up(running) => Some(running),
            _ => None,
        }
    }
}

impl<N: Node> World<'_, N> {
    /// Starts a process, which runs after a while.
    pub(super) fn start(&mut self, id: NodeId) {
        let boots_ns = self.processes.latency(self.settings.nature.boot);
        let node = &mut self.nodes[id.index()];
        if matches!(node.state, State::Down) {
            node.state = State::Booting;
            self.queue.put(self.now_ns + boots_ns, Coming::Boot { node: id });
        }
    }

    /// The process runs: it recovers what its disk holds.
    pub(super) fn boot(&mut self, id: NodeId) {
        let seed = self.processes.any();
        let now_ns = self.now_ns;
        let node = &mut self.nodes[id.index()];
        if !matches!(node.state, State::Booting) {
            return;
        }
        let Some(recovered) = node.disk.recover() else {
            node.state = State::Down;
            return self.note_down(id, "its storage is damaged, and it said so".to_owned());
        };
        let mut env = Env::new(seed);
        env.set_now(node.clock.read(now_ns));
        let mut effects = Effects::new();
        let config = &node.config;
        let started = guarded(|| N::start(config, recovered, &mut env, &mut effects));
        match started {
            Ok(Ok(process)) => {
                node.life += 1;
                node.state = State::Up(Box::new(Running {
                    node: process,
                    env,
                    effects,
                    timers: BTreeMap::new(),
                    timers_set: 0,
                    unanswered: BTreeSet::new(),
                    inbox: VecDeque::new(),
                    held: Vec::new(),
                    unsent: Vec::new(),
                    writing: false,
                    wake_ns: u64::MAX,
                }));
                self.digest.add([2, now_ns, u64::from(id.number())]);
                self.tracer.note(now_ns, || Happened::Up { node: id });
                self.begin(id);
            }
            Ok(Err(error)) => self.die(id, format!("it did not start: {error}")),
            Err(panic) => self.die(id, panic),
        }
    }

    /// Ends a process at once, as `kill -9` does.
    pub(super) fn kill(&mut self, id: NodeId, why: &str) -> bool {
        let node = &mut self.nodes[id.index()];
        let writing = match &mut node.state {
            State::Up(running) => running.writing,
            State::Booting => false,
            State::Down => return false,
        };
        node.state = State::Down;
        node.stopped_by.clear();
        node.disk.crash(writing, &mut self.disks);
        self.network.forget(id);
        self.note_down(id, why.to_owned());
        self.end_acts(id);
        self.break_connections(id);
        true
    }

    /// A process ended that nobody had ended: a finding.
    pub(super) fn die(&mut self, id: NodeId, how: String) {
        let (time, node) = (self.load_ns(), id.to_string());
        let log_tail = Vec::new();
        self.deaths.push(NodeDeath { time, node, how: how.clone(), log_tail });
        if !self.kill(id, &how) {
            self.note_down(id, how);
        }
    }

    fn note_down(&mut self, id: NodeId, why: String) {
        self.digest.add([3, self.now_ns, u64::from(id.number())]);
        self.tracer.note(self.now_ns, || Happened::Down { node: id, why });
    }

    /// Stops a process, as SIGSTOP does.
    pub(super) fn pause(&mut self, id: NodeId, fault: u64) -> bool {
        let node = &mut self.nodes[id.index()];
        if !node.is_up() {
            return false;
        }
        node.stopped_by.push(fault);
        self.tracer.note(self.now_ns, || Happened::Paused { node: id });
        true
    }

    /// Lets a stopped process go on; what came meanwhile waits in its inbox.
    pub(super) fn resume(&mut self, id: NodeId, fault: u64) {
        let node = &mut self.nodes[id.index()];
        let was_stopped = node.is_stopped();
        node.stopped_by.retain(|by| *by != fault);
        if was_stopped && !node.is_stopped() {
            self.tracer.note(self.now_ns, || Happened::Resumed { node: id });
            self.batch(id);
        }
    }
}
