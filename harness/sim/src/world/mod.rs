//! The virtual world of one test: nodes, links, disks, clients and faults on one queue of events.

mod acting;
mod clients;
mod harm;
mod life;
mod nemesis;
mod phases;
mod stepping;
pub(crate) mod testing;

use ordalia_history::Event;
use ordalia_node::{Group, Input, Node, NodeConfig, NodeId, PostError};
use ordalia_record::{FaultRecord, NodeDeath, StatusSample};
use ordalia_schedule::Sight;
use ordalia_workload::{Reply, Thread, Workload};

use crate::dice::{Dice, Purpose};
use crate::network::Network;
use crate::queue::Queue;
use crate::run::Effort;
use crate::trace::{Happened, Tracer};
use crate::{SimSettings, Watch};

use acting::Acting;
use clients::Clients;
use life::{Leaving, SimNode};
use nemesis::Nemesis;

/// What is to happen.
#[derive(Debug)]
enum Coming<N: Node> {
    /// A message arrives at a node, if it still lives the life in which it was sent to.
    Message { to: NodeId, life: u32, from: NodeId, number: u64, message: N::Message },
    /// What is queued on a link has its turn.
    Link { link: ordalia_schedule::Link },
    /// A node looks at its timers.
    Wake { node: NodeId, life: u32 },
    /// A node's write is durable.
    Synced { node: NodeId, life: u32 },
    /// A process that was started runs.
    Boot { node: NodeId },
    /// A client's request arrives at a node.
    Request { node: NodeId, life: u32, thread: Thread, call: u64 },
    /// A client learns what became of its request.
    Reply { thread: Thread, call: u64, reply: Box<Reply> },
    /// A node's post arrives outside.
    Post { post: u64 },
    /// A node learns what became of its post.
    Posted { post: u64, outcome: Box<Result<u16, PostError>> },
    /// A client's patience is over.
    TimeOut { thread: Thread, call: u64 },
    /// The clients look whether there is something to do.
    Clients,
    /// A fault is due, by its position in the schedule, or looks again whether it can begin.
    Fault { at: usize },
    /// What a fault waited for has come, and its hold is over.
    Begin { at: usize, injection: Box<ordalia_schedule::Injection> },
    /// A fault ends.
    EndFault { at: usize },
    /// The nodes are asked for their status.
    Look,
}

/// How many events may happen within one millisecond of virtual time. More is a loop that stands still.
const MAX_EVENTS_A_MS: u64 = 2_000_000;

/// One world.
pub(crate) struct World<'a, N: Node> {
    settings: &'a SimSettings,
    workload: &'a dyn Workload,
    watch: Watch,
    queue: Queue<Coming<N>>,
    now_ns: u64,
    load_start_ns: u64,
    nodes: Vec<SimNode<N>>,
    /// Room for what leaves in a batch, kept from one batch to the next.
    leaving: Vec<Leaving<N::Message>>,
    network: Network<N::Message>,
    disks: Dice,
    processes: Dice,
    clients: Clients,
    nemesis: Nemesis,
    acting: Acting,
    /// The nodes that agree on a leader.
    electing: Vec<NodeId>,
    history: Vec<Event>,
    faults: Vec<FaultRecord>,
    status: Vec<StatusSample>,
    deaths: Vec<NodeDeath>,
    elections: Option<u64>,
    tracer: Tracer,
    digest: Digest,
    messages: u64,
    /// How many there were when everything was healed.
    healed_at_messages: u64,
    events: u64,
    /// The millisecond that the world is in, and the events in it.
    crowd: (u64, u64),
    /// Why the world stopped ahead of its time.
    stalled: Option<String>,
}

impl<'a, N: Node> World<'a, N> {
    pub(crate) fn new(settings: &'a SimSettings, workload: &'a dyn Workload, watch: Watch) -> Self {
        let (seed, nature) = (settings.seed, &settings.nature);
        let dice = |purpose| Dice::new(seed, purpose);
        let mut processes = dice(Purpose::Process);
        let all = NodeId::all(settings.nodes);
        let groups = N::groups(settings.nodes, &settings.target.options);
        let acting = Acting::new::<N>(settings);
        let api_url = acting.takes_posts().then_some(acting::API_URL);
        let node = |id: &NodeId| SimNode::new(config(*id, &all, settings, api_url), settings, &mut processes);
        let nodes = all.iter().map(node).collect();
        Self {
            settings,
            workload,
            watch,
            queue: Queue::default(),
            now_ns: 0,
            load_start_ns: 0,
            nodes,
            leaving: Vec::new(),
            network: Network::new(settings.nodes, nature.link, dice(Purpose::Network)),
            disks: dice(Purpose::Disk),
            processes,
            clients: Clients::new(settings, Group::for_clients(&groups), dice(Purpose::Clients)),
            nemesis: Nemesis::new(settings.schedule.faults.len()),
            acting,
            electing: Group::electing(&groups),
            history: Vec::new(),
            faults: Vec::new(),
            status: Vec::new(),
            deaths: Vec::new(),
            elections: None,
            tracer: Tracer::new(watch.trace),
            digest: Digest::default(),
            messages: 0,
            healed_at_messages: 0,
            events: 0,
            crowd: (0, 0),
            stalled: None,
        }
    }

