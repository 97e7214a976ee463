//! From a fault to what is to be done.

use ordalia_node::NodeId;

use crate::shape::both_ways;
use crate::{Fault, Injection, Link, LinkChange, PartitionShape, Role, Roles, Targets};

impl Roles {
    /// Who has the role, if anyone is known to.
    pub fn who(&self, role: Role) -> Option<NodeId> {
        match role {
            Role::Leader => self.leader,
            Role::Witness => self.witness,
        }
    }
}

impl Targets {
    /// The nodes meant; `None` if a role is named that nobody is known to have.
    pub fn resolve(&self, roles: &Roles) -> Option<Vec<NodeId>> {
        match self {
            Targets::Nodes(nodes) => Some(nodes.clone()),
            Targets::Role(role) => roles.who(*role).map(|node| vec![node]),
        }
    }
}

impl Fault {
    /// What is to be done in a cluster of these nodes, given who has which role just now. `None` if the
    /// fault names a role that nobody is known to have: ask again once the roles are known.
    ///
    /// A partition of shape [`PartitionShape::Leader`] whose links are given is taken as pinned by an
    /// earlier run, and needs no role.
    pub fn resolve(&self, roles: &Roles, nodes: &[NodeId]) -> Option<Injection> {
        let (links, change) = match self {
            Fault::Kill { targets } => return targets.resolve(roles).map(Injection::Kill),
            Fault::Pause { targets } => return targets.resolve(roles).map(Injection::Pause),
            Fault::Clock { targets, jump_ms, drift_ppm } => {
                let nodes = targets.resolve(roles)?;
                return Some(Injection::Clock { nodes, jump_ms: *jump_ms, drift_ppm: *drift_ppm });
            }
            Fault::Disk { targets, ill } => {
                return targets.resolve(roles).map(|nodes| Injection::Disk { nodes, ill: *ill });
            }
            Fault::Partition { shape, links, mode } => {
                (partition_links(*shape, links, roles, nodes)?, LinkChange::Cut(*mode))
            }
            Fault::Delay { links, delay_ms, jitter_ms } => {
                (links.clone(), LinkChange::Delay { delay_ms: *delay_ms, jitter_ms: *jitter_ms })
            }
            Fault::Loss { links, probability } => (links.clone(), LinkChange::Loss(*probability)),
            Fault::Duplicate { links, probability } => (links.clone(), LinkChange::Duplicate(*probability)),
            Fault::Reorder { links, probability } => (links.clone(), LinkChange::Reorder(*probability)),
            Fault::Bandwidth { links, bytes_per_s } => (links.clone(), LinkChange::Bandwidth(*bytes_per_s)),
        };
        Some(Injection::Links { links, change })
    }

    /// The role that must be known before the fault can be carried out.
    pub fn role(&self) -> Option<Role> {
        match (self, self.targets()) {
            (_, Some(Targets::Role(role))) => Some(*role),
            (Fault::Partition { shape: PartitionShape::Leader, links, .. }, _) if links.is_empty() => {
                Some(Role::Leader)
            }
            _ => None,
        }
    }
}

/// The links that a partition cuts.
fn partition_links(
    shape: PartitionShape,
    links: &[Link],
    roles: &Roles,
    nodes: &[NodeId],
) -> Option<Vec<Link>> {
    if shape != PartitionShape::Leader || !links.is_empty() {
        return Some(links.to_vec());
    }
    let leader = roles.who(Role::Leader)?;
    let others: Vec<NodeId> = nodes.iter().copied().filter(|node| *node != leader).collect();
    Some(both_ways(&[leader], &others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CutMode, DiskIll};

    fn cut_leader(links: Vec<Link>) -> Fault {
        Fault::Partition { shape: PartitionShape::Leader, links, mode: CutMode::Drop }
    }

    #[test]
    fn a_role_waits_until_it_is_known() {
        let nodes = NodeId::all(3);
        let kill = Fault::Kill { targets: Targets::Role(Role::Leader) };
        assert_eq!(kill.resolve(&Roles::default(), &nodes), None);
        let roles = Roles { leader: Some(nodes[1]), ..Roles::default() };
        assert_eq!(kill.resolve(&roles, &nodes), Some(Injection::Kill(vec![nodes[1]])));
        assert_eq!(cut_leader(vec![]).resolve(&Roles::default(), &nodes), None);
    }

    #[test]
    fn a_witness_is_not_the_leader() {
        let nodes = NodeId::all(3);
        let roles = Roles { leader: Some(nodes[1]), witness: Some(nodes[2]) };
        let full = Fault::Disk { targets: Targets::Role(Role::Witness), ill: DiskIll::Full };
        assert_eq!(full.role(), Some(Role::Witness));
        let expected = Injection::Disk { nodes: vec![nodes[2]], ill: DiskIll::Full };
        assert_eq!(full.resolve(&roles, &nodes), Some(expected));
        let clock = Fault::Clock { targets: Targets::Role(Role::Leader), jump_ms: 5, drift_ppm: -7 };
        let expected = Injection::Clock { nodes: vec![nodes[1]], jump_ms: 5, drift_ppm: -7 };
        assert_eq!(clock.resolve(&roles, &nodes), Some(expected));
    }

    #[test]
    fn a_leader_partition_cuts_the_leader_both_ways() {
        let nodes = NodeId::all(3);
        let roles = Roles { leader: Some(nodes[1]), ..Roles::default() };
        let Some(Injection::Links { links, change }) = cut_leader(vec![]).resolve(&roles, &nodes) else {
            panic!("not resolved");
        };
        let shown: Vec<String> = links.iter().map(Link::to_string).collect();
        assert_eq!(shown, ["n1→n2", "n2→n1", "n2→n3", "n3→n2"]);
        assert_eq!(change, LinkChange::Cut(CutMode::Drop));
    }

    #[test]
    fn a_pinned_leader_partition_needs_no_leader() {
        let nodes = NodeId::all(3);
        let pinned = cut_leader(both_ways(&nodes[..1], &nodes[1..]));
        assert!(pinned.resolve(&Roles::default(), &nodes).is_some());
        assert_eq!(pinned.role(), None);
    }
}
