//! What the nodes say of themselves, and who therefore has which role.

use std::collections::BTreeMap;

use ordalia_node::{NodeId, Status};

use crate::{Occasion, Roles};

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

    /// Whether all nodes answer and agree on one leader, who is one of them, or none of them knows what a leader
    /// is. A node that was never seen is no part of the cluster.
    pub fn settled(&self) -> bool {
        let Some(statuses) = self.last.values().map(Option::as_ref).collect::<Option<Vec<_>>>() else {
            return false;
        };
        let leaderless = statuses.iter().all(|status| status.leader.is_none() && status.term.is_none());
        let first = statuses.first().and_then(|status| status.leader);
        let first = first.filter(|leader| self.last.contains_key(leader));
        leaderless || first.is_some() && statuses.iter().all(|status| status.leader == first)
    }

    /// The node that shows a moment just now: one that stands for election, or a leader whose last entry is not
    /// committed, where its status has `last_index` and `commit_index`. Nobody shows the other occasions.
    pub fn witness(&self, occasion: Occasion) -> Option<NodeId> {
        let shows = |status: &Status| match occasion {
            Occasion::Election => status.role == "candidate",
            Occasion::Append => status.is_leader() && has_uncommitted(status),
            Occasion::Snapshot | Occasion::NewLeader => false,
        };
        let mut seen = self.last.iter().filter_map(|(node, status)| Some((*node, status.as_ref()?)));
        seen.find(|(_, status)| shows(status)).map(|(node, _)| node)
    }

    /// Who has which role.
    pub fn roles(&self) -> Roles {
        Roles { leader: self.leader().map(|(node, _)| node), witness: None }
    }
}

fn has_uncommitted(status: &Status) -> bool {
    let index = |name: &str| status.fields.get(name).and_then(serde_json::Value::as_u64);
    index("last_index").zip(index("commit_index")).is_some_and(|(last, committed)| last > committed)
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
    fn moments_show_in_roles_and_indices() {
        let says = |role: &str, last: u64, committed: u64| {
            let fields = [("last_index", last), ("commit_index", committed)];
            let fields = fields.map(|(name, index)| (name.to_owned(), index.into())).into();
            Some(Status { role: role.into(), fields, ..Status::default() })
        };
        let mut sight = Sight::default();
        sight.see(NodeId::new(1), says("follower", 9, 7));
        sight.see(NodeId::new(2), says("leader", 9, 9));
        assert_eq!([Occasion::Election, Occasion::Append].map(|moment| sight.witness(moment)), [None; 2]);
        sight.see(NodeId::new(2), says("leader", 10, 9));
        sight.see(NodeId::new(3), says("candidate", 0, 0));
        assert_eq!(sight.witness(Occasion::Append), Some(NodeId::new(2)));
        assert_eq!(sight.witness(Occasion::Election), Some(NodeId::new(3)));
        assert_eq!(sight.witness(Occasion::Snapshot), None);
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
        sight.see(NodeId::new(1), says("follower", Some(3)));
        sight.see(NodeId::new(2), says("follower", Some(3)));
        assert!(!sight.settled(), "nobody has seen the leader");
    }
}
