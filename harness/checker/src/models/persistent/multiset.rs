//! A multiset of values.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::mix;
use crate::linearizable::ValueId;

/// A multiset of values as a big-endian Patricia trie (Okasaki and Gill, *Fast Mergeable Integer Maps*, 1998):
/// its shape depends on the contents alone, and none of its functions goes deeper than 33 calls.
#[derive(Clone, Default)]
pub struct Multiset {
    root: Option<Arc<Node>>,
}

enum Node {
    Leaf { value: ValueId, count: u32 },
    Branch(Branch),
}

struct Branch {
    /// The highest bit in which members differ, alone.
    bit: u32,
    /// What all members have above that bit.
    prefix: u32,
    /// Without the bit, and with it.
    sides: [Arc<Node>; 2],
    len: u64,
    hash: u64,
}

impl Branch {
    /// Whether the number has the members' prefix.
    fn may_hold(&self, number: u32) -> bool {
        above(number, self.bit) == self.prefix
    }

    fn side(&self, number: u32) -> usize {
        usize::from(number & self.bit != 0)
    }
}

/// What a member adds to the hash.
fn term(value: ValueId) -> u64 {
    mix(u64::from(value.number()))
}

/// The bits above one bit.
fn above(number: u32, bit: u32) -> u32 {
    number & !(bit | (bit - 1))
}

impl Node {
    fn len(&self) -> u64 {
        match self {
            Node::Leaf { count, .. } => u64::from(*count),
            Node::Branch(branch) => branch.len,
        }
    }

    /// The sum of the members' hashes.
    fn hash(&self) -> u64 {
        match self {
            Node::Leaf { value, count } => term(*value).wrapping_mul(u64::from(*count)),
            Node::Branch(branch) => branch.hash,
        }
    }

    fn branch(bit: u32, prefix: u32, sides: [Arc<Node>; 2]) -> Node {
        let len = sides[0].len() + sides[1].len();
        let hash = sides[0].hash().wrapping_add(sides[1].hash());
        Node::Branch(Branch { bit, prefix, sides, len, hash })
    }

    /// A node over two that differ in their prefix.
    fn join(one: (u32, Arc<Node>), other: (u32, Arc<Node>)) -> Node {
        let bit = 1 << (one.0 ^ other.0).max(1).ilog2();
        let prefix = above(one.0, bit);
        let sides = if one.0 & bit == 0 { [one.1, other.1] } else { [other.1, one.1] };
        Node::branch(bit, prefix, sides)
    }

    fn insert(this: &Arc<Node>, value: ValueId) -> Arc<Node> {
        let new = || Arc::new(Node::Leaf { value, count: 1 });
        let number = value.number();
        Arc::new(match &**this {
            Node::Leaf { value: held, count } if *held == value => {
                Node::Leaf { value, count: count.saturating_add(1) }
            }
            Node::Leaf { value: held, .. } => Node::join((held.number(), this.clone()), (number, new())),
            Node::Branch(branch) if branch.may_hold(number) => {
                let side = branch.side(number);
                let mut sides = branch.sides.clone();
                sides[side] = Node::insert(&branch.sides[side], value);
                Node::branch(branch.bit, branch.prefix, sides)
            }
            Node::Branch(branch) => Node::join((branch.prefix, this.clone()), (number, new())),
        })
    }

    /// What is left without one member of that value, which there is.
    fn remove(this: &Arc<Node>, value: ValueId) -> Option<Arc<Node>> {
        match &**this {
            Node::Leaf { count, .. } => {
                (*count > 1).then(|| Arc::new(Node::Leaf { value, count: count - 1 }))
            }
            Node::Branch(branch) => {
                let side = branch.side(value.number());
                let Some(left) = Node::remove(&branch.sides[side], value) else {
                    return Some(branch.sides[1 - side].clone());
                };
                let mut sides = branch.sides.clone();
                sides[side] = left;
                Some(Arc::new(Node::branch(branch.bit, branch.prefix, sides)))
            }
        }
    }

    fn equals(one: &Arc<Node>, other: &Arc<Node>) -> bool {
        if Arc::ptr_eq(one, other) {
            return true;
        }
        match (&**one, &**other) {
            (Node::Leaf { value: a, count: m }, Node::Leaf { value: b, count: n }) => a == b && m == n,
            (Node::Branch(a), Node::Branch(b)) => {
                (a.hash, a.len, a.bit, a.prefix) == (b.hash, b.len, b.bit, b.prefix)
                    && a.sides.iter().zip(&b.sides).all(|(a, b)| Node::equals(a, b))
            }
            _ => false,
        }
    }
}

