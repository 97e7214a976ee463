//! Memory that is paid for ahead of its use.

use crate::linearizable::meter::Account;
use crate::linearizable::{Limit, Meter};

/// A list whose memory is drawn from a meter.
#[derive(Debug)]
pub(super) struct Paid<'a, T> {
    items: Vec<T>,
    account: Account<'a>,
}

impl<'a, T> Paid<'a, T> {
    /// An empty list.
    pub(super) fn new(meter: &'a Meter) -> Self {
        Self { items: Vec::new(), account: meter.account() }
    }

    /// Adds an item.
    ///
    /// # Errors
    /// There is no memory left for it.
    pub(super) fn push(&mut self, item: T) -> Result<(), Limit> {
        if self.items.len() == self.items.capacity() {
            self.grow(self.items.len() + 1)?;
        }
        self.items.push(item);
        Ok(())
    }

    /// Makes it that long.
    ///
    /// # Errors
    /// There is no memory left for it.
    pub(super) fn resize(&mut self, length: usize, item: T) -> Result<(), Limit>
    where
        T: Clone,
    {
        if length > self.items.capacity() {
            self.grow(length)?;
        }
        self.items.resize(length, item);
        Ok(())
    }

    /// Adds copies of items.
    ///
    /// # Errors
    /// There is no memory left for them.
    pub(super) fn copy(&mut self, items: &[T]) -> Result<(), Limit>
    where
        T: Copy,
    {
        let length = self.items.len() + items.len();
        if length > self.items.capacity() {
            self.grow(length)?;
        }
        self.items.extend_from_slice(items);
        Ok(())
    }

    /// Doubles the room at least; old and new stand side by side for a moment.
    #[cold]
    fn grow(&mut self, length: usize) -> Result<(), Limit> {
        let old = self.items.capacity();
        let new = (2 * old).max(length).max(16);
        self.account.charge(new.saturating_mul(size_of::<T>()))?;
        self.items.reserve_exact(new - self.items.len());
        self.account.release(old * size_of::<T>());
        Ok(())
    }

    /// Empties it, and gives back room that is far more than was used of late.
    pub(super) fn clear(&mut self) {
        let used = self.items.len();
        self.items.clear();
        if self.items.capacity() > 4096 && self.items.capacity() / 16 > used {
            let old = self.items.capacity();
            self.items.shrink_to(old / 4);
            self.account.release((old - self.items.capacity()) * size_of::<T>());
        }
    }

    /// The account, for what the items hold elsewhere.
    pub(super) fn account(&mut self) -> &mut Account<'a> {
        &mut self.account
    }
}

impl<T> std::ops::Deref for Paid<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> std::ops::DerefMut for Paid<'_, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

impl<T> Paid<'_, T> {
    /// Shortens it.
    pub(super) fn truncate(&mut self, length: usize) {
        self.items.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Budget;
    use std::time::Duration;

    #[test]
    fn what_cannot_be_paid_is_not_taken() {
        let meter = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 16 * 8 + 32 * 8 });
        let mut list = Paid::new(&meter);
        for item in 0..32u64 {
            assert_eq!(list.push(item), Ok(()));
        }
        assert!(list.push(32).is_err());
        assert_eq!(list.len(), 32);
        drop(list);
        assert_eq!(meter.account().charge(16 * 8 + 32 * 8), Ok(()));
    }
}
