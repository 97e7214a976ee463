//! A budget while it is being spent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
    /// The steps that a probe may take.
    #[error("the {0} steps of the probe were taken")]
    Steps(u64),
    /// The algorithm that was asked for does not apply, for this reason.
    #[error("the algorithm does not apply: {0}")]
    Unsuited(&'static str),
    /// Patience: somebody asked for the end.
    #[error("the check was interrupted")]
    Interrupted,
}

/// How far a check has come, to be read from another thread, from where it can be ended as well.
#[derive(Debug, Default)]
pub struct Progress {
    placed: AtomicU64,
    total: AtomicU64,
    interrupted: Arc<AtomicBool>,
}

impl Progress {
    /// The completed operations that are decided about, and how many there are in all. The first may fall
    /// short of what was really done, and never exceeds the second.
    pub fn read(&self) -> (u64, u64) {
        let total = self.total.load(Ordering::Relaxed);
        (self.placed.load(Ordering::Relaxed).min(total), total)
    }

    /// Asks the check to end: soon, and with an unknown verdict on what is not decided by then.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }

    /// Whether the check was asked to end.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    pub(crate) fn expect(&self, operations: u64) {
        self.total.fetch_add(operations, Ordering::Relaxed);
    }

    pub(crate) fn advance(&self, operations: u64) {
        self.placed.fetch_add(operations, Ordering::Relaxed);
    }
}

/// Time and memory shared by all the searches of one check.
#[derive(Debug)]
pub struct Meter {
    progress: Arc<Progress>,
    budget: Budget,
    /// `None` where the budget's time is longer than the clock can tell.
    deadline: Option<Instant>,
    used_bytes: AtomicU64,
}

impl Meter {
    /// Starts the clock.
    pub fn new(budget: &Budget) -> Self {
        Self::telling(budget, Arc::default())
    }

    /// Starts the clock, and tells how far the check has come.
    pub fn telling(budget: &Budget, progress: Arc<Progress>) -> Self {
        let deadline = Instant::now().checked_add(budget.time);
        Self { progress, budget: *budget, deadline, used_bytes: AtomicU64::new(0) }
    }

    /// A meter for an attempt that may fail: of what is left at most that much, and ended with the rest. What the attempt takes does
    /// not show on this meter, so the caller charges an account of it with `memory_bytes` meanwhile.
    #[must_use]
    pub fn slice(&self, time: Duration, memory_bytes: u64) -> Self {
        let left = self.deadline.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        let memory_bytes = memory_bytes.min(self.budget.memory_bytes);
        let interrupted = Arc::clone(&self.progress.interrupted);
        let silent = Progress { interrupted, ..Progress::default() };
        Self::telling(&Budget { time: time.min(left), memory_bytes }, Arc::new(silent))
    }

    /// What the whole check may spend.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Notes that so many more completed calls are decided about.
    pub fn advance(&self, calls: u64) {
        self.progress.advance(calls);
    }

    /// Asks whether there is time left.
    ///
    /// # Errors
    /// There is none, or the check is to end.
    pub fn check_time(&self) -> Result<(), Limit> {
        if self.progress.is_interrupted() {
            return Err(Limit::Interrupted);
        }
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
    fn an_interrupt_ends_a_check_and_its_slices() {
        let progress = Arc::new(Progress::default());
        let meter = Meter::telling(&Budget::default(), Arc::clone(&progress));
        let slice = meter.slice(Duration::MAX, 1);
        assert_eq!((meter.check_time(), slice.check_time()), (Ok(()), Ok(())));
        progress.interrupt();
        assert_eq!(meter.check_time(), Err(Limit::Interrupted));
        assert_eq!(slice.check_time(), Err(Limit::Interrupted));
        assert_eq!(slice.slice(Duration::MAX, 1).check_time(), Err(Limit::Interrupted));
    }

    #[test]
    fn a_slice_has_no_more_than_what_is_left() {
        let whole = Meter::new(&Budget { time: Duration::ZERO, memory_bytes: 100 });
        let slice = whole.slice(Duration::MAX, 1_000);
        assert_eq!(*slice.budget(), Budget { time: Duration::ZERO, memory_bytes: 100 });
        let endless = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 100 });
        let slice = endless.slice(Duration::from_secs(7), 10);
        assert_eq!(*slice.budget(), Budget { time: Duration::from_secs(7), memory_bytes: 10 });
    }

    #[test]
    fn progress_never_exceeds_what_there_is() {
        let progress = Progress::default();
        progress.expect(5);
        progress.advance(3);
        assert_eq!(progress.read(), (3, 5));
        progress.advance(4);
        assert_eq!(progress.read(), (5, 5));
    }

    #[test]
    fn no_time_is_over_at_once_and_endless_time_never() {
        let zero = Meter::new(&Budget { time: Duration::ZERO, memory_bytes: 0 });
        assert_eq!(zero.check_time(), Err(Limit::Time(Duration::ZERO)));
        assert_eq!(Meter::new(&Budget { time: Duration::MAX, memory_bytes: 0 }).check_time(), Ok(()));
    }
}