impl Multiset {
    /// How many members there are, each as often as it is in.
    pub fn len(&self) -> u64 {
        self.root.as_ref().map_or(0, |root| root.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// How often a value is in.
    pub fn count(&self, value: ValueId) -> u32 {
        let mut node = self.root.as_ref();
        while let Some(Node::Branch(branch)) = node.map(|node| &**node) {
            node = Some(&branch.sides[branch.side(value.number())]);
        }
        match node.map(|node| &**node) {
            Some(Node::Leaf { value: held, count }) if *held == value => *count,
            _ => 0,
        }
    }

    /// With that value once more.
    #[must_use]
    pub fn with(&self, value: ValueId) -> Self {
        let root = match &self.root {
            Some(root) => Node::insert(root, value),
            None => Arc::new(Node::Leaf { value, count: 1 }),
        };
        Self { root: Some(root) }
    }

    /// With that value once less; `None` where it is not in.
    #[must_use]
    pub fn without(&self, value: ValueId) -> Option<Self> {
        if self.count(value) == 0 {
            return None;
        }
        Some(Self { root: self.root.as_ref().and_then(|root| Node::remove(root, value)) })
    }

    /// Bytes that a version has to itself beside the one that it was made from.
    pub fn bytes_of_a_version(&self) -> usize {
        // A path from the root to a leaf; an allocation has two counters and is rounded up.
        let nodes = self.len().checked_ilog2().map_or(0, |depth| depth as usize + 2);
        nodes * (size_of::<Node>() + 32)
    }

    /// The sum of the members' hashes; equal for equal multisets.
    pub(in crate::models) fn hash_sum(&self) -> u64 {
        self.root.as_ref().map_or(0, |root| root.hash())
    }

    /// The hash that a multiset of these has.
    pub(in crate::models) fn hash_of(values: &[ValueId]) -> u64 {
        values.iter().fold(0, |sum, value| sum.wrapping_add(term(*value)))
    }

    /// The members in order of their numbers, each as often as it is in.
    pub fn iter(&self) -> impl Iterator<Item = ValueId> + '_ {
        let mut pending: Vec<&Node> = self.root.iter().map(|root| &**root).collect();
        let leaves = std::iter::from_fn(move || {
            loop {
                match pending.pop()? {
                    Node::Leaf { value, count } => return Some((*value, *count)),
                    Node::Branch(branch) => {
                        pending.push(&branch.sides[1]);
                        pending.push(&branch.sides[0]);
                    }
                }
            }
        });
        leaves.flat_map(|(value, count)| std::iter::repeat_n(value, count as usize))
    }
}

impl FromIterator<ValueId> for Multiset {
    fn from_iter<I: IntoIterator<Item = ValueId>>(values: I) -> Self {
        values.into_iter().fold(Self::default(), |multiset, value| multiset.with(value))
    }
}

impl PartialEq for Multiset {
    fn eq(&self, other: &Self) -> bool {
        match (&self.root, &other.root) {
            (Some(one), Some(other)) => Node::equals(one, other),
            (None, None) => true,
            _ => false,
        }
    }
}

impl Eq for Multiset {}

impl Hash for Multiset {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.hash_sum());
    }
}

impl fmt::Debug for Multiset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_what_a_map_of_counts_holds(
            steps in proptest::collection::vec((any::<bool>(), prop_oneof![0u32..6, any::<u32>()]), 0..60),
        ) {
            let mut map: BTreeMap<u32, u32> = BTreeMap::new();
            let mut multiset = Multiset::default();
            for (adds, number) in steps {
                let value = ValueId::of(number);
                let held = map.get(&number).copied().unwrap_or(0);
                prop_assert_eq!(multiset.count(value), held);
                if adds {
                    map.insert(number, held + 1);
                    multiset = multiset.with(value);
                } else if held == 0 {
                    prop_assert!(multiset.without(value).is_none());
                } else {
                    map.insert(number, held - 1);
                    multiset = multiset.without(value).unwrap();
                }
                map.retain(|_, count| *count > 0);
                let all: Vec<ValueId> = map
                    .iter()
                    .flat_map(|(number, count)| vec![ValueId::of(*number); *count as usize])
                    .collect();
                prop_assert_eq!(multiset.len(), all.len() as u64);
                prop_assert_eq!(multiset.iter().collect::<Vec<_>>(), all.clone());
                // Another way to the same contents gives the same.
                let again: Multiset = all.into_iter().rev().collect();
                prop_assert_eq!(again.hash_sum(), multiset.hash_sum());
                prop_assert_eq!(Multiset::hash_of(&again.iter().collect::<Vec<_>>()), multiset.hash_sum());
                prop_assert_eq!(again, multiset.clone());
            }
        }
    }

    #[test]
    fn contents_that_differ_are_not_equal() {
        let [a, b] = [1, 2].map(ValueId::of);
        let one: Multiset = [a].into_iter().collect();
        assert_ne!(one, [a, a].into_iter().collect());
        assert_ne!(one, [b].into_iter().collect());
        assert_ne!(one, Multiset::default());
    }
}
