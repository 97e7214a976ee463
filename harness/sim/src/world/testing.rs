//! A world without load, faults and phases, whose next event is put in by hand: for the conformance suite.

use std::time::Duration;

use ordalia_checker::Checker;
use ordalia_node::{Input, Key, Node, NodeId, PostError, Recovered, Request, RequestKind, Status, Ticket};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, generators};

use super::World;
use super::clients::{nanos, ticket};
use super::life::State;
use crate::dice::{Dice, Purpose};
use crate::trace::Happened;
use crate::{SimSettings, Watch};

/// The fault under whose number nodes are stopped.
const HOLD: u64 = 0;

/// What happened at a node, in order. Messages and answers are told by their `Debug` text.
#[derive(Clone, Debug)]
pub enum Event<R> {
    /// A message left.
    Sent {
        /// The peer.
        to: NodeId,
        /// The message.
        text: String,
    },
    /// The answer to a request left.
    Replied {
        /// The number under which it was asked.
        asked: u64,
        /// The answer or refusal.
        text: String,
    },
    /// The node acted.
    Acted {
        /// Its lane.
        lane: u16,
        /// Where the operation stands, and its name.
        text: String,
    },
    /// A post left.
    Posts {
        /// Its number.
        call: u64,
        /// Where it goes.
        url: String,
    },
    /// A write became durable; what a crash would leave now.
    Durable(Recovered<R>),
}

/// A world of nodes that run, and nothing else.
pub struct Bench<'a, N: Node> {
    world: World<'a, N>,
    /// How much of the world's trace was read.
    read: usize,
    events: Vec<Vec<Event<N::Record>>>,
    /// The node whose next write is cut short, and whether it comes through all the same.
    doomed: Option<(NodeId, bool)>,
}

impl<'a, N: Node> Bench<'a, N> {
    /// The world of these settings, without their faults, in which no process runs yet.
    pub fn new(settings: &'a SimSettings) -> Self {
        let watch = Watch { status: false, trace: true };
        let events = (0..settings.nodes).map(|_| Vec::new()).collect();
        Self { world: World::new(settings, &Idle, watch), read: 0, events, doomed: None }
    }

    /// Starts a process, which takes the time of a boot. Whether it runs.
    pub fn start(&mut self, node: NodeId) -> bool {
        self.world.start(node);
        self.note();
        while matches!(self.world.node(node).state, State::Booting) && self.world.advance(u64::MAX) {
            self.note();
        }
        self.is_up(node)
    }

    /// Whether the process runs, stopped or not.
    pub fn is_up(&self, node: NodeId) -> bool {
        self.world.nodes[node.index()].is_up()
    }

    /// Whether a write is under way.
    pub fn is_writing(&mut self, node: NodeId) -> bool {
        self.world.node(node).running().is_some_and(|running| running.writing)
    }

    /// A request arrives. `asked` names it in [`Event::Replied`].
    pub fn ask(&mut self, node: NodeId, asked: u64, request: Request) -> Option<Ticket> {
        let ticket = ticket(0, asked);
        let is_up = self.is_up(node);
        self.world.put_in(node, Input::Request { ticket, request });
        self.note();
        is_up.then_some(ticket)
    }

    /// A peer's message arrives.
    pub fn tell(&mut self, from: NodeId, to: NodeId, message: N::Message) {
        self.world.put_in(to, Input::Message { from, message });
        self.note();
    }

    /// What came of a post arrives.
    pub fn posted(&mut self, node: NodeId, call: u64, outcome: Result<u16, PostError>) {
        self.world.put_in(node, Input::Posted { call, outcome });
        self.note();
    }

    /// Stops a process, as SIGSTOP does.
    pub fn hold(&mut self, node: NodeId) {
        self.world.pause(node, HOLD);
    }

    /// Lets it go on.
    pub fn let_go(&mut self, node: NodeId) {
        self.world.resume(node, HOLD);
        self.note();
    }

    /// Lets virtual time pass.
    pub fn pass(&mut self, span: Duration) {
        let until_ns = self.world.now_ns.saturating_add(nanos(span));
        while self.world.advance(until_ns) {
            self.note();
        }
        self.world.now_ns = until_ns;
    }

    /// Lets a node's clock jump ahead.
    pub fn jump_clock(&mut self, node: NodeId, span: Duration) {
        let now_ns = self.world.now_ns;
        self.world.node(node).clock.jump(now_ns, nanos(span));
        self.world.rewind(node);
        self.note();
    }

    /// Ends a process at once.
    pub fn kill(&mut self, node: NodeId) {
        self.world.kill(node, "killed");
        self.note();
    }

    /// The next write of that node is cut short in a way that the number chooses; one of some numbers lets it
    /// come through and ends the process after it.
    pub fn doom(&mut self, node: NodeId, number: u32) {
        const THROUGH: u32 = 5;
        self.world.disks = Dice::new(u64::from(number), Purpose::Disk);
        self.doomed = Some((node, number.is_multiple_of(THROUGH)));
    }

    /// Flips a bit in what a node has stored; false if that is nothing.
    pub fn damage(&mut self, node: NodeId) -> bool {
        self.world.node(node).disk.damage()
    }

    /// What a node says of itself, if it runs and is not stopped.
    pub fn status(&self, node: NodeId) -> Option<Status> {
        self.world.nodes[node.index()].status()
    }

    /// Takes out what happened at a node.
    pub fn events(&mut self, node: NodeId) -> Vec<Event<N::Record>> {
        std::mem::take(&mut self.events[node.index()])
    }

    /// Reads what happened, and lets a doom come.
    fn note(&mut self) {
        let happened = self.world.tracer.events().get(self.read..).unwrap_or_default().to_vec();
        self.read += happened.len();
        let mut wrote = None;
        for event in happened {
            let (node, event) = match event.what {
                Happened::Sent { node, to, text, .. } => (node, Event::Sent { to, text }),
                Happened::Replied { node, call, text } => (node, Event::Replied { asked: call, text }),
                Happened::Acted { node, lane, text } => (node, Event::Acted { lane, text }),
                Happened::Posted { node, call, url } => (node, Event::Posts { call, url }),
                Happened::Synced { node } => {
                    wrote = Some(node);
                    let Some(recovered) = self.world.node(node).disk.recover() else { continue };
                    (node, Event::Durable(recovered))
                }
                _ => continue,
            };
            self.events[node.index()].push(event);
        }
        let Some((node, through)) = self.doomed else { return };
        if if through { wrote == Some(node) } else { self.is_writing(node) } {
            self.doomed = None;
            self.kill(node);
        }
    }
}

/// A workload that asks for nothing.
struct Idle;

impl Workload for Idle {
    fn name(&self) -> &'static str {
        "idle"
    }

    fn asks(&self) -> &'static [RequestKind] {
        &[]
    }

    fn load(&self) -> Box<dyn Generator> {
        Box::new(generators::ops([]))
    }

    fn closing(&self, _: u64) -> Box<dyn Generator> {
        Box::new(generators::ops([]))
    }

    fn request(&self, _: &Op) -> Request {
        Request::Read { key: Key::new("nothing") }
    }

    fn complete(&self, _: &Op, _: &Request, _: Reply) -> Completion {
        Completion::ok(ordalia_node::Value::Null)
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        Vec::new()
    }
}
