//! Log lines that outsiders can provoke, held to a bearable rate.

use std::cell::Cell;
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(1);

/// Lets one line a second through and counts the rest.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    last: Cell<Option<Instant>>,
    held_back: Cell<u64>,
}

impl Throttle {
    /// Counts one occurrence. `Some` with the number of occurrences since the last line, this one
    /// among them, if a line is due.
    pub(crate) fn occur(&self) -> Option<u64> {
        self.held_back.set(self.held_back.get() + 1);
        let now = Instant::now();
        if self.last.get().is_some_and(|last| now.duration_since(last) < INTERVAL) {
            return None;
        }
        self.last.set(Some(now));
        Some(self.held_back.replace(0))
    }
}
