//! Sets of slots, as narrow as the concurrency of a history allows.

/// A set of slots, each of which stands for an operation that is under way.
pub(super) trait Mask: Copy + Eq + Send + Sync {
    /// How many slots there are.
    const SLOTS: usize;
    /// No slot.
    const EMPTY: Self;

    /// That slot alone.
    fn only(slot: usize) -> Self;
    /// The slots of both.
    fn and(self, other: Self) -> Self;
    /// The slots of either.
    fn or(self, other: Self) -> Self;
    /// The slots that the other does not have.
    fn without(self, other: Self) -> Self;
    /// The lowest slot.
    fn lowest(self) -> Option<usize>;
    /// How many slots are in it.
    fn count(self) -> usize;
    /// A number that spreads sets over a table.
    fn hash(self) -> u64;

    /// Whether it has no slot.
    fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// Whether it has that slot.
    fn has(self, slot: usize) -> bool {
        !self.and(Self::only(slot)).is_empty()
    }

    /// Whether it has all the slots of the other.
    fn covers(self, other: Self) -> bool {
        other.without(self).is_empty()
    }

    /// The slots, lowest first.
    fn slots(self) -> Slots<Self> {
        Slots(self)
    }
}

/// The slots of a set, lowest first.
pub(super) struct Slots<K>(K);

impl<K: Mask> Iterator for Slots<K> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let slot = self.0.lowest()?;
        self.0 = self.0.without(K::only(slot));
        Some(slot)
    }
}

/// Spreads the bits of a word.
pub(super) fn mix(word: u64) -> u64 {
    let mixed = (word ^ word >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

macro_rules! integer_mask {
    ($integer:ty, $hash:expr) => {
        impl Mask for $integer {
            const SLOTS: usize = <$integer>::BITS as usize;
            const EMPTY: Self = 0;

            fn only(slot: usize) -> Self {
                1 << slot
            }

            fn and(self, other: Self) -> Self {
                self & other
            }

            fn or(self, other: Self) -> Self {
                self | other
            }

            fn without(self, other: Self) -> Self {
                self & !other
            }

            fn lowest(self) -> Option<usize> {
                (self != 0).then(|| self.trailing_zeros() as usize)
            }

            fn count(self) -> usize {
                self.count_ones() as usize
            }

            fn hash(self) -> u64 {
                $hash(self)
            }
        }
    };
}

integer_mask!(u64, mix);
integer_mask!(u128, |mask: u128| mix(mask as u64 ^ mix((mask >> 64) as u64)));

/// A set of `64 * N` slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide<const N: usize>([u64; N]);

impl<const N: usize> Wide<N> {
    fn join(self, other: Self, word: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|at| word(self.0[at], other.0[at])))
    }
}

impl<const N: usize> Mask for Wide<N> {
    const SLOTS: usize = 64 * N;
    const EMPTY: Self = Self([0; N]);

    fn only(slot: usize) -> Self {
        Self(std::array::from_fn(|at| if at == slot / 64 { 1 << (slot % 64) } else { 0 }))
    }

    fn and(self, other: Self) -> Self {
        self.join(other, |one, two| one & two)
    }

    fn or(self, other: Self) -> Self {
        self.join(other, |one, two| one | two)
    }

    fn without(self, other: Self) -> Self {
        self.join(other, |one, two| one & !two)
    }

    fn lowest(self) -> Option<usize> {
        let at = self.0.iter().position(|word| *word != 0)?;
        Some(64 * at + self.0[at].trailing_zeros() as usize)
    }

    fn count(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn hash(self) -> u64 {
        self.0.iter().fold(0, |hash, word| mix(hash.rotate_left(5) ^ word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds<K: Mask + std::fmt::Debug>() {
        let picked = [0, 1, K::SLOTS / 2, K::SLOTS - 1];
        let set = picked.iter().fold(K::EMPTY, |set, slot| set.or(K::only(*slot)));
        assert_eq!(set.slots().collect::<Vec<_>>(), picked);
        assert_eq!((set.count(), K::EMPTY.lowest(), set.has(2)), (4, None, false));
        let less = set.without(K::only(K::SLOTS - 1));
        assert!(set.covers(less) && !less.covers(set) && !less.has(K::SLOTS - 1));
        assert_eq!(set.and(K::only(1)), K::only(1));
        assert_ne!(set.hash(), less.hash());
    }

    #[test]
    fn every_width_is_a_set() {
        holds::<u64>();
        holds::<u128>();
        holds::<Wide<4>>();
        holds::<Wide<64>>();
    }
}
