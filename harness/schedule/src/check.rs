//! What makes a schedule nonsense.

use std::collections::BTreeSet;

use ordalia_node::NodeId;
use thiserror::Error;

use crate::{DiskIll, Fault, Link, PartitionShape, Role, Schedule, Targets, TimedFault};

/// A day.
const MAX_JUMP_MS: u64 = 86_400_000;
/// A tenth of the pace.
const MIN_DRIFT_PPM: i64 = -900_000;
/// Twice the pace.
const MAX_DRIFT_PPM: i64 = 1_000_000;
/// An hour.
const MAX_DISK_DELAY_MS: u64 = 3_600_000;

/// What is wrong with a schedule that is otherwise well formed.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Flaw {
    /// The format is another one.
    #[error("expected version {expected}, found {0}", expected = Schedule::VERSION)]
    Version(u32),
    /// There are no nodes.
    #[error("expected at least 1 node, found 0")]
    NoNodes,
    /// The faults are not numbered from 0.
    #[error("fault {found}: expected the id {expected}, for faults are numbered from 0 in order of time")]
    Id {
        /// The id that should stand there.
        expected: u64,
        /// The id that stands there.
        found: u64,
    },
    /// A fault fires before the one ahead of it.
    #[error(
        "fault {id}: fires at {at_ms} ms, before the fault ahead of it ({previous_ms} ms); expected faults in order of time"
    )]
    Order {
        /// The fault.
        id: u64,
        /// Its time.
        at_ms: u64,
        /// The time of the fault ahead of it.
        previous_ms: u64,
    },
    /// A fault is over as soon as it begins, or ends beyond all time.
    #[error("fault {id}: expected to last at least 1 ms and to end before 2^64 ms, found {for_ms} ms")]
    Duration {
        /// The fault.
        id: u64,
        /// How long it is to last.
        for_ms: u64,
    },
    /// A fault holds back after an occasion that it does not have, or until it is over.
    #[error(
        "fault {id}: expected hold_ms to stand with upon and to be less than for_ms ({for_ms}), found {hold_ms} ms"
    )]
    Hold {
        /// The fault.
        id: u64,
        /// How long it is to hold back.
        hold_ms: u64,
        /// How long it is to last.
        for_ms: u64,
    },
    /// A fault names a node that the cluster does not have.
    #[error("fault {id}: names the node {node}, but the cluster has only n1 to n{nodes}")]
    NoSuchNode {
        /// The fault.
        id: u64,
        /// The node named.
        node: NodeId,
        /// The size of the cluster.
        nodes: u16,
    },
    /// A fault names one thing twice.
    #[error("fault {id}: names {what} twice")]
    Twice {
        /// The fault.
        id: u64,
        /// The node or link.
        what: String,
    },
    /// A fault hits nothing.
    #[error("fault {id}: expected at least one {what}, found none")]
    Nothing {
        /// The fault.
        id: u64,
        /// `node` or `link`.
        what: &'static str,
    },
    /// A link from a node to itself.
    #[error("fault {id}: expected links between different nodes, found {link}")]
    SelfLink {
        /// The fault.
        id: u64,
        /// The link.
        link: Link,
    },
    /// No probability.
    #[error("fault {id}: expected a probability from 0 to 1, found {found}")]
    Probability {
        /// The fault.
        id: u64,
        /// What stands there.
        found: f64,
    },
    /// A clock that is not touched, or beyond what a clock can be.
    #[error(
        "fault {id}: expected jump_ms up to {MAX_JUMP_MS} and drift_ppm from {MIN_DRIFT_PPM} to {MAX_DRIFT_PPM}, and not both 0; found jump_ms {jump_ms} and drift_ppm {drift_ppm}"
    )]
    Clock {
        /// The fault.
        id: u64,
        /// How far it is to jump.
        jump_ms: u64,
        /// How fast it is to run.
        drift_ppm: i64,
    },
    /// A slow disk that is not slow, or stands still.
    #[error("fault {id}: expected delay_ms from 1 to {MAX_DISK_DELAY_MS}, found {delay_ms}")]
    DiskDelay {
        /// The fault.
        id: u64,
        /// Milliseconds a write.
        delay_ms: u64,
    },
    /// So many disks are damaged that no majority is sure to remain.
    #[error(
        "fault {id}: with it bits are flipped on up to {damaged} of {nodes} nodes, which then stay down for good; expected at most {most}, so that a majority remains"
    )]
    Damage {
        /// The fault that is one too many.
        id: u64,
        /// How many nodes may be damaged with it.
        damaged: usize,
        /// The size of the cluster.
        nodes: u16,
        /// How many may be.
        most: usize,
    },
    /// A fault aims at the witness of an occasion that it does not have.
    #[error(
        "fault {id}: expected upon beside the role witness, for that is who shows what the fault waits for"
    )]
    Witness {
        /// The fault.
        id: u64,
    },
    /// A limit of no bytes at all, which is a cut.
    #[error(
        "fault {id}: expected a bandwidth of at least 1 byte a second, found 0; a link that carries nothing is a partition"
    )]
    NoBandwidth {
        /// The fault.
        id: u64,
    },
}

