//! Exactly once (thesis §6.3): the state is what it would be if each command had been applied once,
//! where it first stands in the log, however often it was sent.

use std::collections::BTreeMap;

use ordalia_node::NodeId;

use super::{Invariant, assert_broken_by, assert_broken_with};
use crate::network::World;

#[derive(Default)]
pub struct ExactlyOnce {
    applied: BTreeMap<NodeId, u64>,
}

impl Invariant for ExactlyOnce {
    fn check(&mut self, world: &World, node: NodeId) -> Result<(), String> {
        let Some(raft) = world.settled(node) else { return Ok(()) };
        let index = raft.applied_index();
        if self.applied.insert(node, index) == Some(index) {
            return Ok(());
        }
        match world.reference.states.get(usize::try_from(index).unwrap()) {
            Some(state) if state != raft.machine() => {
                Err(format!("{node} holds {:?} at {index}, not {state:?}", raft.machine()))
            }
            _ => Ok(()),
        }
    }
}

#[test]
fn retried_commands_are_applied_twice() {
    assert_broken_by::<ExactlyOnce>("apply-twice", 60);
}

#[test]
fn a_snapshot_without_sessions_forgets_what_was_applied() {
    assert_broken_with::<ExactlyOnce>("lost-session", &[("snapshot-every", "4")], 100);
}

#[test]
fn a_snapshot_off_by_one_loses_an_entry() {
    assert_broken_by::<ExactlyOnce>("snapshot-off-by-one", 60);
}
