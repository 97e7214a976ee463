//! Log Matching (§5.3): if two logs contain an entry with the same index and term, they are equal
//! up to it. Without it an acknowledgement would say nothing of what lies before.

use std::collections::BTreeMap;

use ordalia_node::NodeId;

use super::{Invariant, assert_broken_by};
use crate::network::{Identity, World, identity};

/// For each index and term: what the entry is, and the term ahead of it.
#[derive(Default)]
pub struct LogMatching {
    entries: BTreeMap<(u64, u64), (Identity, u64)>,
    seen: BTreeMap<NodeId, (u64, u64)>,
}

impl Invariant for LogMatching {
    fn check(&mut self, world: &World, node: NodeId) -> Result<(), String> {
        let Some(raft) = world.settled(node) else { return Ok(()) };
        let log = raft.log();
        let last = (log.last_index(), log.last_term());
        if self.seen.insert(node, last) == Some(last) {
            return Ok(());
        }
        let start = raft.commit_index().saturating_sub(10).max(log.base_index());
        let mut before = log.term(start).unwrap_or(0);
        for (entry, index) in log.after(start).zip(start + 1..) {
            let found = (identity(entry), before);
            let known = self.entries.entry((index, entry.term)).or_insert(found);
            if *known != found {
                return Err(format!("{node} has {found:?} at {index}, term {}, not {known:?}", entry.term));
            }
            before = entry.term;
        }
        Ok(())
    }
}

#[test]
fn two_leaders_of_a_term_break_it() {
    assert_broken_by::<LogMatching>("quorum-of-alive", 60);
}