    /// Lets the next event happen, unless it comes after that time; false if there was none.
    fn advance(&mut self, until_ns: u64) -> bool {
        if self.stalled.is_some() || self.queue.next_at().is_none_or(|at_ns| at_ns > until_ns) {
            return false;
        }
        let Some((at_ns, coming)) = self.queue.take() else { return false };
        self.now_ns = at_ns;
        self.events += 1;
        self.count_crowd();
        self.happen(coming);
        true
    }

    fn happen(&mut self, coming: Coming<N>) {
        match coming {
            Coming::Message { to, life, from, number, message } => {
                self.digest.add([1, self.now_ns, u64::from(to.number()), number]);
                self.arrive(to, life, from, number, message);
            }
            Coming::Link { link } => self.look_at_link(link),
            Coming::Wake { node, life } => self.wake(node, life),
            Coming::Synced { node, life } => self.synced(node, life),
            Coming::Boot { node } => self.boot(node),
            Coming::Request { node, life, thread, call } => self.hear(node, life, thread, call),
            Coming::Reply { thread, call, reply } => self.conclude(thread, call, *reply),
            Coming::Post { post } => self.take_post(post),
            Coming::Posted { post, outcome } => self.posted(post, *outcome),
            Coming::TimeOut { thread, call } => self.time_out(thread, call),
            Coming::Clients => self.poll_clients(),
            Coming::Fault { at } => self.fault_due(at),
            Coming::Begin { at, injection } => self.begin_fault(at, *injection),
            Coming::EndFault { at } => self.end_fault(at),
            Coming::Look => self.look(),
        }
    }

    fn count_crowd(&mut self) {
        let millisecond = self.now_ns / 1_000_000;
        if self.crowd.0 != millisecond {
            self.crowd = (millisecond, 0);
        }
        self.crowd.1 += 1;
        if self.crowd.1 > MAX_EVENTS_A_MS {
            self.stalled = Some(format!(
                "livelock: more than {MAX_EVENTS_A_MS} events within the millisecond {millisecond} of virtual time"
            ));
        }
    }

    /// Nanoseconds since the start of the load.
    fn load_ns(&self) -> u64 {
        self.now_ns.saturating_sub(self.load_start_ns)
    }

    fn node(&mut self, id: NodeId) -> &mut SimNode<N> {
        &mut self.nodes[id.index()]
    }

    /// What the nodes that elect say of themselves. One that is stopped says nothing, and one whose disk is
    /// damaged is no part of the cluster any more.
    fn sight(&self) -> Sight {
        let mut sight = Sight::default();
        let electing = self.electing.iter().filter_map(|id| self.nodes.get(id.index()));
        let alive = electing.filter(|node| !node.disk.is_damaged());
        alive.for_each(|node| sight.see(node.id, node.status()));
        sight
    }

    /// Notes the status of all nodes, and comes again.
    fn look(&mut self) {
        let time = self.load_ns();
        for node in &self.nodes {
            self.status.push(StatusSample { time, node: node.id, status: node.status() });
        }
        self.queue.put(self.now_ns + 200_000_000, Coming::Look);
    }

    fn record(&mut self, mut event: Event) {
        event.index = self.history.len() as u64;
        event.time = self.load_ns();
        self.history.push(event);
    }

    /// Hands an input to a node that runs.
    fn put_in(&mut self, node: NodeId, input: Input<N>) {
        if let Some(running) = self.node(node).running() {
            if let Input::Request { ticket, .. } = &input {
                running.unanswered.insert(*ticket);
            }
            running.inbox.push_back(input);
            self.batch(node);
        }
    }

    fn arrive(&mut self, to: NodeId, life: u32, from: NodeId, number: u64, message: N::Message) {
        if self.node(to).is_in(life) {
            self.messages += 1;
            self.tracer.note(self.now_ns, || Happened::Received { node: to, from, message: number });
            self.put_in(to, Input::Message { from, message });
        } else {
            self.tracer.note(self.now_ns, || Happened::Lost { node: from, to, message: number });
        }
    }

    fn effort(&self) -> Effort {
        Effort {
            virtual_ns: self.now_ns,
            events: self.events,
            messages: self.messages,
            operations: self.clients.invoked,
        }
    }
}

/// How a node is started.
fn config(id: NodeId, all: &[NodeId], settings: &SimSettings, api_url: Option<&str>) -> NodeConfig {
    let mut options = settings.target.options.clone();
    if let Some(url) = api_url {
        options.entry(NodeConfig::API_URL.to_owned()).or_insert_with(|| url.to_owned());
    }
    NodeConfig { id, nodes: all.to_vec(), options, bugs: settings.target.bugs.iter().cloned().collect() }
}

/// A running checksum, after FNV-1a over words. It tells runs apart; it is no guard against malice.
#[derive(Debug)]
struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    fn add<const N: usize>(&mut self, words: [u64; N]) {
        for word in words {
            self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        }
    }
}
