//! What the presets are written with.

use ordalia_node::NodeId;

use crate::dice::Dice;
use crate::shape::all_links;
use crate::{CutMode, Fault, PartitionShape, Role, Targets, TimedFault};

/// The faults written so far.
pub(crate) struct Script<'a> {
    pub(crate) nodes: &'a [NodeId],
    pub(crate) dice: &'a mut Dice,
    pub(crate) duration_ms: u64,
    pub(crate) faults: Vec<TimedFault>,
}

impl Script<'_> {
    /// Adds a fault, shortened to end with the load.
    pub(crate) fn add(&mut self, at_ms: u64, for_ms: u64, fault: Fault) {
        let for_ms = for_ms.min(self.duration_ms.saturating_sub(at_ms));
        if for_ms > 0 {
            self.faults.push(TimedFault::new(at_ms, for_ms, fault));
        }
    }

    /// Delays messages on all links by different times.
    pub(crate) fn delay(&mut self, at_ms: u64, for_ms: u64, delay_ms: u64, jitter_ms: u64) {
        self.add(at_ms, for_ms, Fault::Delay { links: all_links(self.nodes), delay_ms, jitter_ms });
    }

    pub(crate) fn kill_leader(&mut self, at_ms: u64, for_ms: u64) {
        self.add(at_ms, for_ms, Fault::Kill { targets: Targets::Role(Role::Leader) });
    }

    pub(crate) fn cut(&mut self, at_ms: u64, for_ms: u64, shape: PartitionShape) {
        let links = shape.cut(self.nodes, self.dice);
        self.add(at_ms, for_ms, Fault::Partition { shape, links, mode: CutMode::Drop });
    }
}
