//! A sequence that grows at its end and shrinks at both.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::mix;
use crate::linearizable::ValueId;

/// The base of the polynomial that hashes a sequence: odd, hence with an inverse among numbers of 64 bits.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// The inverse of [`BASE`], by Newton's iteration, which doubles the bits that are right.
const INVERSE: u64 = {
    let mut inverse = BASE;
    let mut round = 0;
    while round < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(BASE.wrapping_mul(inverse)));
        round += 1;
    }
    inverse
};

/// A sequence of values: of a chain of all that was ever appended, those behind a place.
///
/// Appending and taking the last take constant time, taking the first logarithmic time: each link knows one
/// far behind it (Myers, *An applicative random-access stack*, 1983). What was taken from the front stays
/// in the chain, which all versions share.
#[derive(Clone)]
pub struct Sequence {
    last: Option<Arc<Link>>,
    len: u64,
    /// The polynomial of the values in the sequence.
    hash: u64,
    /// [`BASE`] to the power of `len`.
    power: u64,
}

struct Link {
    value: ValueId,
    /// How many links there are behind this one.
    depth: u64,
    previous: Option<Arc<Link>>,
    /// A link further behind.
    jump: Option<Arc<Link>>,
}

impl Link {
    fn after(previous: Option<&Arc<Link>>, value: ValueId) -> Link {
        let Some(before) = previous else {
            return Link { value, depth: 0, previous: None, jump: None };
        };
        let depth_of = |link: &Option<Arc<Link>>| link.as_ref().map_or(0, |link| link.depth);
        let first = depth_of(&before.jump);
        let second = before.jump.as_ref().map_or(0, |link| depth_of(&link.jump));
        // Two jumps of equal length in a row are joined into one.
        let joined = before.jump.is_some() && before.depth - first == first - second;
        let jump = match (&before.jump, joined) {
            (Some(link), true) => link.jump.clone().or_else(|| Some(link.clone())),
            _ => Some(before.clone()),
        };
        Link { value, depth: before.depth + 1, previous: previous.cloned(), jump }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // The chain holds what the jump leads to, so that is not the last hold on it.
        self.jump = None;
        let mut next = self.previous.take();
        while let Some(mut link) = next.and_then(Arc::into_inner) {
            link.jump = None;
            next = link.previous.take();
        }
    }
}

impl Default for Sequence {
    fn default() -> Self {
        Self { last: None, len: 0, hash: 0, power: 1 }
    }
}

impl Sequence {
    /// How many values there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// With another value at the end.
    #[must_use]
    pub fn append(&self, value: ValueId) -> Self {
        // Nothing is left of an empty sequence but what was taken from it.
        let previous = if self.len == 0 { None } else { self.last.as_ref() };
        Self {
            last: Some(Arc::new(Link::after(previous, value))),
            len: self.len + 1,
            hash: self.hash.wrapping_mul(BASE).wrapping_add(term(value)),
            power: self.power.wrapping_mul(BASE),
        }
    }

    /// The value at the end.
    pub fn last(&self) -> Option<ValueId> {
        self.links().next().map(|link| link.value)
    }

    /// The value at the front.
    pub fn first(&self) -> Option<ValueId> {
        let mut link = self.last.as_ref().filter(|_| self.len > 0)?;
        let target = link.depth + 1 - self.len;
        while link.depth > target {
            link = match &link.jump {
                Some(jump) if jump.depth >= target => jump,
                _ => link.previous.as_ref()?,
            };
        }
        Some(link.value)
    }

    /// Without the value at the end; `None` where there is none.
    #[must_use]
    pub fn without_last(&self) -> Option<Self> {
        let last = self.last.as_ref().filter(|_| self.len > 0)?;
        if self.len == 1 {
            return Some(Self::default());
        }
        Some(Self {
            last: last.previous.clone(),
            len: self.len - 1,
            hash: self.hash.wrapping_sub(term(last.value)).wrapping_mul(INVERSE),
            power: self.power.wrapping_mul(INVERSE),
        })
    }

