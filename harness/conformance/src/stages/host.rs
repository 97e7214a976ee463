//! The driver of a real host, in virtual time.

use std::time::Duration;

use ordalia_host::testing::{Bench, Event};
use ordalia_node::{NodeId, PostError, Status, Ticket};

use crate::{BOOT, Probe, SYNC, Script, Setup, Stage, Told, acted, config_of, durable, posts, replied, sent};

/// One host, and when it has its turn.
struct Machine {
    bench: Bench<Probe>,
    held: bool,
    /// The core waits for its disk until then.
    busy_until: Duration,
    journal: Vec<String>,
}

/// Hosts without a network.
pub struct HostStage {
    machines: Vec<Machine>,
    /// Since the beginning of the world.
    now: Duration,
    asked: u64,
}

impl Machine {
    /// A batch, unless the core cannot have a turn now.
    fn turn(&mut self, now: Duration) {
        if !self.held && self.busy_until <= now {
            self.bench.batch();
            self.note(now);
        }
    }

    /// Reads what happened. A driver waits for its disk, so if something became durable, that took a while.
    fn note(&mut self, now: Duration) {
        for event in self.bench.events() {
            self.journal.push(match event {
                Event::Sent { to, message } => sent(to, format!("{message:?}")),
                Event::Replied { asked, result } => replied(asked, &format!("{result:?}")),
                Event::Acted(act) => acted(act.lane, &format!("{} {}", act.kind.name(), act.f)),
                Event::Posts { call, url } => posts(call, &url),
                Event::Durable(disk) => {
                    self.busy_until = now + SYNC;
                    durable(&disk)
                }
            });
        }
        if !self.bench.is_up() {
            self.end(now);
        }
    }

    fn end(&mut self, now: Duration) {
        (self.held, self.busy_until) = (false, now);
    }

    /// When it next has something to do.
    fn due(&self, now: Duration) -> Option<Duration> {
        if self.held || !self.bench.is_up() {
            return None;
        }
        if self.busy_until > now {
            return Some(self.busy_until);
        }
        self.bench.next_deadline().map(|deadline| now + deadline.since(self.bench.now()))
    }
}

impl HostStage {
    fn at(&mut self, node: NodeId) -> &mut Machine {
        &mut self.machines[node.index()]
    }

    fn set_now(&mut self, now: Duration) {
        let span = now - self.now;
        self.machines.iter().for_each(|machine| machine.bench.advance_clock(span));
        self.now = now;
    }

    fn turn(&mut self, node: NodeId) {
        let now = self.now;
        self.at(node).turn(now);
    }
}

impl Stage for HostStage {
    const NAME: &'static str = "host";

    fn new(setup: &Setup) -> Self {
        let machine = |id| Machine {
            bench: Bench::new(config_of(setup, id)),
            held: false,
            busy_until: Duration::ZERO,
            journal: Vec::new(),
        };
        let machines = NodeId::all(setup.nodes).into_iter().map(machine).collect();
        Self { machines, now: Duration::ZERO, asked: 0 }
    }

    fn start(&mut self, node: NodeId) -> bool {
        if !self.is_up(node) {
            self.pass(BOOT);
            // Why it does not run is told by the host's own tests.
            let _ = self.at(node).bench.start();
            let now = self.now;
            self.at(node).note(now);
        }
        self.is_up(node)
    }

    fn is_up(&self, node: NodeId) -> bool {
        self.machines[node.index()].bench.is_up()
    }

    fn is_writing(&mut self, node: NodeId) -> bool {
        let now = self.now;
        self.at(node).busy_until > now
    }

    fn ask(&mut self, node: NodeId, script: Script) -> Option<Ticket> {
        let asked = self.asked;
        self.asked += 1;
        let ticket = self.at(node).bench.ask(asked, Probe::request(asked, &script));
        self.turn(node);
        ticket
    }

    fn tell(&mut self, from: NodeId, to: NodeId, word: u64, script: Script) {
        self.at(to).bench.tell(from, Told { word, script });
        self.turn(to);
    }

    fn posted(&mut self, node: NodeId, call: u64, outcome: Result<u16, PostError>) {
        self.at(node).bench.posted(call, outcome);
        self.turn(node);
    }

    fn hold(&mut self, node: NodeId) {
        let is_up = self.is_up(node);
        self.at(node).held = is_up;
    }

    fn let_go(&mut self, node: NodeId) {
        if std::mem::take(&mut self.at(node).held) {
            self.turn(node);
        }
    }

    fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        loop {
            let due = self.machines.iter().enumerate();
            let due = due.filter_map(|(at, machine)| Some((machine.due(self.now)?, at)));
            let Some((next, at)) = due.min().filter(|(next, _)| *next <= until) else { break };
            self.set_now(next);
            self.machines[at].turn(next);
        }
        self.set_now(until);
    }

    fn jump_clock(&mut self, node: NodeId, span: Duration) {
        self.at(node).bench.advance_clock(span);
    }

    fn kill(&mut self, node: NodeId) {
        let now = self.now;
        self.at(node).bench.kill();
        self.at(node).end(now);
    }

    fn doom(&mut self, node: NodeId, number: u32) {
        self.at(node).bench.doom(number);
    }

    fn damage(&mut self, node: NodeId) -> bool {
        self.at(node).bench.damage()
    }

    fn status(&mut self, node: NodeId) -> Option<Status> {
        let machine = self.at(node);
        if machine.held { None } else { machine.bench.status() }
    }

    fn journal(&mut self, node: NodeId) -> Vec<String> {
        std::mem::take(&mut self.at(node).journal)
    }
}
