//! A budget while it is being spent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::Budget;

/// What ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Limit {
    /// The wall time.
    #[error("the time limit of {0:?} passed")]
    Time(Duration),
    /// The working memory, in bytes.
    #[error("the memory limit of {0} bytes was reached")]
    Memory(u64),
}

/// Time and memory shared by all the searches of one check.
#[derive(Debug)]
pub struct Meter {
    budget: Budget,
    /// `None` where the budget's time is longer than the clock can tell.
    deadline: Option<Instant>,
    used_bytes: AtomicU64,
}

impl Meter {
    /// Starts the clock.
    pub fn new(budget: &Budget) -> Self {
        let deadline = Instant::now().checked_add(budget.time);
        Self { budget: *budget, deadline, used_bytes: AtomicU64::new(0) }
    }

    /// Asks whether there is time left.
    ///
    /// # Errors
    /// There is none.
    pub fn check_time(&self) -> Result<(), Limit> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Limit::Time(self.budget.time)),
            _ => Ok(()),
        }
    }

    /// An account that draws on this meter's memory and gives everything back when dropped.
    pub fn account(&self) -> Account<'_> {
        Account { meter: self, bytes: 0 }
    }
}

/// The memory that one search holds.
#[derive(Debug)]
pub struct Account<'a> {
    meter: &'a Meter,
    bytes: u64,
}

impl Account<'_> {
    /// Takes memory, to be called ahead of the allocation.
    ///
    /// # Errors
    /// There is not that much left; nothing was taken.
    pub fn charge(&mut self, bytes: usize) -> Result<(), Limit> {
        let bytes = bytes as u64;
        let limit = self.meter.budget.memory_bytes;
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= limit);
        let taken = self.meter.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        taken.map_err(|_| Limit::Memory(limit))?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives memory back.
    pub fn release(&mut self, bytes: usize) {
        let bytes = (bytes as u64).min(self.bytes);
        self.bytes -= bytes;
        self.meter.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        self.meter.used_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_shared_and_comes_back() {
        let meter = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 100 });
        let mut first = meter.account();
        let mut second = meter.account();
        assert_eq!(first.charge(80), Ok(()));
        assert_eq!(second.charge(21), Err(Limit::Memory(100)));
        first.release(10);
        assert_eq!(second.charge(21), Ok(()));
        drop((first, second));
        assert_eq!(meter.account().charge(100), Ok(()));
    }

    #[test]
    fn no_time_is_over_at_once_and_endless_time_never() {
        let zero = Meter::new(&Budget { time: Duration::ZERO, memory_bytes: 0 });
        assert_eq!(zero.check_time(), Err(Limit::Time(Duration::ZERO)));
        assert_eq!(Meter::new(&Budget { time: Duration::MAX, memory_bytes: 0 }).check_time(), Ok(()));
    }
}
