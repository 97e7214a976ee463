//! One test from its beginning to its end, with the phases of a real one.

use ordalia_node::{Node, NodeId};
use ordalia_record::{DiskTotals, HealInfo, LinkTotals, Phase, RunInfo};
use ordalia_workload::Generator;

use super::World;
use super::clients::nanos;
use super::life::SimNode;
use crate::SimRun;

/// How long the nodes may take to agree on a leader before the load begins all the same.
const SETTLE_LIMIT_NS: u64 = 10_000_000_000;

/// How long the cluster may take to be whole again after everything was healed.
const HEAL_LIMIT_NS: u64 = 15_000_000_000;

/// How long the closing operations may take.
const CLOSING_LIMIT_NS: u64 = 20_000_000_000;

/// How often it is looked whether the nodes agree.
const LOOK_NS: u64 = 10_000_000;

impl<N: Node> World<'_, N> {
    /// Carries the test out.
    pub(crate) fn run(mut self) -> SimRun {
        let mut info = self.describe();
        NodeId::all(self.settings.nodes).into_iter().for_each(|node| self.start(node));
        self.wait_until_settled(SETTLE_LIMIT_NS);
        self.begin_load();
        let term_before = self.highest_term();
        self.schedule_faults();
        if self.watch.status {
            self.look();
        }
        self.drive(self.workload.load(), nanos(self.settings.time_limit), self.settings.max_operations);
        self.end_phase(&mut info, "load", 0);
        self.elections = self.highest_term().zip(term_before).map(|(last, first)| last.saturating_sub(first));
        let begun = self.load_ns();
        info.heal = Some(self.heal());
        self.end_phase(&mut info, "heal", begun);
        let begun = self.load_ns();
        self.drive(self.workload.closing(self.clients.invoked), CLOSING_LIMIT_NS, None);
        self.end_phase(&mut info, "closing", begun);
        self.conclude_run(info)
    }

    /// The newest term that a running node knows.
    fn highest_term(&self) -> Option<u64> {
        self.nodes.iter().filter_map(|node| node.status()?.term).max()
    }

    /// From now on times count. What nodes did before has the time 0.
    fn begin_load(&mut self) {
        self.load_start_ns = self.now_ns;
        self.history.iter_mut().for_each(|event| event.time = 0);
    }

    /// Takes operations from a generator and has them done, until it is done, the limit is over or so many
    /// operations were invoked, and then waits for those
    /// under way, which their time-outs end.
    fn drive(&mut self, generator: Box<dyn Generator>, limit_ns: u64, most: Option<u64>) {
        let end_ns = self.now_ns.saturating_add(limit_ns);
        self.begin_phase(generator);
        let most = most.unwrap_or(u64::MAX);
        while !self.clients.is_finished() && self.clients.invoked < most && self.advance(end_ns) {}
        if self.clients.is_finished() {
            return;
        }
        if self.stalled.is_none() && self.clients.invoked < most {
            self.now_ns = end_ns;
        }
        self.finish_phase();
        while !self.clients.is_finished() && self.advance(u64::MAX) {}
    }

    /// Undoes all faults, starts what is down, and waits until the cluster is whole.
    fn heal(&mut self) -> HealInfo {
        self.stop_faults();
        let begun_ns = self.now_ns;
        self.healed_at_messages = self.messages;
        for node in NodeId::all(self.settings.nodes) {
            // One whose disk is damaged is beyond healing, and has refused to start already.
            if !self.nodes[node.index()].disk.is_damaged() {
                self.start(node);
            }
        }
        self.wait_until_settled(HEAL_LIMIT_NS);
        let took_ms = (self.now_ns - begun_ns) / 1_000_000;
        HealInfo { took_ms, problems: self.problems() }
    }

    /// Lets time pass until the nodes are settled, or the limit is over.
    fn wait_until_settled(&mut self, limit_ns: u64) {
        let end_ns = self.now_ns.saturating_add(limit_ns);
        while self.stalled.is_none() && !self.is_whole() && self.now_ns < end_ns {
            let until_ns = self.now_ns + LOOK_NS;
            while self.advance(until_ns) {}
            self.now_ns = self.now_ns.max(until_ns);
        }
    }

    /// Whether the nodes that elect are settled, and all others run.
    fn is_whole(&self) -> bool {
        let runs = |node: &SimNode<N>| node.disk.is_damaged() || node.status().is_some();
        self.sight().settled() && self.nodes.iter().filter(|node| !self.electing.contains(&node.id)).all(runs)
    }

    /// What is not whole.
    fn problems(&self) -> Vec<String> {
        let alive = self.nodes.iter().filter(|node| !node.disk.is_damaged());
        let down = alive.filter(|node| node.status().is_none());
        let mut problems: Vec<String> = down.map(|node| format!("{} does not run", node.id)).collect();
        if !self.sight().settled() {
            problems.push(self.diagnosis());
        }
        problems
    }

    /// Why the nodes do not agree: what each says of itself, and whether anything moves at all.
    fn diagnosis(&self) -> String {
        let says = |node: &SimNode<N>| {
            if node.disk.is_damaged() {
                return format!("{} has a damaged disk", node.id);
            }
            let Some(status) = node.status() else { return format!("{} says nothing", node.id) };
            let term = status.term.map_or(String::new(), |term| format!(" in term {term}"));
            let leader = status.leader.map_or("no leader".to_owned(), |leader| format!("{leader} as leader"));
            format!("{} is {}{term} and knows {leader}", node.id, status.role)
        };
        let said: Vec<String> = self.nodes.iter().map(says).collect();
        let moves = match self.queue.next_at() {
            None => "deadlock: nothing was going to happen any more".to_owned(),
            Some(_) => {
                format!("livelock: {} messages were taken in since", self.messages - self.healed_at_messages)
            }
        };
        format!("the nodes do not agree on a leader ({}; {moves})", said.join(", "))
    }

    fn end_phase(&self, info: &mut RunInfo, name: &str, start_ns: u64) {
        info.phases.push(Phase { name: name.to_owned(), start_ns, end_ns: self.load_ns() });
    }

    /// What is known before the run.
    fn describe(&self) -> RunInfo {
        let settings = self.settings;
        let milliseconds = |span: std::time::Duration| nanos(span) / 1_000_000;
        RunInfo {
            version: String::new(),
            binary: String::new(),
            command: String::new(),
            started: String::new(),
            target: settings.target.clone(),
            workload: self.workload.name().to_owned(),
            seed: settings.seed,
            nodes: settings.nodes,
            concurrency: settings.concurrency,
            rate: settings.rate,
            time_limit_ms: milliseconds(settings.time_limit),
            client_timeout_ms: milliseconds(settings.client_timeout),
            faults: Vec::new(),
            fault_interval_ms: 0,
            proxied: false,
            simulated: true,
            phases: Vec::new(),
            heal: None,
            deaths: Vec::new(),
            ended_early: None,
        }
    }

    fn conclude_run(self, mut info: RunInfo) -> SimRun {
        info.deaths.clone_from(&self.deaths);
        info.ended_early.clone_from(&self.stalled);
        let effort = self.effort();
        let link = |(from, to, [_, delivered, hindered]): (NodeId, NodeId, [u64; 3])| LinkTotals {
            from: from.to_string(),
            to: to.to_string(),
            messages: delivered,
            dropped: hindered,
            ..LinkTotals::default()
        };
        let is_there = |(from, to, _): &(NodeId, NodeId, [u64; 3])| self.nodes[from.index()].reaches(*to);
        let links = self.network.totals().filter(is_there).map(link).collect();
        let disk = |node: &SimNode<N>| DiskTotals {
            node: node.id.to_string(),
            fsyncs: node.disk.commits(),
            at_least: false,
        };
        SimRun {
            disks: self.nodes.iter().map(disk).collect(),
            elections: self.elections,
            info,
            events: self.history,
            faults: self.faults,
            status: self.status,
            links,
            trace: self.tracer.into_events(),
            load_start_ns: self.load_start_ns,
            digest: self.digest.0,
            effort,
        }
    }
}
