//! The log in memory: what follows a base whose entries are gone.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::message::Entry;

/// Consecutive entries after a base. Indices start at 1; the base of a whole log is 0, of term 0.
/// Terms never decrease along it.
#[derive(Clone, Debug)]
pub struct Log<C> {
    base_index: u64,
    base_term: u64,
    entries: VecDeque<Arc<Entry<C>>>,
}

impl<C> Log<C> {
    /// A log without entries after that base.
    pub fn new(base_index: u64, base_term: u64) -> Self {
        Self { base_index, base_term, entries: VecDeque::new() }
    }

    /// The index ahead of the first entry that is still there.
    pub fn base_index(&self) -> u64 {
        self.base_index
    }

    /// The term of the entry at the base.
    pub fn base_term(&self) -> u64 {
        self.base_term
    }

    /// The index of the last entry, or the base.
    pub fn last_index(&self) -> u64 {
        self.base_index + self.entries.len() as u64
    }

    /// The term of the last entry, or of the base.
    pub fn last_term(&self) -> u64 {
        self.entries.back().map_or(self.base_term, |entry| entry.term)
    }

    /// The term at an index; nothing below the base or beyond the end.
    pub fn term(&self, index: u64) -> Option<u64> {
        if index == self.base_index {
            return Some(self.base_term);
        }
        self.get(index).map(|entry| entry.term)
    }

    /// The entry at an index, if it is there.
    pub fn get(&self, index: u64) -> Option<&Arc<Entry<C>>> {
        let place = index.checked_sub(self.base_index)?.checked_sub(1)?;
        self.entries.get(usize::try_from(place).ok()?)
    }

    /// Appends.
    pub fn push(&mut self, entry: Arc<Entry<C>>) {
        self.entries.push_back(entry);
    }

    /// Drops the entry at an index above the base, and all after it.
    pub fn truncate(&mut self, index: u64) {
        let keep = index.saturating_sub(self.base_index).saturating_sub(1);
        self.entries.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
    }

    /// Entries from an index on: at most `most`, and no more than weigh `bytes`, but one at least.
    pub fn slice(
        &self,
        from: u64,
        most: usize,
        bytes: usize,
        weight: impl Fn(&Entry<C>) -> usize,
    ) -> Vec<Arc<Entry<C>>> {
        let mut room = bytes;
        let mut taken = Vec::new();
        for entry in self.after(from.saturating_sub(1)).take(most) {
            let weight = weight(entry);
            if weight > room && !taken.is_empty() {
                break;
            }
            room = room.saturating_sub(weight);
            taken.push(Arc::clone(entry));
        }
        taken
    }

    /// The entries after an index, in order.
    pub fn after(&self, index: u64) -> impl Iterator<Item = &Arc<Entry<C>>> {
        let skip = usize::try_from(index.saturating_sub(self.base_index)).unwrap_or(usize::MAX);
        self.entries.range(skip.min(self.entries.len())..)
    }

    /// Moves the base up to an index that the log holds.
    pub fn compact(&mut self, index: u64) {
        let Some(term) = self.term(index) else { return };
        let gone = usize::try_from(index - self.base_index).unwrap_or(usize::MAX);
        self.entries.drain(..gone.min(self.entries.len()));
        self.base_index = index;
        self.base_term = term;
    }

    /// The first index of the term that the entry at `index` has, as far as the log goes back.
    pub fn first_of_term_at(&self, index: u64) -> u64 {
        let Some(term) = self.term(index) else { return index };
        let before = self.entries.partition_point(|entry| entry.term < term) as u64;
        (self.base_index + before + 1).min(index)
    }

    /// The last index of a term, if the log holds an entry of it.
    pub fn last_of_term(&self, term: u64) -> Option<u64> {
        let upto = self.entries.partition_point(|entry| entry.term <= term) as u64;
        let index = self.base_index + upto;
        (self.term(index) == Some(term)).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(base: u64, base_term: u64, terms: &[u64]) -> Log<()> {
        let mut log = Log::new(base, base_term);
        for term in terms {
            log.push(Arc::new(Entry { term: *term, proposal: None }));
        }
        log
    }

    #[test]
    fn indices_count_from_the_base() {
        let log = log(10, 2, &[2, 3, 3]);
        assert_eq!((log.last_index(), log.last_term()), (13, 3));
        let terms: Vec<_> = [0, 9, 10, 11, 12, 13, 14, u64::MAX].map(|index| log.term(index)).into();
        assert_eq!(terms, [None, None, Some(2), Some(2), Some(3), Some(3), None, None]);
    }

    #[test]
    fn terms_are_found_by_search() {
        let log = log(10, 2, &[2, 3, 3, 5]);
        assert_eq!([12, 13].map(|index| log.first_of_term_at(index)), [12, 12]);
        assert_eq!(log.first_of_term_at(11), 11);
        assert_eq!(
            [1, 2, 3, 4, 5, 6].map(|t| log.last_of_term(t)),
            [None, Some(11), Some(13), None, Some(14), None]
        );
    }

    #[test]
    fn truncation_and_compaction_keep_the_rest() {
        let mut log = log(0, 0, &[1, 1, 2, 3]);
        log.truncate(4);
        assert_eq!((log.last_index(), log.last_term()), (3, 2));
        log.compact(2);
        assert_eq!((log.base_index(), log.base_term(), log.last_index()), (2, 1, 3));
        log.compact(9);
        assert_eq!(log.base_index(), 2, "an index that is not there moves nothing");
        log.truncate(1);
        assert_eq!(log.last_index(), 2);
    }

    #[test]
    fn slices_are_bounded_by_count_and_weight() {
        let log = log(0, 0, &[1; 10]);
        assert_eq!(log.slice(3, 4, 100, |_| 1).len(), 4);
        assert_eq!(log.slice(3, 4, 25, |_| 10).len(), 2);
        assert_eq!(log.slice(3, 4, 5, |_| 10).len(), 1, "one always fits");
        assert_eq!(log.slice(11, 4, 5, |_| 10).len(), 0);
    }
}
