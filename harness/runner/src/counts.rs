//! Counts that several tasks share.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ordalia_history::EventType;

/// Completions so far, by outcome.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    ok: AtomicU64,
    fail: AtomicU64,
    info: AtomicU64,
}

impl Counts {
    pub(crate) fn count(&self, kind: EventType) {
        let counter = match kind {
            EventType::Ok => &self.ok,
            EventType::Fail => &self.fail,
            EventType::Info => &self.info,
            EventType::Invoke => return,
        };
        counter.fetch_add(1, Relaxed);
    }

    /// `(ok, fail, info)`
    pub(crate) fn totals(&self) -> (u64, u64, u64) {
        (self.ok.load(Relaxed), self.fail.load(Relaxed), self.info.load(Relaxed))
    }
}
