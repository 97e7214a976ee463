//! The links between nodes.
//!
//! A link is a connection: what is sent on it arrives in order, unless a fault reorders it. A link that is cut
//! holds what is sent, as a firewall that drops packets makes a connection do, and lets it go when it is
//! healed; one that is reset loses it.

use std::collections::{BTreeMap, VecDeque};

use ordalia_node::NodeId;
use ordalia_schedule::{CutMode, Link, LinkChange, LinkState, compose};

use crate::Latency;
use crate::dice::Dice;

/// How much a link holds while it is cut. Beyond that the oldest is lost.
const HELD: usize = 4096;

/// A link's state.
#[derive(Debug)]
struct Line<M> {
    changes: BTreeMap<u64, LinkChange>,
    state: LinkState,
    /// When the last message arrives, so that none overtakes it.
    last_ns: u64,
    /// When the link is free to carry more, where its bandwidth is limited.
    busy_until_ns: u64,
    held: VecDeque<(u64, M)>,
    sent: u64,
    delivered: u64,
    hindered: u64,
}

impl<M> Default for Line<M> {
    fn default() -> Self {
        Self {
            changes: BTreeMap::new(),
            state: LinkState::default(),
            last_ns: 0,
            busy_until_ns: 0,
            held: VecDeque::new(),
            sent: 0,
            delivered: 0,
            hindered: 0,
        }
    }
}

/// What becomes of a message.
#[derive(Debug)]
pub(crate) enum Passage<M> {
    /// It arrives at that time.
    At(u64, M),
    /// It arrives twice.
    Twice([u64; 2], M),
    /// It does not arrive, or not now.
    Gone,
}

/// All links.
#[derive(Debug)]
pub(crate) struct Network<M> {
    nodes: usize,
    lines: Vec<Line<M>>,
    latency: Latency,
    dice: Dice,
}

impl<M: Clone> Network<M> {
    pub(crate) fn new(nodes: u16, latency: Latency, dice: Dice) -> Self {
        let nodes = usize::from(nodes);
        let lines = (0..nodes * nodes).map(|_| Line::default()).collect();
        Self { nodes, lines, latency, dice }
    }

    fn at(&self, link: Link) -> usize {
        link.from.index() * self.nodes + link.to.index()
    }

    /// Sends a message. `bytes` is asked for its size where the bandwidth is limited. `number` is kept beside
    /// a message that is held.
    pub(crate) fn send(
        &mut self,
        link: Link,
        now_ns: u64,
        number: u64,
        message: M,
        bytes: impl Fn(&M) -> u64,
    ) -> Passage<M> {
        let at = self.at(link);
        let (line, dice) = (&mut self.lines[at], &mut self.dice);
        line.sent += 1;
        let state = line.state;
        match state.cut {
            Some(CutMode::Drop) => {
                line.hindered += 1;
                line.held.push_back((number, message));
                if line.held.len() > HELD {
                    line.held.pop_front();
                }
                return Passage::Gone;
            }
            Some(CutMode::Reject) => {
                line.hindered += 1;
                return Passage::Gone;
            }
            None => {}
        }
        if dice.chance(state.loss) {
            line.hindered += 1;
            return Passage::Gone;
        }
        let mut arrives = now_ns.saturating_add(dice.latency(self.latency));
        if !state.is_clear() {
            arrives = line.hinder(arrives, now_ns, &message, bytes, dice);
        }
        if dice.chance(state.reorder) {
            // Held back: later messages overtake it.
            line.hindered += 1;
            arrives = arrives.saturating_add(1_000_000 + dice.up_to(50_000_000));
        } else {
            arrives = arrives.max(line.last_ns);
            line.last_ns = arrives;
        }
        line.delivered += 1;
        if dice.chance(state.duplicate) {
            line.hindered += 1;
            let again = arrives.saturating_add(dice.latency(self.latency));
            return Passage::Twice([arrives, again], message);
        }
        Passage::At(arrives, message)
    }

    /// Puts a fault's change on a link.
    pub(crate) fn change(&mut self, link: Link, fault: u64, change: LinkChange) {
        let at = self.at(link);
        let line = &mut self.lines[at];
        line.changes.insert(fault, change);
        line.compose();
        if line.state.cut == Some(CutMode::Reject) {
            line.held.clear();
        }
    }

    /// Takes a fault's change back. What was held and is held no more is given back, to be sent now.
    pub(crate) fn restore(&mut self, link: Link, fault: u64) -> Vec<(u64, M)> {
        let at = self.at(link);
        let line = &mut self.lines[at];
        line.changes.remove(&fault);
        line.compose();
        if line.state.cut.is_none() { line.held.drain(..).collect() } else { Vec::new() }
    }

    /// The end of a process breaks its connections, and what they held is lost.
    pub(crate) fn forget(&mut self, node: NodeId) {
        for other in 0..self.nodes {
            self.lines[node.index() * self.nodes + other].held.clear();
            self.lines[other * self.nodes + node.index()].held.clear();
        }
    }

    /// How many messages of a link were held, lost, doubled or delayed by faults so far.
    pub(crate) fn hindered(&self, link: Link) -> u64 {
        self.lines[self.at(link)].hindered
    }

    /// All links with the numbers of messages sent and delivered, and of those that faults touched.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (NodeId, NodeId, [u64; 3])> + '_ {
        let node = |index: usize| NodeId::new(index as u16 + 1);
        self.lines.iter().enumerate().filter(|(at, _)| at / self.nodes != at % self.nodes).map(
            move |(at, line)| {
                (node(at / self.nodes), node(at % self.nodes), [line.sent, line.delivered, line.hindered])
            },
        )
    }
}

impl<M> Line<M> {
    fn compose(&mut self) {
        let changes: Vec<LinkChange> = self.changes.values().copied().collect();
        self.state = compose(&changes);
    }

    /// The arrival under the delays and the bandwidth of the faults in force.
    fn hinder(
        &mut self,
        mut arrives: u64,
        now_ns: u64,
        message: &M,
        bytes: impl Fn(&M) -> u64,
        dice: &mut Dice,
    ) -> u64 {
        let state = self.state;
        if state.delay_ms > 0 || state.jitter_ms > 0 {
            self.hindered += 1;
            let delay_ns = state.delay_ms.saturating_mul(1_000_000);
            let jitter_ns = dice.up_to(state.jitter_ms.saturating_mul(1_000_000));
            arrives = arrives.saturating_add(delay_ns).saturating_add(jitter_ns);
        }
        if let Some(rate) = state.bandwidth {
            self.hindered += 1;
            let takes_ns = bytes(message).saturating_mul(1_000_000_000) / rate.max(1);
            self.busy_until_ns = self.busy_until_ns.max(now_ns).saturating_add(takes_ns);
            arrives = arrives.max(self.busy_until_ns);
        }
        arrives
    }
}
