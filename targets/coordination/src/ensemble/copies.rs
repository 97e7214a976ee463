//! Requests that the network delivers twice.
//!
//! What a session writes has a number of its own. What an agent relays has only the number that the
//! agent gave it, so the members note those numbers: a `cas` that is carried out twice fails the second
//! time, and the agent would give its client whichever answer comes first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ordalia_node::NodeId;

/// Numbers noted of each node. Copies come close behind each other.
const MAX_NOTED: usize = 4096;

/// The numbers seen lately.
#[derive(Debug, Default)]
pub(super) struct Copies {
    of: BTreeMap<NodeId, (BTreeSet<u64>, VecDeque<u64>)>,
}

impl Copies {
    /// Notes a number. False if it was seen before.
    pub fn is_first(&mut self, from: NodeId, id: u64) -> bool {
        let (seen, order) = self.of.entry(from).or_default();
        if !seen.insert(id) {
            return false;
        }
        order.push_back(id);
        if order.len() > MAX_NOTED
            && let Some(eldest) = order.pop_front()
        {
            seen.remove(&eldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_numbers_of_its_own() {
        let mut copies = Copies::default();
        assert!(copies.is_first(NodeId::new(4), 7));
        assert!(!copies.is_first(NodeId::new(4), 7));
        assert!(copies.is_first(NodeId::new(5), 7));
        assert!((0..10_000).filter(|id| *id != 7).all(|id| copies.is_first(NodeId::new(4), id)));
        assert_eq!(copies.of[&NodeId::new(4)].0.len(), MAX_NOTED);
    }
}
