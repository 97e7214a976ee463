//! Leader Completeness (§5.4): an entry committed in a term is in the logs of the leaders of all
//! later terms. Without it what was answered to a client could be undone.

use ordalia_node::NodeId;

use super::{Invariant, assert_broken_by};
use crate::network::World;

#[derive(Default)]
pub struct LeaderCompleteness;

impl Invariant for LeaderCompleteness {
    fn check(&mut self, world: &World, node: NodeId) -> Result<(), String> {
        let Some(raft) = world.settled(node).filter(|raft| raft.is_leader()) else { return Ok(()) };
        let log = raft.log();
        let last = world.reference.last();
        for place in last.saturating_sub(60)..last {
            let (committed, index) = (&world.reference.log[place], place as u64 + 1);
            let is_due = committed.in_term < raft.term() && index > log.base_index();
            if is_due && log.term(index) != Some(committed.term) {
                let found = log.term(index);
                return Err(format!("{node}, which leads in term {}, has {found:?} at {index}", raft.term()));
            }
        }
        Ok(())
    }
}

#[test]
fn votes_for_any_log_lose_entries() {
    assert_broken_by::<LeaderCompleteness>("any-vote", 60);
}

#[test]
fn entries_acknowledged_before_they_are_durable_are_lost() {
    assert_broken_by::<LeaderCompleteness>("forget-log", 60);
}

#[test]
fn a_tail_dropped_without_a_conflict_is_lost() {
    assert_broken_by::<LeaderCompleteness>("truncate-always", 60);
}

#[test]
fn answers_ahead_of_the_commit_are_taken_back() {
    assert_broken_by::<LeaderCompleteness>("ack-before-commit", 60);
}
