//! The set of completed calls already placed, and its compact copy.

/// A set of ranks that grows mostly from below: all ranks under `low` are in it, none from `high` on.
#[derive(Debug)]
pub(super) struct Placed {
    words: Vec<u64>,
    low: usize,
    high: usize,
    count: usize,
    capacity: usize,
}

impl Placed {
    /// The empty set of ranks below `capacity`.
    pub(super) fn new(capacity: usize) -> Self {
        // One word more than needed lets a window be read across the end.
        Self { words: vec![0; capacity / 64 + 2], low: 0, high: 0, count: 0, capacity }
    }

    /// How many ranks are in the set.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Whether all ranks are in the set.
    pub(super) fn is_full(&self) -> bool {
        self.count == self.capacity
    }

    /// The lowest rank that is not in the set.
    pub(super) fn low(&self) -> usize {
        self.low
    }

    /// Adds a rank and returns the former upper bound, for [`Placed::remove`].
    pub(super) fn add(&mut self, rank: usize) -> usize {
        let former = self.high;
        self.words[rank / 64] |= 1 << (rank % 64);
        self.high = former.max(rank + 1);
        self.count += 1;
        while self.low < self.high && self.words[self.low / 64] >> (self.low % 64) & 1 == 1 {
            self.low += 1;
        }
        former
    }

    /// Takes back the last addition.
    pub(super) fn remove(&mut self, rank: usize, former_high: usize) {
        self.words[rank / 64] &= !(1 << (rank % 64));
        self.high = former_high;
        self.low = self.low.min(rank);
        self.count -= 1;
    }

    /// The bits from `low` to `high` in words, the first bit being that of `low`. At least one word.
    pub(super) fn window(&self) -> impl Iterator<Item = u64> + '_ {
        let (base, shift) = (self.low / 64, self.low % 64);
        let words = (self.high - self.low).div_ceil(64).max(1);
        (base..base + words).map(move |at| {
            let upper = if shift == 0 { 0 } else { self.words[at + 1] << (64 - shift) };
            self.words[at] >> shift | upper
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_starts_at_the_lowest_gap() {
        let mut set = Placed::new(200);
        for rank in 0..70 {
            set.add(rank);
        }
        let former = set.add(71);
        set.add(140);
        assert_eq!((set.low(), set.count()), (70, 72));
        assert_eq!(set.window().collect::<Vec<_>>(), [0b10, 1 << (140 - 70 - 64)]);
        set.remove(140, 72);
        set.remove(71, former);
        assert_eq!(set.window().collect::<Vec<_>>(), [0]);
        set.remove(69, 69);
        assert_eq!(set.low(), 69);
    }

    #[test]
    fn a_set_can_be_filled_to_its_last_word() {
        let mut set = Placed::new(128);
        for rank in (0..128).rev() {
            set.add(rank);
        }
        assert!(set.is_full());
        assert_eq!(set.window().collect::<Vec<_>>(), [0]);
    }
}
