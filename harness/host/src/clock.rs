//! The node's own clock.

use std::time::{Duration, Instant};

use ordalia_node::Time;

/// A monotonic clock whose origin is the start of the node.
///
/// Everything that the node is told about time, and every deadline of its timers, comes from here,
/// so that a skewed clock skews both alike and nothing else of the host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
    /// What was added to the time that passed.
    offset: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now(), offset: Duration::ZERO }
    }

    pub(crate) fn now(&self) -> Time {
        Time::ZERO + self.origin.elapsed() + self.offset
    }

    /// Puts the clock forward.
    #[cfg(test)]
    pub(crate) fn advance(&mut self, span: Duration) {
        self.offset += span;
    }
}
