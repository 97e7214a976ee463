//! How the configurations came about: a tree of mutators, of which only the living branches are kept.

use crate::linearizable::{Limit, Meter};

use super::index::NONE;
use super::paid::Paid;

/// Mutators in the order in which they were placed.
#[derive(Debug)]
pub(super) struct Log<'a> {
    /// What all living branches share.
    trunk: Paid<'a, u32>,
    /// Parent and call. The first is where the trunk ends, and each comes after its parent.
    nodes: Paid<'a, (u32, u32)>,
    marks: Paid<'a, u32>,
    /// So many nodes are let grow.
    bound: usize,
}

/// Fewer nodes than this are not worth a collection.
const FEW: usize = 1 << 14;

impl<'a> Log<'a> {
    /// Where no mutator was placed.
    pub(super) const ROOT: u32 = 0;

    /// An empty tree.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(super) fn new(meter: &'a Meter) -> Result<Self, Limit> {
        let mut nodes = Paid::new(meter);
        nodes.push((NONE, NONE))?;
        Ok(Self { trunk: Paid::new(meter), nodes, marks: Paid::new(meter), bound: FEW })
    }

    /// Notes that a call was placed after that node.
    ///
    /// # Errors
    /// There is no memory left.
    pub(super) fn add(&mut self, parent: u32, call: u32) -> Result<u32, Limit> {
        self.nodes.push((parent, call))?;
        Ok(self.nodes.len() as u32 - 1)
    }

    /// Whether it is time for a collection.
    pub(super) fn is_large(&self) -> bool {
        self.nodes.len() > self.bound
    }

    /// Keeps only the branches of the living, moves to the trunk what they share, and gives each its new node.
    ///
    /// # Errors
    /// There is no memory to sort them.
    pub(super) fn keep<'b>(&mut self, living: impl Iterator<Item = &'b mut u32>) -> Result<(), Limit> {
        let living: Vec<&mut u32> = living.collect();
        self.marks.truncate(0);
        self.marks.resize(self.nodes.len(), NONE)?;
        let mut eldest = usize::MAX;
        for node in &living {
            self.marks[**node as usize] = 0;
            eldest = eldest.min(**node as usize);
        }
        let shared = self.mark().min(eldest);
        self.flush(shared)?;
        self.compact(shared);
        for node in living {
            *node = self.marks[*node as usize];
        }
        self.bound = (2 * self.nodes.len()).max(FEW);
        Ok(())
    }

    /// Marks the ancestors of what is marked, and returns the first node that has two marked children.
    fn mark(&mut self) -> usize {
        for at in (1..self.nodes.len()).rev() {
            if self.marks[at] != NONE {
                self.marks[self.nodes[at].0 as usize] = 0;
            }
        }
        // Children come after their parents. So where no branch forks, each node is the child of the one ahead.
        let mut shared = usize::MAX;
        let mut last = 0;
        for at in 1..self.nodes.len() {
            if self.marks[at] == NONE {
                continue;
            }
            let parent = self.nodes[at].0 as usize;
            if parent != last {
                shared = shared.min(parent);
            }
            last = at;
        }
        shared
    }

    /// Moves what leads to a node to the trunk.
    fn flush(&mut self, shared: usize) -> Result<(), Limit> {
        for at in 1..=shared {
            if self.marks[at] != NONE {
                self.trunk.push(self.nodes[at].1)?;
            }
        }
        Ok(())
    }

    /// Moves the marked nodes together, that one to the first place, and marks each with its new place.
    fn compact(&mut self, shared: usize) {
        self.marks[shared] = Self::ROOT;
        self.nodes[0] = (NONE, NONE);
        let mut kept = 1;
        for at in shared + 1..self.nodes.len() {
            if self.marks[at] == NONE {
                continue;
            }
            let (parent, call) = self.nodes[at];
            self.nodes[kept] = (self.marks[parent as usize], call);
            self.marks[at] = kept as u32;
            kept += 1;
        }
        self.nodes.truncate(kept);
    }

    /// The calls that lead to a node, in order.
    pub(super) fn path(&self, mut node: u32) -> Vec<u32> {
        let mut branch = Vec::new();
        while node != Self::ROOT {
            let (parent, call) = self.nodes[node as usize];
            branch.push(call);
            node = parent;
        }
        let mut path = self.trunk.to_vec();
        path.extend(branch.into_iter().rev());
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Budget;
    use std::time::Duration;

    #[test]
    fn what_is_shared_goes_to_the_trunk_and_no_path_changes() {
        let meter = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 1 << 20 });
        let mut log = Log::new(&meter).unwrap();
        let a = log.add(Log::ROOT, 10).unwrap();
        let _dead = log.add(a, 99).unwrap();
        let b = log.add(a, 11).unwrap();
        let mut c = log.add(b, 12).unwrap();
        let _dead = log.add(Log::ROOT, 98).unwrap();
        let mut d = log.add(b, 13).unwrap();
        log.keep([&mut c, &mut d].into_iter()).unwrap();
        assert_eq!((&*log.trunk, log.nodes.len()), (&[10, 11][..], 3));
        assert_eq!((log.path(c), log.path(d)), (vec![10, 11, 12], vec![10, 11, 13]));
        // A living node that is an ancestor of another ends the trunk.
        let mut e = log.add(d, 14).unwrap();
        log.keep([&mut d, &mut e].into_iter()).unwrap();
        assert_eq!((&*log.trunk, log.nodes.len()), (&[10, 11, 13][..], 2));
        assert_eq!((log.path(d), log.path(e)), (vec![10, 11, 13], vec![10, 11, 13, 14]));
    }
}
