//! The links between nodes.
//!
//! A link is a connection: what is sent on it arrives in order, unless a fault reorders it. A link that is cut
//! holds what is sent, as a firewall that drops packets makes a connection do, and lets it go when it is
//! healed; one that is reset loses it. A link of limited bandwidth has a queue, which goes on its way when its turn
//! comes, or at once when the limit is lifted.

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
    /// What waits for its turn where the bandwidth is limited, with the time of its turn.
    queued: VecDeque<(u64, u64, M)>,
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
            queued: VecDeque::new(),
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
    /// It waits in the link's queue, which is to be looked at then, if that is not known yet.
    Queued(Option<u64>),
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
        match state.bandwidth {
            Some(rate) => line.wait_its_turn(now_ns, rate, number, bytes(&message), message),
            None => self.forward(link, now_ns, message),
        }
    }

    /// Sends a message on that is neither held, lost nor queued.
    pub(crate) fn forward(&mut self, link: Link, now_ns: u64, message: M) -> Passage<M> {
        let at = self.at(link);
        let (line, dice) = (&mut self.lines[at], &mut self.dice);
        let state = line.state;
        let mut arrives = now_ns.saturating_add(dice.latency(self.latency));
        if !state.is_clear() {
            arrives = line.delay(arrives, dice);
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

    /// Takes out of a link's queue what has its turn, and says when the next one has.
    pub(crate) fn take_due(&mut self, link: Link, now_ns: u64) -> (Vec<(u64, M)>, Option<u64>) {
        let at = self.at(link);
        let queued = &mut self.lines[at].queued;
        let count = queued.iter().take_while(|(due_ns, ..)| *due_ns <= now_ns).count();
        let due: Vec<(u64, M)> =
            queued.drain(..count).map(|(_, number, message)| (number, message)).collect();
        // A look that found nothing was meant for a queue that is gone; the present one has its own.
        let next_ns = queued.front().filter(|_| count > 0).map(|(due_ns, ..)| *due_ns);
        (due, next_ns)
    }

    /// Puts a fault's change on a link.
    pub(crate) fn change(&mut self, link: Link, fault: u64, change: LinkChange) {
        let at = self.at(link);
        let line = &mut self.lines[at];
        line.changes.insert(fault, change);
        line.compose();
        if line.state.cut.is_some() {
            line.hold_queue();
        }
        if line.state.cut == Some(CutMode::Reject) {
            line.held.clear();
        }
    }

    /// Takes a fault's change back. What was held or queued and is so no more is given back, to be sent now.
    pub(crate) fn restore(&mut self, link: Link, fault: u64) -> Vec<(u64, M)> {
        let at = self.at(link);
        let line = &mut self.lines[at];
        line.changes.remove(&fault);
        line.compose();
        if line.state.bandwidth.is_none() {
            line.hold_queue();
        }
        if line.state.cut.is_none() { line.held.drain(..).collect() } else { Vec::new() }
    }

    /// The end of a process breaks its connections, and what they held is lost.
    pub(crate) fn forget(&mut self, node: NodeId) {
        for other in 0..self.nodes {
            self.lines[node.index() * self.nodes + other].lose();
            self.lines[other * self.nodes + node.index()].lose();
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

    /// Loses what it holds and what is queued.
    fn lose(&mut self) {
        self.held.clear();
        self.queued.clear();
        self.busy_until_ns = 0;
    }

    /// Moves the queue ahead of what is held. Their bandwidth is counted anew if they meet a limit again.
    fn hold_queue(&mut self) {
        self.busy_until_ns = 0;
        for (_, number, message) in self.queued.drain(..).rev() {
            self.held.push_front((number, message));
        }
    }

    /// Puts a message behind the others that wait for the bandwidth.
    fn wait_its_turn(&mut self, now_ns: u64, rate: u64, number: u64, bytes: u64, message: M) -> Passage<M> {
        self.hindered += 1;
        let takes_ns = bytes.saturating_mul(1_000_000_000) / rate.max(1);
        self.busy_until_ns = self.busy_until_ns.max(now_ns).saturating_add(takes_ns);
        let is_first = self.queued.is_empty();
        self.queued.push_back((self.busy_until_ns, number, message));
        Passage::Queued(is_first.then_some(self.busy_until_ns))
    }

    /// The arrival under the delays of the faults in force.
    fn delay(&mut self, arrives: u64, dice: &mut Dice) -> u64 {
        let state = self.state;
        if state.delay_ms == 0 && state.jitter_ms == 0 {
            return arrives;
        }
        self.hindered += 1;
        let delay_ns = state.delay_ms.saturating_mul(1_000_000);
        let jitter_ns = dice.up_to(state.jitter_ms.saturating_mul(1_000_000));
        arrives.saturating_add(delay_ns).saturating_add(jitter_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Purpose;

    const LINK: Link = Link { from: NodeId::new(1), to: NodeId::new(2) };

    fn network() -> Network<char> {
        let latency = Latency { least_ns: 100_000, spread_ns: 0, tail: 0.0, tail_ns: 0 };
        Network::new(2, latency, Dice::new(1, Purpose::Network))
    }

    fn send(network: &mut Network<char>, now_ns: u64, message: char) -> Passage<char> {
        // Each message takes a second of a link of 1000 bytes a second.
        network.send(LINK, now_ns, 0, message, |_| 1000)
    }

    fn letters(messages: &[(u64, char)]) -> String {
        messages.iter().map(|(_, message)| message).collect()
    }

    #[test]
    fn a_queue_goes_on_in_its_turns() {
        let mut network = network();
        network.change(LINK, 7, LinkChange::Bandwidth(1000));
        assert!(matches!(send(&mut network, 0, 'a'), Passage::Queued(Some(1_000_000_000))));
        assert!(matches!(send(&mut network, 0, 'b'), Passage::Queued(None)));
        assert_eq!(network.take_due(LINK, 999_999_999), (vec![], None));
        assert_eq!(network.take_due(LINK, 1_000_000_000), (vec![(0, 'a')], Some(2_000_000_000)));
        assert_eq!(network.take_due(LINK, 2_000_000_000), (vec![(0, 'b')], None));
    }

    #[test]
    fn the_end_of_the_limit_lets_the_queue_go_at_once() {
        let mut network = network();
        network.change(LINK, 7, LinkChange::Bandwidth(1000));
        for message in "abc".chars() {
            assert!(matches!(send(&mut network, 0, message), Passage::Queued(_)));
        }
        assert_eq!(letters(&network.restore(LINK, 7)), "abc");
        assert!(matches!(send(&mut network, 5, 'd'), Passage::At(at_ns, 'd') if at_ns < 10_000_000));
    }

    #[test]
    fn a_cut_holds_the_queue_in_its_order() {
        let mut network = network();
        network.change(LINK, 7, LinkChange::Bandwidth(1000));
        send(&mut network, 0, 'a');
        network.change(LINK, 8, LinkChange::Cut(CutMode::Drop));
        assert!(matches!(send(&mut network, 0, 'b'), Passage::Gone));
        assert_eq!(network.take_due(LINK, 9_000_000_000), (vec![], None));
        assert_eq!(letters(&network.restore(LINK, 7)), "");
        assert_eq!(letters(&network.restore(LINK, 8)), "ab");
    }

    #[test]
    fn the_end_of_a_process_loses_the_queue() {
        let mut network = network();
        network.change(LINK, 7, LinkChange::Bandwidth(1000));
        send(&mut network, 0, 'a');
        network.forget(NodeId::new(2));
        assert_eq!(letters(&network.restore(LINK, 7)), "");
    }
}
