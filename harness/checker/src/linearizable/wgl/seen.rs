//! The configurations already searched in vain.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use crate::linearizable::meter::Account;
use crate::linearizable::{Limit, Meter};

use super::crashed::Crashed;
use super::placed::Placed;

/// Which calls are placed and what the object then holds.
///
/// Almost all placed calls lie below the lowest gap, so a configuration keeps only the window from
/// there on: its size follows the concurrency and not the length of the history.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Configuration<S> {
    low: u32,
    /// How many words of `more` belong to the window; the rest are those of the crashed calls.
    window_words: u32,
    window: u64,
    more: Option<Box<[u64]>>,
    state: S,
    /// The state ahead of a crashed call that nothing observed yet. Fewer continuations are searched
    /// from there, so it is another configuration than the same without.
    pub(super) unobserved: Option<S>,
}

impl<S> Configuration<S> {
    /// Where the search stands.
    pub(super) fn new(placed: &Placed, crashed: &Crashed, state: S, unobserved: Option<S>) -> Self {
        let mut words = placed.window();
        let window = words.next().unwrap_or(0);
        let mut more: Vec<u64> = words.collect();
        let window_words = more.len() as u32;
        more.extend_from_slice(crashed.window());
        let more = (!more.is_empty()).then(|| more.into_boxed_slice());
        Self { low: placed.low() as u32, window_words, window, more, state, unobserved }
    }

    /// Bytes held outside of the table.
    fn heap_bytes(&self) -> usize {
        // An allocation has a header and is rounded up.
        self.more.as_ref().map_or(0, |words| size_of_val(&**words) + 16)
    }
}

/// A set of configurations that pays for its memory.
pub(super) struct Seen<'a, S> {
    table: HashSet<Configuration<S>, BuildHasherDefault<Mix>>,
    account: Account<'a>,
}

impl<'a, S: Clone + Eq + Hash> Seen<'a, S> {
    /// An empty set. Memory is drawn from the meter.
    pub(super) fn new(meter: &'a Meter) -> Self {
        Self { table: HashSet::default(), account: meter.account() }
    }

    /// The account, for what else the search needs.
    pub(super) fn account(&mut self) -> &mut Account<'a> {
        &mut self.account
    }

    /// Adds a configuration and says whether it is new.
    ///
    /// # Errors
    /// There is no memory left for it.
    pub(super) fn insert(&mut self, mut configuration: Configuration<S>) -> Result<bool, Limit> {
        if configuration.unobserved.is_some() {
            // What fails with all continuations also fails with fewer.
            let unobserved = configuration.unobserved.take();
            if self.table.contains(&configuration) {
                return Ok(false);
            }
            configuration.unobserved = unobserved;
        }
        if self.table.contains(&configuration) {
            return Ok(false);
        }
        self.account.charge(configuration.heap_bytes())?;
        if self.table.len() == self.table.capacity() {
            self.grow()?;
        }
        Ok(self.table.insert(configuration))
    }

    /// Doubles the table; old and new stand side by side for a moment.
    fn grow(&mut self) -> Result<(), Limit> {
        let old = Self::table_bytes(self.table.capacity());
        let capacity = (2 * self.table.capacity()).max(48);
        self.account.charge(Self::table_bytes(capacity))?;
        self.table.reserve(capacity - self.table.len());
        self.account.release(old);
        Ok(())
    }

    /// The size of a table of that capacity: it is filled to seven eighths at most, of a power of two.
    fn table_bytes(capacity: usize) -> usize {
        if capacity == 0 {
            return 0;
        }
        (capacity * 8).div_ceil(7).next_power_of_two() * (size_of::<Configuration<S>>() + 1)
    }
}

/// Multiply and rotate: configurations are no adversary's choice, and hashing them is what the search
/// does most.
#[derive(Default)]
pub(in crate::linearizable) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ self.0 >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^ mixed >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(23) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linearizable::Call;

    #[test]
    fn a_crashed_call_is_not_taken_for_a_completed_one() {
        let call = Call { op: (), invoke: 0, complete: None };
        let mut crashed = Crashed::new(&[(0, &call)], &[0]);
        let mut placed = Placed::new(65);
        let bare = placed.window().count();
        placed.add(64);
        assert_eq!((bare, placed.window().count()), (1, 2));
        let completed = Configuration::new(&placed, &crashed, 0, None);
        placed.remove(64, 0);
        crashed.take(0);
        assert_ne!(completed, Configuration::new(&placed, &crashed, 0, None));
    }
}
