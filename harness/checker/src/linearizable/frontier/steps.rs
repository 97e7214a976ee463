//! What follows from a state and a class of operations, remembered.

use crate::linearizable::{Limit, Meter};

use super::index::NONE;
use super::mask::mix;
use super::paid::Paid;

/// Steps that were made, each in the one place that its hash names: a later one displaces an earlier one.
pub(super) struct Steps<'a> {
    /// State and class, and the state afterwards.
    slots: Paid<'a, (u64, u32)>,
}

/// No state and class.
const VACANT: u64 = u64::MAX;

/// Few enough not to spoil the caches of the processor, many enough for what is under way.
const MOST_STEPS: usize = 1 << 20;

impl<'a> Steps<'a> {
    /// None.
    pub(super) fn new(meter: &'a Meter) -> Self {
        Self { slots: Paid::new(meter) }
    }

    fn place(&self, key: u64) -> usize {
        mix(key) as usize & (self.slots.len() - 1)
    }

    /// What is known of a state and a class.
    #[inline]
    pub(super) fn get(&self, state: u32, class: u32) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let key = u64::from(state) << 32 | u64::from(class);
        let (known, after) = self.slots[self.place(key)];
        (known == key).then_some(after)
    }

    /// Notes it, where there is room for any.
    pub(super) fn put(&mut self, state: u32, class: u32, after: u32) {
        let key = u64::from(state) << 32 | u64::from(class);
        let place = self.place(key);
        self.slots[place] = (key, after);
    }

    /// Has room for the steps from so many states.
    ///
    /// # Errors
    /// There is no memory left.
    pub(super) fn fit(&mut self, states: usize) -> Result<(), Limit> {
        let wanted = (64 * states).next_power_of_two().clamp(1 << 10, MOST_STEPS);
        if self.slots.len() >= wanted {
            return Ok(());
        }
        self.slots.clear();
        self.slots.resize(wanted, (VACANT, NONE))
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.slots.fill((VACANT, NONE));
    }
}
