//! State Machine Safety (§5.4.3): no two nodes apply different entries at the same index.

use std::collections::BTreeMap;

use ordalia_node::NodeId;

use super::{Invariant, assert_broken_by};
use crate::network::{World, identity};

#[derive(Default)]
pub struct StateMachineSafety {
    applied: BTreeMap<NodeId, u64>,
}

impl Invariant for StateMachineSafety {
    fn check(&mut self, world: &World, node: NodeId) -> Result<(), String> {
        let Some(raft) = world.settled(node) else { return Ok(()) };
        let from = self.applied.insert(node, raft.applied_index()).unwrap_or(0);
        for index in from + 1..=raft.applied_index() {
            let place = usize::try_from(index - 1).unwrap();
            let (Some(entry), Some(first)) = (raft.log().get(index), world.reference.log.get(place)) else {
                continue;
            };
            if (entry.term, identity(entry)) != (first.term, first.identity) {
                return Err(format!("{node} applies another entry at {index} than was applied there before"));
            }
        }
        Ok(())
    }
}

#[test]
fn entries_of_a_deposed_leader_replace_applied_ones() {
    assert_broken_by::<StateMachineSafety>("ignore-term", 60);
}

#[test]
fn lost_votes_replace_applied_entries() {
    assert_broken_by::<StateMachineSafety>("any-vote", 60);
}
