//! Election Safety (§5.2): at most one leader is elected in a given term. Two leaders of one term
//! would write different entries under the same index and term, which nothing could tell apart.

use std::collections::BTreeMap;

use ordalia_node::NodeId;

use super::{Invariant, assert_broken_by};
use crate::network::World;

#[derive(Default)]
pub struct ElectionSafety {
    leaders: BTreeMap<u64, NodeId>,
}

impl Invariant for ElectionSafety {
    fn check(&mut self, world: &World, node: NodeId) -> Result<(), String> {
        let Some(raft) = world.settled(node).filter(|raft| raft.is_leader()) else { return Ok(()) };
        let leader = *self.leaders.entry(raft.term()).or_insert(node);
        if leader != node {
            return Err(format!("{leader} and {node} lead in term {}", raft.term()));
        }
        Ok(())
    }
}

#[test]
fn forgotten_votes_elect_two_leaders() {
    assert_broken_by::<ElectionSafety>("forget-vote", 60);
}

#[test]
fn a_majority_of_the_living_elects_two_leaders() {
    assert_broken_by::<ElectionSafety>("quorum-of-alive", 60);
}
