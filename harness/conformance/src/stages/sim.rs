//! The driver of the simulator.

use std::time::Duration;

use ordalia_node::{NodeId, PostError, Status, Ticket};
use ordalia_record::TargetSettings;
use ordalia_schedule::Schedule;
use ordalia_sim::testing::{Bench, Event};
use ordalia_sim::{Latency, Nature, SimSettings};

use crate::{BOOT, Probe, SYNC, Script, Setup, Stage, Told, acted, durable, posts, replied, sent};

/// A world of probes.
pub struct SimStage {
    bench: Bench<'static, Probe>,
    asked: u64,
}

const fn fixed(span: Duration) -> Latency {
    let micros = span.as_micros() as u64;
    Latency::micros(micros, micros)
}

fn settings(setup: &Setup) -> SimSettings {
    let hour = Duration::from_secs(3_600);
    SimSettings {
        seed: 1,
        target: TargetSettings { name: "probe".to_owned(), options: setup.options(), bugs: Vec::new() },
        nodes: setup.nodes,
        concurrency: 1,
        rate: None,
        time_limit: hour,
        client_timeout: hour,
        max_operations: None,
        schedule: Schedule { version: 1, nodes: setup.nodes, seed: None, faults: Vec::new() },
        nature: Nature {
            // What probes send and post is on its way for longer than any scenario lasts.
            link: fixed(hour),
            client: fixed(hour),
            sync: fixed(SYNC),
            boot: fixed(BOOT),
            drift_ppm: 0,
        },
        liveness: hour,
    }
}

impl Stage for SimStage {
    const NAME: &'static str = "sim";

    fn new(setup: &Setup) -> Self {
        // A world borrows its settings; those of a few hundred worlds are little to leave behind.
        let settings = Box::leak(Box::new(settings(setup)));
        Self { bench: Bench::new(settings), asked: 0 }
    }

    fn start(&mut self, node: NodeId) -> bool {
        self.bench.start(node)
    }

    fn is_up(&self, node: NodeId) -> bool {
        self.bench.is_up(node)
    }

    fn is_writing(&mut self, node: NodeId) -> bool {
        self.bench.is_writing(node)
    }

    fn ask(&mut self, node: NodeId, script: Script) -> Option<Ticket> {
        let asked = self.asked;
        self.asked += 1;
        self.bench.ask(node, asked, Probe::request(asked, &script))
    }

    fn tell(&mut self, from: NodeId, to: NodeId, word: u64, script: Script) {
        self.bench.tell(from, to, Told { word, script });
    }

    fn posted(&mut self, node: NodeId, call: u64, outcome: Result<u16, PostError>) {
        self.bench.posted(node, call, outcome);
    }

    fn hold(&mut self, node: NodeId) {
        self.bench.hold(node);
    }

    fn let_go(&mut self, node: NodeId) {
        self.bench.let_go(node);
    }

    fn pass(&mut self, span: Duration) {
        self.bench.pass(span);
    }

    fn jump_clock(&mut self, node: NodeId, span: Duration) {
        self.bench.jump_clock(node, span);
    }

    fn kill(&mut self, node: NodeId) {
        self.bench.kill(node);
    }

    fn doom(&mut self, node: NodeId, number: u32) {
        self.bench.doom(node, number);
    }

    fn damage(&mut self, node: NodeId) -> bool {
        self.bench.damage(node)
    }

    fn status(&mut self, node: NodeId) -> Option<Status> {
        self.bench.status(node)
    }

    fn journal(&mut self, node: NodeId) -> Vec<String> {
        let told = |event: &Event<u64>| match event {
            Event::Sent { to, text } => sent(*to, text),
            Event::Replied { asked, text } => replied(*asked, text),
            Event::Acted { lane, text } => acted(*lane, text),
            Event::Posts { call, url } => posts(*call, url),
            Event::Durable(disk) => durable(disk),
        };
        self.bench.events(node).iter().map(told).collect()
    }
}
