//! The node's own clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ordalia_node::Time;

/// A monotonic clock whose origin is the start of the node.
///
/// Everything that the node is told about time, and every deadline of its timers, comes from here,
/// so that a skewed clock skews both alike and nothing else of the host.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// `None` if it moves only when it is put forward.
    origin: Option<Instant>,
    /// What was added to the time that passed, in nanoseconds.
    ahead_ns: Arc<AtomicU64>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { origin: Some(Instant::now()), ahead_ns: Arc::default() }
    }

    /// A clock that stands at its origin until it is put forward. Its clones stand with it.
    pub(crate) fn standing() -> Self {
        Self { origin: None, ahead_ns: Arc::default() }
    }

    pub(crate) fn now(&self) -> Time {
        let passed = self.origin.map_or(Duration::ZERO, |origin| origin.elapsed());
        Time::ZERO + passed + Duration::from_nanos(self.ahead_ns.load(Ordering::Relaxed))
    }

    /// Puts the clock forward.
    pub(crate) fn advance(&self, span: Duration) {
        let span_ns = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        self.ahead_ns.fetch_add(span_ns, Ordering::Relaxed);
    }
}
