//! The parts that the nodes of a cluster fall into.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Node, NodeConfig, NodeId, Outside};

/// One part of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// For a person: `ensemble`.
    pub name: &'static str,
    /// Its nodes, in order.
    pub nodes: Vec<NodeId>,
    /// Whether clients may speak to it. The first group of which this is true gets them all.
    pub takes_clients: bool,
    /// Whether its members agree on a leader. Only they count where it is asked who leads, and whether
    /// the cluster is settled.
    pub elects: bool,
}

impl Group {
    /// All nodes of a cluster that is of one piece.
    pub fn of_all(nodes: u16) -> Vec<Self> {
        vec![Self { name: "nodes", nodes: NodeId::all(nodes), takes_clients: true, elects: true }]
    }

    /// The nodes that clients speak to: those of the first group that takes them. If none does, all.
    pub fn for_clients(groups: &[Self]) -> Vec<NodeId> {
        let takes = groups.iter().find(|group| group.takes_clients && !group.nodes.is_empty());
        let everyone = || groups.iter().flat_map(|group| group.nodes.iter().copied()).collect();
        takes.map_or_else(everyone, |group| group.nodes.clone())
    }

    /// The nodes that agree on a leader, in order.
    pub fn electing(groups: &[Self]) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = groups
            .iter()
            .filter(|group| group.elects)
            .flat_map(|group| group.nodes.iter().copied())
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

/// A function that makes what stands outside a cluster, from options, bugs and a seed.
pub type MakeOutside = fn(&BTreeMap<String, String>, &BTreeSet<String>, u64) -> Option<Box<dyn Outside>>;

/// What a kind of node says of whole clusters, for those who do not know its type. See the functions of
/// [`Node`] of these names.
#[derive(Clone, Copy, Debug)]
pub struct Anatomy {
    /// [`Node::groups`]
    pub groups: fn(u16, &BTreeMap<String, String>) -> Vec<Group>,
    /// [`Node::neighbours`]
    pub neighbours: fn(&NodeConfig) -> Vec<NodeId>,
    /// [`Node::outside`]
    pub outside: MakeOutside,
    /// [`Node::sizes`]
    pub sizes: fn() -> &'static [u16],
}

impl Anatomy {
    /// That of a kind of node.
    pub const fn of<N: Node>() -> Self {
        Self { groups: N::groups, neighbours: N::neighbours, outside: N::outside, sizes: N::sizes }
    }
}
