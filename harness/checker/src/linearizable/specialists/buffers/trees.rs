//! Segment trees over positions.

/// The greatest of numbers by position; 0 where there is none.
pub(super) struct Greatest {
    leaves: usize,
    nodes: Vec<u64>,
}

impl Greatest {
    pub(super) fn new(count: usize) -> Self {
        let leaves = count.next_power_of_two();
        Self { leaves, nodes: vec![0; 2 * leaves] }
    }

    pub(super) fn set(&mut self, at: usize, number: u64) {
        let mut node = self.leaves + at;
        self.nodes[node] = number;
        while node > 1 {
            node /= 2;
            self.nodes[node] = self.nodes[2 * node].max(self.nodes[2 * node + 1]);
        }
    }

    /// A position of `start..end` with the greatest number there, and the number; `None` where there are none.
    pub(super) fn greatest(&self, start: usize, end: usize) -> Option<(usize, u64)> {
        let (mut left, mut right) = (self.leaves + start, self.leaves + end.min(self.leaves));
        let (mut best, mut most) = (0, 0);
        while left < right {
            for (take, node) in [(left % 2 == 1, left), (right % 2 == 1, right - 1)] {
                if take && self.nodes[node] > most {
                    (best, most) = (node, self.nodes[node]);
                }
            }
            (left, right) = (left.div_ceil(2), right / 2);
        }
        if most == 0 {
            return None;
        }
        while best < self.leaves {
            best = if self.nodes[2 * best] == most { 2 * best } else { 2 * best + 1 };
        }
        Some((best - self.leaves, most))
    }
}

/// How many spans cover each position. Positions can be struck out.
pub(super) struct Coverage {
    leaves: usize,
    /// The least of the positions below, but for what is added to nodes above.
    least: Vec<i64>,
    added: Vec<i64>,
}

/// More than there are spans.
const STRUCK_OUT: i64 = 1 << 40;

impl Coverage {
    pub(super) fn new(count: usize) -> Self {
        let leaves = count.next_power_of_two();
        let mut coverage = Self { leaves, least: vec![0; 2 * leaves], added: vec![0; 2 * leaves] };
        coverage.add(count, leaves, STRUCK_OUT);
        coverage
    }

    /// Adds to the positions `start..end`.
    pub(super) fn add(&mut self, start: usize, end: usize, change: i64) {
        if start >= end {
            return;
        }
        let (mut left, mut right) = (self.leaves + start, self.leaves + end);
        while left < right {
            if left % 2 == 1 {
                self.apply(left, change);
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                self.apply(right, change);
            }
            (left, right) = (left / 2, right / 2);
        }
        self.gather(self.leaves + start);
        self.gather(self.leaves + end - 1);
    }

    pub(super) fn strike_out(&mut self, at: usize) {
        self.add(at, at + 1, STRUCK_OUT);
    }

    fn apply(&mut self, node: usize, change: i64) {
        self.least[node] += change;
        self.added[node] += change;
    }

    /// Puts right what is above a node.
    fn gather(&mut self, mut node: usize) {
        while node > 1 {
            node /= 2;
            self.least[node] = self.least[2 * node].min(self.least[2 * node + 1]) + self.added[node];
        }
    }

    /// The first position of `start..end` that nothing covers.
    pub(super) fn first_bare(&self, start: usize, end: usize) -> Option<usize> {
        self.search(1, 0, self.leaves, (start, end), 0)
    }

    /// The same below a node that stands for `low..high`. Goes as deep as the tree.
    fn search(
        &self,
        node: usize,
        low: usize,
        high: usize,
        within: (usize, usize),
        above: i64,
    ) -> Option<usize> {
        if high <= within.0 || within.1 <= low || self.least[node] + above > 0 {
            return None;
        }
        if node >= self.leaves {
            return Some(low);
        }
        let (middle, above) = (low.midpoint(high), above + self.added[node]);
        self.search(2 * node, low, middle, within, above)
            .or_else(|| self.search(2 * node + 1, middle, high, within, above))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn coverage_is_what_counting_gives(
            count in 1usize..20,
            spans in proptest::collection::vec((0usize..20, 0usize..20, -1i64..3), 0..20),
            struck in 0usize..20,
        ) {
            let mut coverage = Coverage::new(count);
            let mut counts = vec![0i64; count];
            for (start, end, change) in spans {
                let end = end.min(count);
                // What is taken away was there.
                let lowest = counts.get(start..end).and_then(|counts| counts.iter().min().copied());
                let change = change.max(-lowest.unwrap_or(0));
                coverage.add(start, end, change);
                (start..end).for_each(|at| counts[at] += change);
            }
            if struck < count {
                coverage.strike_out(struck);
                counts[struck] += 1 << 40;
            }
            for start in 0..count {
                for end in start..=count {
                    let expected = (start..end).find(|at| counts[*at] == 0);
                    prop_assert_eq!(coverage.first_bare(start, end), expected);
                }
            }
        }

        #[test]
        fn the_greatest_is_found(numbers in proptest::collection::vec(0u64..9, 1..20)) {
            let mut greatest = Greatest::new(numbers.len());
            numbers.iter().enumerate().for_each(|(at, number)| greatest.set(at, *number));
            for start in 0..numbers.len() {
                for end in start..=numbers.len() {
                    let most = numbers[start..end].iter().copied().max().filter(|most| *most > 0);
                    let found = greatest.greatest(start, end);
                    prop_assert_eq!(found.map(|(_, number)| number), most);
                    if let Some((at, number)) = found {
                        prop_assert!(start <= at && at < end && numbers[at] == number);
                    }
                }
            }
        }
    }
}
