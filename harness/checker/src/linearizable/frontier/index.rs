//! Numbers by the hash of what they stand for.

use crate::linearizable::{Limit, Meter};

use super::paid::Paid;

/// No number.
pub(super) const NONE: u32 = u32::MAX;

/// A table from hashes to numbers, which are given in the order 0, 1, 2, …. What a number stands for is kept
/// elsewhere, and once.
#[derive(Debug)]
pub(super) struct Index<'a> {
    /// The latest number of each bucket.
    heads: Paid<'a, u32>,
    /// For each number its hash, and the number ahead of it in its bucket.
    links: Paid<'a, (u32, u32)>,
}

impl<'a> Index<'a> {
    /// An empty table.
    pub(super) fn new(meter: &'a Meter) -> Self {
        Self { heads: Paid::new(meter), links: Paid::new(meter) }
    }

    /// The number with that hash for which `is` holds.
    pub(super) fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.heads.is_empty() {
            return None;
        }
        let hash = (hash >> 32) as u32;
        let mut at = self.heads[hash as usize & (self.heads.len() - 1)];
        while at != NONE {
            let (of, ahead) = self.links[at as usize];
            if of == hash && is(at) {
                return Some(at);
            }
            at = ahead;
        }
        None
    }

    /// Gives the next number to what has that hash.
    ///
    /// # Errors
    /// There is no memory left for it.
    pub(super) fn add(&mut self, hash: u64) -> Result<u32, Limit> {
        if self.links.len() == self.heads.len() {
            self.rehash()?;
        }
        let (hash, number) = ((hash >> 32) as u32, self.links.len() as u32);
        let bucket = hash as usize & (self.heads.len() - 1);
        self.links.push((hash, self.heads[bucket]))?;
        self.heads[bucket] = number;
        Ok(number)
    }

    fn rehash(&mut self) -> Result<(), Limit> {
        let buckets = (2 * self.heads.len()).max(16);
        self.heads.clear();
        self.heads.resize(buckets, NONE)?;
        for (number, link) in (0u32..).zip(self.links.iter_mut()) {
            let bucket = link.0 as usize & (buckets - 1);
            link.1 = self.heads[bucket];
            self.heads[bucket] = number;
        }
        Ok(())
    }

    /// Forgets all numbers.
    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.links.clear();
    }
}