/// A schedule that was made for a cluster of another size.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Misfit {
    /// A fault names a node that is not there.
    #[error(
        "the schedule was made for {made_for} nodes: its fault {fault} names {node}, but the cluster has only n1 to n{nodes}"
    )]
    NoSuchNode {
        /// The size that it was made for.
        made_for: u16,
        /// The fault.
        fault: u64,
        /// The node.
        node: NodeId,
        /// The size of the cluster.
        nodes: u16,
    },
    /// No fault names a node that is not there, but halves of one cluster are no halves of another.
    #[error(
        "the schedule was made for {made_for} nodes, but the cluster has {nodes}; run it with {made_for} nodes, or generate another"
    )]
    Size {
        /// The size that it was made for.
        made_for: u16,
        /// The size of the cluster.
        nodes: u16,
    },
}

impl Schedule {
    /// Whether the schedule makes sense in itself.
    ///
    /// # Errors
    /// The first thing that is wrong, naming the fault.
    pub fn check(&self) -> Result<(), Flaw> {
        if self.version != Self::VERSION {
            return Err(Flaw::Version(self.version));
        }
        if self.nodes == 0 {
            return Err(Flaw::NoNodes);
        }
        let mut previous_ms = 0;
        for (expected, fault) in (0..).zip(&self.faults) {
            fault.check(expected, previous_ms, self.nodes)?;
            previous_ms = fault.at_ms;
        }
        check_damage(self.nodes, &self.faults)
    }

    /// Whether the schedule was made for a cluster of this size.
    ///
    /// # Errors
    /// It was not; names the first fault that has no place in the cluster, if there is one.
    pub fn check_fits(&self, nodes: u16) -> Result<(), Misfit> {
        if self.nodes == nodes {
            return Ok(());
        }
        let made_for = self.nodes;
        for timed in &self.faults {
            if let Some(node) = timed.fault.nodes().into_iter().find(|node| node.number() > nodes) {
                return Err(Misfit::NoSuchNode { made_for, fault: timed.id, node, nodes });
            }
        }
        Err(Misfit::Size { made_for, nodes })
    }
}

impl TimedFault {
    /// Checks one fault, which should have the given id and fire no earlier than the one ahead of it.
    pub(crate) fn check(&self, expected: u64, previous_ms: u64, nodes: u16) -> Result<(), Flaw> {
        let (id, at_ms, for_ms) = (self.id, self.at_ms, self.for_ms);
        if id != expected {
            return Err(Flaw::Id { expected, found: id });
        }
        if at_ms < previous_ms {
            return Err(Flaw::Order { id, at_ms, previous_ms });
        }
        if for_ms == 0 || at_ms.checked_add(for_ms).is_none() {
            return Err(Flaw::Duration { id, for_ms });
        }
        let hold_ms = self.hold_ms;
        if hold_ms >= for_ms || (hold_ms > 0 && self.upon.is_none()) {
            return Err(Flaw::Hold { id, hold_ms, for_ms });
        }
        if self.upon.is_none() && self.fault.role() == Some(Role::Witness) {
            return Err(Flaw::Witness { id });
        }
        match self.fault.nodes().into_iter().find(|node| node.number() > nodes) {
            Some(node) => Err(Flaw::NoSuchNode { id, node, nodes }),
            None => self.fault.check(id),
        }
    }
}

