//! Which objects a dialogue works on.
//!
//! A few objects are in use at a time. After some hundreds of operations all are given up for fresh ones, so that no
//! object's history grows without bound and checking stays quick however long the test is. Each thread counts its own
//! operations, so threads go over to the next objects at about the same time, and not at the same.

use ordalia_history::Value;
use ordalia_workload::{Thread, WorkloadSettings};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How the objects of a workload are used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    /// How many are in use at a time, at least one.
    pub(crate) active: u64,
    /// How many operations each gets, about.
    pub(crate) operations: u64,
    /// How many threads there are.
    pub(crate) threads: usize,
}

impl Keys {
    pub(crate) fn new(active: u64, operations: u64, settings: &WorkloadSettings) -> Self {
        Self { active, operations, threads: settings.threads.max(1) }
    }

    /// How many operations a thread does before it goes over to fresh objects.
    fn stay(self) -> u64 {
        (self.active * self.operations / self.threads as u64).max(1)
    }

    /// One of the objects in use at a thread's nth operation.
    pub(crate) fn draw(self, nth: u64, rng: &mut ChaCha8Rng) -> u64 {
        nth / self.stay() * self.active + rng.random_range(0..self.active)
    }

    /// How many objects a load of so many operations may have used: threads that are served better than others get
    /// ahead of the mean, by half as far again at most, where they share the nodes evenly.
    pub(crate) fn used(self, invoked: u64) -> u64 {
        let each = invoked.div_ceil(self.threads as u64).saturating_mul(3) / 2;
        (each / self.stay() + 2).saturating_mul(self.active)
    }

    /// The objects that were in use last.
    pub(crate) fn last(self, invoked: u64) -> std::ops::Range<u64> {
        let each = invoked.div_ceil(self.threads as u64);
        let generation = each / self.stay();
        let first = generation.saturating_sub(1).saturating_mul(self.active);
        first..(generation + 2).saturating_mul(self.active)
    }
}

/// The name of an object, as an operation's key.
pub(crate) fn key(number: u64) -> Value {
    Value::String(format!("k{number}"))
}

/// A thread's own randomness.
pub(crate) fn rng(seed: u64, thread: Thread) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(thread as u64);
    rng
}

/// Who asks: a name for the process.
pub(crate) fn owner(process: u64) -> String {
    format!("c{process}")
}
