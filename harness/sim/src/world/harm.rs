//! What a fault does to nodes, links, clocks and disks, how it is undone, and what shows it.

use ordalia_node::{Node, NodeId};
use ordalia_schedule::{DiskIll, Injection, Link, LinkChange};
use serde_json::{Value, json};

use super::World;

/// What came of beginning or ending a fault.
#[derive(Debug, Default)]
pub(super) struct Effect {
    /// Whether it took effect, where this shows it.
    pub(super) effective: Option<bool>,
    /// What shows it.
    pub(super) evidence: Value,
}

impl Effect {
    /// It took effect if it hit someone. That it did not shows nothing: those that it was meant for may have
    /// been down by another fault.
    fn on(hit: &[NodeId], what: &str) -> Self {
        Self { effective: (!hit.is_empty()).then_some(true), evidence: json!({ what: hit }) }
    }
}

impl<N: Node> World<'_, N> {
    /// Does the harm.
    pub(super) fn inject(&mut self, fault: u64, injection: &Injection) -> Effect {
        match injection {
            Injection::Kill(nodes) => {
                let hit = self.hit(nodes, |world, node| world.hold_down(node, fault));
                Effect::on(&hit, "killed")
            }
            Injection::Pause(nodes) => {
                let hit = self.hit(nodes, |world, node| world.pause(node, fault));
                Effect::on(&hit, "stopped")
            }
            Injection::Links { links, change } => {
                links.iter().for_each(|link| self.network.change(*link, fault, *change));
                let cut = matches!(change, LinkChange::Cut(_));
                Effect { effective: cut.then_some(true), evidence: Value::Null }
            }
            Injection::Clock { nodes, jump_ms, drift_ppm } => {
                let hit =
                    self.hit(nodes, |world, node| world.change_clock(node, fault, *jump_ms, *drift_ppm));
                Effect::on(&hit, "clocks_changed")
            }
            Injection::Disk { nodes, ill } => self.sicken(fault, nodes, *ill),
        }
    }

    /// The nodes of a list that were hit.
    fn hit(&mut self, nodes: &[NodeId], mut harm: impl FnMut(&mut Self, NodeId) -> bool) -> Vec<NodeId> {
        nodes.iter().copied().filter(|node| harm(self, *node)).collect()
    }

    /// Kills a node, and keeps it down until that fault ends.
    fn hold_down(&mut self, id: NodeId, fault: u64) -> bool {
        let killed = self.kill(id, "killed");
        self.nodes[id.index()].killed_by.push(fault);
        killed
    }

    /// Lets a node start again that this fault kept down, unless another one still does.
    fn let_up(&mut self, id: NodeId, fault: u64) {
        let node = &mut self.nodes[id.index()];
        node.killed_by.retain(|by| *by != fault);
        if node.killed_by.is_empty() {
            self.start(id);
        }
    }

    /// Lets a clock jump and drift. The answer is whether a process was there to see it.
    fn change_clock(&mut self, id: NodeId, fault: u64, jump_ms: u64, drift_ppm: i64) -> bool {
        let now_ns = self.now_ns;
        let node = &mut self.nodes[id.index()];
        node.clock.jump(now_ns, jump_ms.saturating_mul(1_000_000));
        node.drifts_ppm.insert(fault, drift_ppm);
        self.pace_clock(id);
        self.nodes[id.index()].is_up()
    }

    /// Has a clock run as its own drift and those of all faults want it.
    fn pace_clock(&mut self, id: NodeId) {
        let now_ns = self.now_ns;
        let node = &mut self.nodes[id.index()];
        let faults_ppm = node.drifts_ppm.values().fold(0_i64, |sum, ppm| sum.saturating_add(*ppm));
        node.clock.set_drift(now_ns, node.own_drift_ppm.saturating_add(faults_ppm));
        self.rewind(id);
    }

    fn sicken(&mut self, fault: u64, nodes: &[NodeId], ill: DiskIll) -> Effect {
        match ill {
            DiskIll::Slow { delay_ms } => {
                for id in nodes {
                    self.nodes[id.index()].slow_ns.insert(fault, delay_ms.saturating_mul(1_000_000));
                }
                Effect::default()
            }
            DiskIll::Full => {
                nodes.iter().for_each(|id| self.nodes[id.index()].full_by.push(fault));
                Effect::default()
            }
            DiskIll::Flip => {
                let hit = self.hit(nodes, |world, id| {
                    world.hold_down(id, fault);
                    world.nodes[id.index()].disk.damage()
                });
                Effect::on(&hit, "damaged")
            }
        }
    }

    /// A write finds its disk full: the process ends, and stays down until there is room.
    pub(super) fn run_out_of_room(&mut self, id: NodeId) {
        let node = &mut self.nodes[id.index()];
        node.disk.overflow(&mut self.disks);
        let faults = node.full_by.clone();
        node.killed_by.extend(faults);
        self.kill(id, "its disk is full");
    }

    /// What the end of a fault shows of it, before it is undone; what it touched was touched so often since.
    pub(super) fn effect(&self, fault: u64, injection: &Injection, touched: u64) -> Effect {
        // A chance may have hindered nothing; a cut is in force whether or not anything was sent.
        let effective = (touched > 0).then_some(true);
        match injection {
            Injection::Links { change: LinkChange::Cut(_), .. } => {
                Effect { effective: None, evidence: json!({ "messages_hindered": touched }) }
            }
            Injection::Links { .. } => {
                Effect { effective, evidence: json!({ "messages_hindered": touched }) }
            }
            Injection::Disk { ill: DiskIll::Slow { .. }, .. } => {
                Effect { effective, evidence: json!({ "writes_slowed": touched }) }
            }
            Injection::Disk { nodes, ill: DiskIll::Full } => {
                let ended = |id: &NodeId| self.nodes[id.index()].killed_by.contains(&fault);
                let ended: Vec<NodeId> = nodes.iter().copied().filter(ended).collect();
                Effect::on(&ended, "ended_on_a_write")
            }
            _ => Effect::default(),
        }
    }

    /// Takes back what a fault began.
    pub(super) fn undo(&mut self, fault: u64, injection: &Injection) {
        match injection {
            Injection::Kill(nodes) | Injection::Disk { nodes, ill: DiskIll::Flip } => {
                nodes.iter().for_each(|node| self.let_up(*node, fault));
            }
            Injection::Pause(nodes) => nodes.iter().for_each(|node| self.resume(*node, fault)),
            Injection::Links { links, .. } => links.iter().for_each(|link| self.restore(*link, fault)),
            Injection::Clock { nodes, .. } => {
                for id in nodes {
                    self.nodes[id.index()].drifts_ppm.remove(&fault);
                    self.pace_clock(*id);
                }
            }
            Injection::Disk { nodes, ill: DiskIll::Slow { .. } } => {
                for id in nodes {
                    self.nodes[id.index()].slow_ns.remove(&fault);
                }
            }
            Injection::Disk { nodes, ill: DiskIll::Full } => {
                for id in nodes {
                    let node = &mut self.nodes[id.index()];
                    node.full_by.retain(|by| *by != fault);
                    if node.killed_by.contains(&fault) {
                        self.let_up(*id, fault);
                    }
                }
            }
        }
    }

    /// Takes a change of a link back, and lets go what it held.
    fn restore(&mut self, link: Link, fault: u64) {
        for (number, message) in self.network.restore(link, fault) {
            self.pass(link, number, message);
        }
    }

    /// How often faults have touched what an injection touches: messages that its links hindered, or writes of
    /// its disks that were slow.
    pub(super) fn touched(&self, injection: &Injection) -> u64 {
        match injection {
            Injection::Links { links, .. } => links.iter().map(|link| self.network.hindered(*link)).sum(),
            Injection::Disk { nodes, ill: DiskIll::Slow { .. } } => {
                nodes.iter().map(|id| self.nodes[id.index()].slowed_writes).sum()
            }
            _ => 0,
        }
    }
}
