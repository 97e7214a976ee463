//! What can go wrong, as data.

use std::fmt;

use ordalia_node::NodeId;
use serde::{Deserialize, Serialize};

/// A directed link between two nodes, written `["n1","n2"]` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(NodeId, NodeId)", into = "(NodeId, NodeId)")]
pub struct Link {
    /// The sender.
    pub from: NodeId,
    /// The receiver.
    pub to: NodeId,
}

impl From<(NodeId, NodeId)> for Link {
    fn from((from, to): (NodeId, NodeId)) -> Self {
        Self { from, to }
    }
}

impl From<Link> for (NodeId, NodeId) {
    fn from(link: Link) -> Self {
        (link.from, link.to)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}→{}", self.from, self.to)
    }
}

/// The families of faults that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Processes are killed with SIGKILL and restarted with the same data.
    Kill,
    /// Processes are stopped with SIGSTOP and continued.
    Pause,
    /// Links are cut.
    Partition,
    /// Messages arrive late.
    Delay,
    /// Messages are lost.
    Loss,
    /// Messages arrive twice.
    Duplicate,
    /// Messages overtake each other.
    Reorder,
    /// Links carry only so many bytes a second.
    Bandwidth,
    /// Clocks jump ahead and run fast or slow.
    Clock,
    /// Disks are slow, full or damaged.
    Disk,
}

/// What can be wrong with a disk, by its name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiskSort {
    /// See [`DiskIll::Slow`].
    Slow,
    /// See [`DiskIll::Full`].
    Full,
    /// See [`DiskIll::Flip`].
    Flip,
}

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskIll {
    /// Every write takes longer to become durable.
    Slow {
        /// Milliseconds added to each.
        delay_ms: u64,
    },
    /// The next write fails, and the process ends on it. It is started again when the fault ends.
    Full,
    /// A stored bit is flipped and the process killed. When the fault ends it is started, must find the damage
    /// and refuse to run, and so stays down for good.
    Flip,
}

/// Which nodes a fault hits: `{"nodes": ["n1"]}` or `{"role": "leader"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Targets {
    /// These.
    Nodes(Vec<NodeId>),
    /// Whoever has the role when the fault fires.
    Role(Role),
}

/// A role that is resolved from node status when a fault fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The node that leads in the highest term.
    Leader,
    /// The node that showed what the fault waited for: the one that stands for election, appends, or writes
    /// its snapshot.
    Witness,
}

/// How a cut link treats what is sent through it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutMode {
    /// Held, as by a firewall that drops: connections stay open, nothing passes.
    #[default]
    Drop,
    /// Connections are reset.
    Reject,
}

/// The shape of a partition, for a person and for profiles; `links` says what it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartitionShape {
    /// A minority and a majority as equal as can be.
    Halves,
    /// One node against all others.
    One,
    /// A bare majority cut off from the rest.
    Majority,
    /// A random minority cut off from the rest.
    Minority,
    /// Every node sees a majority, and no two see the same one.
    MajoritiesRing,
    /// Two halves joined by one node that sees both.
    Bridge,
    /// Links cut in one direction only.
    OneWay,
    /// One node sees others that do not see each other, so that only that one can be elected.
    Star,
    /// The leader against all others, resolved when the fault fires.
    Leader,
}

/// A fault. Its inverse is to end it: what a fault began, its end undoes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fault {
    /// Kill processes; the end restarts them.
    Kill {
        /// Which.
        targets: Targets,
    },
    /// Stop processes; the end continues them.
    Pause {
        /// Which.
        targets: Targets,
    },
    /// Cut links; the end joins them.
    Partition {
        /// The shape.
        shape: PartitionShape,
        /// The links cut; empty for [`PartitionShape::Leader`], which is resolved on firing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        links: Vec<Link>,
        /// Held or reset.
        #[serde(default)]
        mode: CutMode,
    },
    /// Delay messages on links.
    Delay {
        /// The links.
        links: Vec<Link>,
        /// Milliseconds added to every message.
        delay_ms: u64,
        /// Up to so many milliseconds more, at random.
        #[serde(default)]
        jitter_ms: u64,
    },
    /// Lose messages on links.
    Loss {
        /// The links.
        links: Vec<Link>,
        /// The probability for each message, 0 to 1.
        probability: f64,
    },
    /// Duplicate messages on links.
    Duplicate {
        /// The links.
        links: Vec<Link>,
        /// The probability for each message, 0 to 1.
        probability: f64,
    },
    /// Reorder messages on links.
    Reorder {
        /// The links.
        links: Vec<Link>,
        /// The probability for each message of being held back behind later ones, 0 to 1.
        probability: f64,
    },
    /// Limit the bytes a second on links.
    Bandwidth {
        /// The links.
        links: Vec<Link>,
        /// Bytes a second on each.
        bytes_per_s: u64,
    },
    /// Let clocks jump ahead and run fast or slow; the end gives them their own rate again. A clock is never
    /// turned back.
    Clock {
        /// Whose.
        targets: Targets,
        /// Milliseconds by which each jumps ahead at once.
        #[serde(default)]
        jump_ms: u64,
        /// Parts of a million by which each runs fast, or slow if negative, until the end.
        #[serde(default)]
        drift_ppm: i64,
    },
    /// Make disks ill; the end cures them, but for a flipped bit.
    Disk {
        /// Whose.
        targets: Targets,
        /// What is wrong with them.
        ill: DiskIll,
    },
}

/// Who has which role just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// The leader, if one is known.
    pub leader: Option<NodeId>,
    /// The node that showed what a fault waited for.
    pub witness: Option<NodeId>,
}

/// A fault with its roles resolved: what is to be done, and undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Injection {
    /// Kill these; undone by a restart.
    Kill(Vec<NodeId>),
    /// Stop these; undone by continuing them.
    Pause(Vec<NodeId>),
    /// Change these links; undone by taking the change back. Changes of several faults add up.
    Links {
        /// The links.
        links: Vec<Link>,
        /// The change.
        change: LinkChange,
    },
    /// Change these nodes' clocks; undone by taking the drift back. Drifts of several faults add up.
    Clock {
        /// Whose.
        nodes: Vec<NodeId>,
        /// Milliseconds ahead.
        jump_ms: u64,
        /// Parts of a million.
        drift_ppm: i64,
    },
    /// Make these nodes' disks ill; undone by curing them and starting those that ended of it.
    Disk {
        /// Whose.
        nodes: Vec<NodeId>,
        /// What is wrong with them.
        ill: DiskIll,
    },
}

/// What is changed on a link.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkChange {
    /// Nothing passes.
    Cut(CutMode),
    /// Messages are late.
    Delay {
        /// Milliseconds.
        delay_ms: u64,
        /// Milliseconds.
        jitter_ms: u64,
    },
    /// Messages are lost with this probability.
    Loss(f64),
    /// Messages are doubled with this probability.
    Duplicate(f64),
    /// Messages are held back with this probability.
    Reorder(f64),
    /// Bytes a second.
    Bandwidth(u64),
}
