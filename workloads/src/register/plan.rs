//! The operations of the load, in order.

use ordalia_history::Value;
use ordalia_workload::Op;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many keys are in use at a time.
const ACTIVE_KEYS: usize = 12;

/// How many operations a key gets before it is replaced: least and most.
const KEY_OPERATIONS: (u64, u64) = (250, 350);

/// Of a hundred operations so many are reads, and so many of the rest are writes; the others are cas.
const READS: u32 = 45;
const WRITES: u32 = 35;

/// The name of a key.
pub(crate) fn key(number: u64) -> Value {
    Value::String(format!("k{number}"))
}

/// A key in use.
#[derive(Clone, Debug)]
struct Active {
    number: u64,
    /// Operations until it is replaced, at least one.
    left: u64,
    /// The values written to it are 0, 1, 2, …; this one comes next.
    fresh: u64,
}

/// The operations of the load: a function of the seed alone, whatever threads do and answers say.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    rng: ChaCha8Rng,
    active: Vec<Active>,
    next_key: u64,
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Self {
        let mut plan = Self { rng: ChaCha8Rng::seed_from_u64(seed), active: Vec::new(), next_key: 0 };
        for _ in 0..ACTIVE_KEYS {
            // The first keys live shorter by different times, so that they are not replaced all at once.
            let key = plan.fresh_key(1, KEY_OPERATIONS.1);
            plan.active.push(key);
        }
        plan
    }

    /// The numbers of the keys on which the first so many operations are, in ascending order.
    pub(crate) fn keys_used(mut self, operations: u64) -> Vec<u64> {
        let mut keys: Vec<u64> = (0..operations).map(|_| self.step().0).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn fresh_key(&mut self, least: u64, most: u64) -> Active {
        let (number, left) = (self.next_key, self.rng.random_range(least..=most));
        self.next_key += 1;
        Active { number, left, fresh: 0 }
    }

    /// The key that is operated on next, by its number, and what is done to it.
    fn step(&mut self) -> (u64, &'static str, Value) {
        let at = self.rng.random_range(0..ACTIVE_KEYS as u64) as usize;
        let choice = self.rng.random_range(0..100);
        let key = &mut self.active[at];
        let number = key.number;
        let (f, value) = key.operation(choice);
        key.left -= 1;
        if key.left == 0 {
            self.active[at] = self.fresh_key(KEY_OPERATIONS.0, KEY_OPERATIONS.1);
        }
        (number, f, value)
    }
}

impl Active {
    /// The operation that a throw of 0 to 99 chooses. A cas expects the value that was written last as far as
    /// the plan knows, so that it succeeds unless another operation or a failure comes between; where nothing
    /// was written yet, a write takes its place.
    fn operation(&mut self, choice: u32) -> (&'static str, Value) {
        if choice < READS {
            return ("read", Value::Null);
        }
        let to = self.fresh;
        self.fresh += 1;
        match to.checked_sub(1) {
            Some(from) if choice >= READS + WRITES => ("cas", Value::from(vec![from, to])),
            _ => ("write", Value::from(to)),
        }
    }
}

impl Iterator for Plan {
    type Item = Op;

    fn next(&mut self) -> Option<Op> {
        let (number, f, value) = self.step();
        Some(Op { f, key: Some(key(number)), value })
    }
}
