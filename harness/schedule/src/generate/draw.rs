//! What a fault of a kind hits, and how hard.

use ordalia_node::NodeId;

use super::episodes::Episodes;
use crate::deck::Sort;
use crate::profile::Aim;
use crate::shape::{all_links, both_ways};
use crate::{CutMode, DiskIll, DiskSort, Fault, FaultKind, Link, PartitionShape, Role, Targets};

/// Of a larger group than this, faults hit a few or all.
const LARGE: usize = 5;

/// How many that is.
const FEW: usize = 3;

impl Episodes<'_> {
    /// A fault of that sort.
    pub(super) fn fault(&mut self, sort: Sort) -> Fault {
        match sort {
            Sort::Kill(aim) => Fault::Kill { targets: self.targets(aim) },
            Sort::Pause(aim) => Fault::Pause { targets: self.targets(aim) },
            Sort::Partition(shape) => self.partition(shape),
            Sort::Links(kind) => self.link_fault(kind),
            Sort::Clock => self.clock(),
            Sort::Disk(sort) => self.disk(sort),
        }
    }

    /// A clock that runs up to a fifth fast or slow, jumps up to two seconds ahead, or both.
    fn clock(&mut self) -> Fault {
        let targets = self.some_targets();
        let jump_ms = self.one_of(&[0, 0, 20, 100, 300, 1000, 2000]);
        let percent = self.one_of(&[0, 1, 5, 10, 20]) as i64;
        let drift_ppm = if self.dice.one_in(2) { percent * 10_000 } else { percent * -10_000 };
        match (jump_ms, drift_ppm) {
            (0, 0) => Fault::Clock { targets, jump_ms: 500, drift_ppm },
            _ => Fault::Clock { targets, jump_ms, drift_ppm },
        }
    }

    fn disk(&mut self, sort: DiskSort) -> Fault {
        match sort {
            DiskSort::Slow => {
                let delay_ms = self.one_of(&[5, 20, 50, 200, 500]);
                Fault::Disk { targets: self.some_targets(), ill: DiskIll::Slow { delay_ms } }
            }
            DiskSort::Full => Fault::Disk { targets: self.some_targets(), ill: DiskIll::Full },
            DiskSort::Flip => {
                self.flips_left = self.flips_left.saturating_sub(1);
                if self.flips_left == 0 {
                    self.deck.exhaust(Sort::Disk(sort));
                }
                let aim = if self.dice.one_in(3) { Aim::Leader } else { Aim::One };
                Fault::Disk { targets: self.targets_in(0, aim), ill: DiskIll::Flip }
            }
        }
    }

    /// The leader, one node, or now and then a minority or all.
    fn some_targets(&mut self) -> Targets {
        let aims = match self.nodes.len() {
            0..3 => &[Aim::Leader, Aim::One, Aim::All][..],
            _ => &[Aim::Leader, Aim::Leader, Aim::One, Aim::One, Aim::Minority, Aim::All],
        };
        let aim = aims[self.dice.index(aims.len())];
        self.targets(aim)
    }

    /// The nodes that the aim picks, of any group.
    fn targets(&mut self, aim: Aim) -> Targets {
        // Without a choice nothing is drawn.
        let group = if self.groups.len() > 1 { self.dice.index(self.groups.len()) } else { 0 };
        self.targets_in(group, aim)
    }

    fn targets_in(&mut self, group: usize, aim: Aim) -> Targets {
        let members = self.groups.get(group).copied().unwrap_or_default();
        let count = members.len();
        let chosen = match aim {
            Aim::Leader => return Targets::Role(Role::Leader),
            Aim::One => 1,
            Aim::Minority => self.dice.between(1, (count.saturating_sub(1) / 2) as u64) as usize,
            Aim::Majority => count / 2 + 1,
            Aim::All => count,
        };
        let is_large = self.groups.len() > 1 && count > LARGE && aim != Aim::All;
        let mut nodes = self.dice.shuffled(members);
        nodes.truncate(if is_large { chosen.min(FEW) } else { chosen });
        nodes.sort_unstable();
        Targets::Nodes(nodes)
    }

    /// A partition, mostly one that holds what is sent; one in five resets connections.
    fn partition(&mut self, shape: PartitionShape) -> Fault {
        let within = self.partitioned(shape);
        let links = shape.cut(&within, &mut self.dice);
        let mode = if self.dice.one_in(5) { CutMode::Reject } else { CutMode::Drop };
        Fault::Partition { shape, links, mode }
    }

    /// The nodes that a partition divides: all, or half of the time the first of several groups.
    fn partitioned(&mut self, shape: PartitionShape) -> Vec<NodeId> {
        let fits =
            |nodes: &[NodeId]| self.profile.within_first && nodes.len() >= usize::from(shape.min_nodes());
        match self.groups[..] {
            [first, _, ..] if fits(first) && self.dice.one_in(2) => first.to_vec(),
            _ => self.nodes.clone(),
        }
    }

    /// A change of messages on all links, or on those of one node.
    fn link_fault(&mut self, kind: FaultKind) -> Fault {
        let links = self.links();
        match kind {
            FaultKind::Delay => {
                let delay_ms = self.one_of(&[5, 20, 50, 100, 200]);
                let jitter_ms = self.one_of(&[0, delay_ms / 2, delay_ms * 2]);
                Fault::Delay { links, delay_ms, jitter_ms }
            }
            FaultKind::Duplicate => Fault::Duplicate { links, probability: self.percent(&[5, 20, 50]) },
            FaultKind::Reorder => Fault::Reorder { links, probability: self.percent(&[5, 20, 50]) },
            FaultKind::Bandwidth => {
                Fault::Bandwidth { links, bytes_per_s: self.one_of(&[4_000, 16_000, 64_000, 256_000]) }
            }
            // Kinds of processes and partitions have sorts of their own.
            _ => Fault::Loss { links, probability: self.percent(&[1, 5, 10, 20, 40]) },
        }
    }

    /// All links, or one time in three those of one node.
    fn links(&mut self) -> Vec<Link> {
        if !self.dice.one_in(3) {
            return all_links(&self.nodes);
        }
        let order = self.dice.shuffled(&self.nodes);
        both_ways(&order[..1], &order[1..])
    }

    pub(super) fn one_of(&mut self, choices: &[u64]) -> u64 {
        choices[self.dice.index(choices.len())]
    }

    fn percent(&mut self, choices: &[u64]) -> f64 {
        self.one_of(choices) as f64 / 100.0
    }
}
