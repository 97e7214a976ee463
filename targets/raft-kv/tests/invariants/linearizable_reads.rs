//! Reads (thesis §6.4): a read returns a state no older than what was committed before it began.

use ordalia_node::NodeId;

use super::{Invariant, assert_broken_by, run};
use crate::network::{Plan, World};

#[derive(Default)]
pub struct LinearizableReads {
    checked: usize,
}

impl Invariant for LinearizableReads {
    fn check(&mut self, world: &World, node: NodeId) -> Result<(), String> {
        for read in &world.reads[self.checked..] {
            if !world.reference.ever_held(read.floor, &read.key, read.value.as_ref()) {
                let (key, value) = (&read.key, &read.value);
                return Err(format!("{node}: a read of {key} gave {value:?}, over before {}", read.floor));
            }
        }
        self.checked = world.reads.len();
        Ok(())
    }
}

#[test]
fn a_deposed_leader_reads_the_past() {
    assert_broken_by::<LinearizableReads>("stale-read", 60);
}

#[test]
fn a_lease_without_end_reads_the_past() {
    assert_broken_by::<LinearizableReads>("lease-forever", 60);
}

#[test]
fn a_new_leader_does_not_know_what_is_committed() {
    assert_broken_by::<LinearizableReads>("no-noop-read", 300);
}

#[test]
fn local_reads_are_not_linearizable() {
    let broken = (0..60).any(|seed| {
        let plan = Plan { seed, bugs: vec![], options: vec![("reads", "local")] };
        run(&plan, &mut [&mut LinearizableReads::default()]).is_err()
    });
    assert!(broken);
}
