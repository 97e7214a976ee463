//! What the nodes say of themselves, and who therefore has which role.

use std::collections::BTreeMap;

use ordalia_node::{NodeId, Status};

use crate::Roles;

/// A node that claims to lead, with its term where the algorithm has one.
pub type Leader = (NodeId, Option<u64>);

/// The last that was heard of each node.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    last: BTreeMap<NodeId, Option<Status>>,
}

impl Sight {
    /// What a node said; `None` if it did not answer.
    pub fn see(&mut self, node: NodeId, status: Option<Status>) {
        self.last.insert(node, status);
    }

    /// The node that claims to lead in the highest term, with that term.
    pub fn leader(&self) -> Option<Leader> {
        let leaders = self.last.iter().filter_map(|(node, status)| Some((*node, status.as_ref()?)));
        leaders
            .filter(|(_, status)| status.is_leader())
            .map(|(node, status)| (node, status.term))
            .max_by_key(|(_, term)| *term)
    }

    /// Whether all nodes answer and agree on one leader, or none of them knows what a leader is.
    pub fn settled(&self) -> bool {
        let Some(statuses) = self.last.values().map(Option::as_ref).collect::<Option<Vec<_>>>() else {
            return false;
        };
        let leaderless = statuses.iter().all(|status| status.leader.is_none() && status.term.is_none());
        let first = statuses.first().and_then(|status| status.leader);
        leaderless || first.is_some() && statuses.iter().all(|status| status.leader == first)
    }

    /// Who has which role.
    pub fn roles(&self) -> Roles {
        Roles { leader: self.leader().map(|(node, _)| node) }
    }
}

/// Whether one who leads now was elected after that other was.
pub fn is_new_leader(before: Option<Leader>, leader: Leader) -> bool {
    match (before, leader) {
        (None, _) => true,
        (Some((_, Some(old))), (_, Some(new))) => new > old,
        (Some((old, _)), (new, _)) => new != old,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_leader_is_one_of_a_later_term() {
        let (a, b) = (NodeId::new(1), NodeId::new(2));
        assert!(is_new_leader(None, (a, Some(3))));
        assert!(is_new_leader(Some((a, Some(3))), (a, Some(4))), "elected again");
        assert!(!is_new_leader(Some((a, Some(3))), (a, Some(3))));
        assert!(!is_new_leader(Some((a, Some(3))), (b, Some(2))), "deposed, and does not know it");
        assert!(is_new_leader(Some((a, None)), (b, None)));
        assert!(!is_new_leader(Some((a, None)), (a, None)));
    }

    #[test]
    fn nodes_are_settled_once_all_name_one_leader() {
        let says = |role: &str, leader: Option<u16>| {
            let leader = leader.map(NodeId::new);
            Some(Status { role: role.into(), term: Some(1), leader, ..Status::default() })
        };
        let mut sight = Sight::default();
        sight.see(NodeId::new(1), says("leader", Some(1)));
        sight.see(NodeId::new(2), says("follower", None));
        assert!(!sight.settled());
        sight.see(NodeId::new(2), says("follower", Some(1)));
        assert!(sight.settled());
        assert_eq!(sight.roles().leader, Some(NodeId::new(1)));
        sight.see(NodeId::new(2), None);
        assert!(!sight.settled());
    }
}