impl Fault {
    /// Whether a cluster of that many nodes has all the nodes that it names.
    pub fn fits(&self, nodes: u16) -> bool {
        self.nodes().iter().all(|node| node.number() <= nodes)
    }

    /// Every node that is named, in order.
    fn nodes(&self) -> BTreeSet<NodeId> {
        match self.targets() {
            Some(Targets::Nodes(nodes)) => nodes.iter().copied().collect(),
            _ => self.links().iter().flat_map(|link| [link.from, link.to]).collect(),
        }
    }

    /// Every link that is named.
    fn links(&self) -> &[Link] {
        match self {
            Fault::Kill { .. } | Fault::Pause { .. } | Fault::Clock { .. } | Fault::Disk { .. } => &[],
            Fault::Partition { links, .. }
            | Fault::Delay { links, .. }
            | Fault::Loss { links, .. }
            | Fault::Duplicate { links, .. }
            | Fault::Reorder { links, .. }
            | Fault::Bandwidth { links, .. } => links,
        }
    }

    /// Checks what the fault itself says.
    fn check(&self, id: u64) -> Result<(), Flaw> {
        match self {
            Fault::Clock { jump_ms, drift_ppm, .. } => check_clock(id, *jump_ms, *drift_ppm)?,
            Fault::Disk { ill: DiskIll::Slow { delay_ms }, .. }
                if !(1..=MAX_DISK_DELAY_MS).contains(delay_ms) =>
            {
                return Err(Flaw::DiskDelay { id, delay_ms: *delay_ms });
            }
            Fault::Partition { shape: PartitionShape::Leader, links, .. } if links.is_empty() => {
                return Ok(());
            }
            Fault::Loss { probability, .. }
            | Fault::Duplicate { probability, .. }
            | Fault::Reorder { probability, .. }
                if !(0.0..=1.0).contains(probability) =>
            {
                return Err(Flaw::Probability { id, found: *probability });
            }
            Fault::Bandwidth { bytes_per_s: 0, .. } => return Err(Flaw::NoBandwidth { id }),
            _ => {}
        }
        match self.targets() {
            Some(Targets::Nodes(nodes)) => return check_list(id, nodes, "node"),
            Some(Targets::Role(_)) => return Ok(()),
            None => {}
        }
        check_list(id, self.links(), "link")?;
        match self.links().iter().find(|link| link.from == link.to) {
            Some(link) => Err(Flaw::SelfLink { id, link: *link }),
            None => Ok(()),
        }
    }
}

/// Checks that a list is not empty and names nothing twice.
fn check_list<T: Copy + Ord + ToString>(id: u64, list: &[T], what: &'static str) -> Result<(), Flaw> {
    if list.is_empty() {
        return Err(Flaw::Nothing { id, what });
    }
    let mut seen = BTreeSet::new();
    match list.iter().find(|item| !seen.insert(**item)) {
        Some(item) => Err(Flaw::Twice { id, what: item.to_string() }),
        None => Ok(()),
    }
}

fn check_clock(id: u64, jump_ms: u64, drift_ppm: i64) -> Result<(), Flaw> {
    let possible = jump_ms <= MAX_JUMP_MS && (MIN_DRIFT_PPM..=MAX_DRIFT_PPM).contains(&drift_ppm);
    if possible && (jump_ms, drift_ppm) != (0, 0) {
        return Ok(());
    }
    Err(Flaw::Clock { id, jump_ms, drift_ppm })
}

/// Checks that the nodes whose disks may be damaged leave a majority. A role may be another node's each time.
pub(crate) fn check_damage(nodes: u16, faults: &[TimedFault]) -> Result<(), Flaw> {
    let most = usize::from(nodes.saturating_sub(1) / 2);
    let (mut named, mut roles) = (BTreeSet::<NodeId>::new(), 0);
    for timed in faults {
        match &timed.fault {
            Fault::Disk { targets: Targets::Nodes(hit), ill: DiskIll::Flip } => named.extend(hit),
            Fault::Disk { targets: Targets::Role(_), ill: DiskIll::Flip } => roles += 1,
            _ => continue,
        }
        let damaged = named.len() + roles;
        if damaged > most {
            return Err(Flaw::Damage { id: timed.id, damaged, nodes, most });
        }
    }
    Ok(())
}
