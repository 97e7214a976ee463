//! How often the nodes call fsync, over all their lives.
//!
//! A process that is killed takes its count along. What it said of it last is kept, several times a second, so the
//! total of a node that was killed is a lower bound, and says so.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ordalia_node::NodeId;
use ordalia_record::DiskTotals;

use crate::NodeReport;

/// What was last heard of each process: its node, its id, and its fsyncs.
#[derive(Debug, Default)]
pub(crate) struct DiskCounts(Mutex<BTreeMap<(NodeId, u32), u64>>);

impl DiskCounts {
    /// A node said how it is.
    pub(crate) fn note(&self, node: NodeId, report: &NodeReport) {
        let (Some(pid), Some(fsyncs)) = (report.pid, report.fsyncs) else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = known.entry((node, pid)).or_default();
        *count = fsyncs.max(*count);
    }

    /// The totals of the nodes. `heard_last` says which of them were asked at the very end.
    pub(crate) fn totals(&self, heard_last: impl Fn(NodeId) -> bool) -> Vec<DiskTotals> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut nodes: BTreeMap<NodeId, (u64, usize)> = BTreeMap::new();
        for ((node, _), fsyncs) in known.iter() {
            let (total, lives) = nodes.entry(*node).or_default();
            (*total, *lives) = (total.saturating_add(*fsyncs), *lives + 1);
        }
        let total = |(node, (fsyncs, lives)): (NodeId, (u64, usize))| DiskTotals {
            node: node.to_string(),
            fsyncs,
            at_least: lives > 1 || !heard_last(node),
        };
        nodes.into_iter().map(total).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_node::Status;

    #[test]
    fn the_count_of_a_life_that_was_killed_is_kept_as_a_lower_bound() {
        let report =
            |pid, fsyncs| NodeReport { pid: Some(pid), fsyncs: Some(fsyncs), status: Status::default() };
        let (n1, n2, n3) = (NodeId::new(1), NodeId::new(2), NodeId::new(3));
        let counts = DiskCounts::default();
        for (node, pid, fsyncs) in [(n1, 7, 10), (n2, 8, 4), (n1, 7, 25), (n1, 9, 3), (n3, 10, 1)] {
            counts.note(node, &report(pid, fsyncs));
        }
        counts.note(n3, &NodeReport { pid: Some(10), fsyncs: None, status: Status::default() });
        let totals = counts.totals(|node| node != n3);
        let told: Vec<(&str, u64, bool)> =
            totals.iter().map(|one| (one.node.as_str(), one.fsyncs, one.at_least)).collect();
        assert_eq!(told, [("n1", 28, true), ("n2", 4, false), ("n3", 1, true)]);
    }
}
