//! The configurations reached while one completion is passed.

use crate::linearizable::{Limit, Meter};

use super::crashes::Crashes;
use super::index::NONE;
use super::mask::{Mask, mix};
use super::paid::Paid;

/// Which of the operations under way are placed, and what the object then holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configuration<K> {
    /// The slots of those placed.
    pub(super) placed: K,
    /// The state.
    pub(super) state: u32,
    /// The crashed calls used.
    pub(super) used: u32,
    /// How it came about.
    pub(super) node: u32,
    /// The state ahead of a crashed call that nothing observed yet; [`NONE`] where there is none; [`DEAD`]
    /// where another configuration dominates this one.
    pub(super) blind: u32,
    /// The configuration ahead of this one in its bucket.
    pub(super) ahead: u32,
}

/// Of a configuration that is dominated.
pub(super) const DEAD: u32 = NONE - 1;

impl<K: Mask> Configuration<K> {
    /// One that is in no layer yet.
    pub(super) fn new(placed: K, state: u32) -> Self {
        Self { placed, state, used: 0, node: 0, blind: NONE, ahead: NONE }
    }

    /// Whether what is legal from the other is legal from this one, both having placed the same mutators
    /// and being in the same state.
    fn dominates(&self, other: &Self, crashes: &Crashes<'_, K>) -> bool {
        (self.blind == NONE || self.blind == other.blind)
            && self.placed.covers(other.placed)
            && crashes.no_more(self.used, other.used)
    }
}

/// Configurations none of which dominates another, in the order in which they were reached.
pub(super) struct Layer<'a, K> {
    entries: Paid<'a, Configuration<K>>,
    /// The latest of each bucket.
    heads: Paid<'a, u32>,
}

impl<'a, K: Mask> Layer<'a, K> {
    /// An empty one.
    pub(super) fn new(meter: &'a Meter) -> Self {
        Self { entries: Paid::new(meter), heads: Paid::new(meter) }
    }

    /// How many configurations were added since it was emptied, dead ones among them.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// That configuration.
    #[inline]
    pub(super) fn at(&self, at: usize) -> &Configuration<K> {
        &self.entries[at]
    }

    /// All of them, dead ones among them.
    pub(super) fn entries(&self) -> &[Configuration<K>] {
        &self.entries
    }

    /// Empties it.
    pub(super) fn clear(&mut self) {
        if self.heads.len() / 8 > self.entries.len() {
            self.heads.clear();
        }
        self.heads.fill(NONE);
        self.entries.clear();
    }

    /// Adds a configuration unless one dominates it, and kills those that it dominates. Returns whether it
    /// was added.
    ///
    /// # Errors
    /// There is no memory left.
    pub(super) fn add(
        &mut self,
        mut new: Configuration<K>,
        mutators: K,
        crashes: &Crashes<'_, K>,
    ) -> Result<bool, Limit> {
        if self.entries.len() >= self.heads.len() {
            self.rehash(mutators)?;
        }
        let bucket = self.bucket(&new, mutators);
        let mut at = self.heads[bucket];
        while at != NONE {
            let known = &mut self.entries[at as usize];
            at = known.ahead;
            let apart = known.state != new.state || known.placed.and(mutators) != new.placed.and(mutators);
            if apart || known.blind == DEAD {
                continue;
            }
            if known.dominates(&new, crashes) {
                return Ok(false);
            }
            if new.dominates(known, crashes) {
                known.blind = DEAD;
            }
        }
        new.ahead = self.heads[bucket];
        self.heads[bucket] = self.entries.len() as u32;
        self.entries.push(new)?;
        Ok(true)
    }

    /// Notes how the last configuration came about.
    pub(super) fn note(&mut self, node: u32) {
        if let Some(last) = self.entries.last_mut() {
            last.node = node;
        }
    }

    #[inline]
    fn bucket(&self, of: &Configuration<K>, mutators: K) -> usize {
        let hash = mix(of.placed.and(mutators).hash() ^ u64::from(of.state) << 17);
        (hash >> 32) as usize & (self.heads.len() - 1)
    }

    fn rehash(&mut self, mutators: K) -> Result<(), Limit> {
        let buckets = (2 * self.heads.len()).max(64);
        self.heads.clear();
        self.heads.resize(buckets, NONE)?;
        for at in 0..self.entries.len() {
            let bucket = self.bucket(&self.entries[at], mutators);
            self.entries[at].ahead = self.heads[bucket];
            self.heads[bucket] = at as u32;
        }
        Ok(())
    }
}