    /// Without the value at the front; `None` where there is none.
    #[must_use]
    pub fn without_first(&self) -> Option<Self> {
        let first = self.first()?;
        if self.len == 1 {
            return Some(Self::default());
        }
        let power = self.power.wrapping_mul(INVERSE);
        let hash = self.hash.wrapping_sub(term(first).wrapping_mul(power));
        Some(Self { last: self.last.clone(), len: self.len - 1, hash, power })
    }

    /// Bytes that a version has to itself beside the one that it was made from.
    pub fn bytes_of_a_version() -> usize {
        // One link; an allocation has two counters and is rounded up.
        size_of::<Link>() + 32
    }

    /// The links from the end to the front.
    fn links(&self) -> impl Iterator<Item = &Arc<Link>> {
        let end = self.last.as_ref();
        std::iter::successors(end, |link| link.previous.as_ref())
            .take(usize::try_from(self.len).unwrap_or(usize::MAX))
    }

    /// The values from the end to the front.
    pub fn iter_back(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.links().map(|link| link.value)
    }
}

fn term(value: ValueId) -> u64 {
    mix(u64::from(value.number()))
}

impl FromIterator<ValueId> for Sequence {
    fn from_iter<I: IntoIterator<Item = ValueId>>(values: I) -> Self {
        values.into_iter().fold(Self::default(), |sequence, value| sequence.append(value))
    }
}

impl PartialEq for Sequence {
    fn eq(&self, other: &Self) -> bool {
        if (self.len, self.hash) != (other.len, other.hash) {
            return false;
        }
        for (one, other) in self.links().zip(other.links()) {
            if Arc::ptr_eq(one, other) {
                return true;
            }
            if one.value != other.value {
                return false;
            }
        }
        true
    }
}

impl Eq for Sequence {}

impl Hash for Sequence {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.hash);
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut values: Vec<ValueId> = self.iter_back().collect();
        values.reverse();
        f.debug_list().entries(values).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_what_a_deque_holds(steps in proptest::collection::vec((0u8..4, 0u32..4), 0..200)) {
            let mut deque: VecDeque<ValueId> = VecDeque::new();
            let mut sequence = Sequence::default();
            for (kind, number) in steps {
                let value = ValueId::of(number);
                match kind {
                    0 => {
                        prop_assert_eq!(sequence.without_first().is_some(), deque.pop_front().is_some());
                        sequence = sequence.without_first().unwrap_or_default();
                    }
                    1 => {
                        prop_assert_eq!(sequence.without_last().is_some(), deque.pop_back().is_some());
                        sequence = sequence.without_last().unwrap_or_default();
                    }
                    _ => {
                        deque.push_back(value);
                        sequence = sequence.append(value);
                    }
                }
                prop_assert_eq!(sequence.len(), deque.len() as u64);
                prop_assert_eq!(sequence.first(), deque.front().copied());
                prop_assert_eq!(sequence.last(), deque.back().copied());
                prop_assert!(sequence.iter_back().eq(deque.iter().rev().copied()));
                // Another way to the same contents gives the same.
                let again: Sequence = deque.iter().copied().collect();
                prop_assert_eq!((again.hash, again.power), (sequence.hash, sequence.power));
                prop_assert_eq!(again, sequence.clone());
            }
        }
    }

    #[test]
    fn contents_that_differ_are_not_equal() {
        let [a, b] = [1, 2].map(ValueId::of);
        let sequence = |values: &[ValueId]| values.iter().copied().collect::<Sequence>();
        assert_ne!(sequence(&[a, b]), sequence(&[b, a]));
        assert_ne!(sequence(&[a]), sequence(&[a, a]));
    }

    #[test]
    fn a_long_one_is_walked_by_jumps_and_dropped_without_recursion() {
        let mut sequence: Sequence = (0..300_000).map(ValueId::of).collect();
        for front in 0..1_000 {
            assert_eq!(sequence.first(), Some(ValueId::of(front)));
            sequence = sequence.without_first().unwrap();
        }
        drop(sequence);
    }
}
