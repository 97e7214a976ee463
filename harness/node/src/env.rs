//! Time and randomness, as a node sees them.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A reading of a node's own monotonic clock, in nanoseconds since an origin of its own.
///
/// Faults may offset it and let it drift, so readings of two nodes are not comparable, and
/// readings before and after a restart are not either.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The clock's origin.
    pub const ZERO: Time = Time(0);

    /// The reading that many nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time passed since an earlier reading; zero if that reading is later.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    fn add(self, span: Duration) -> Time {
        Time(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Time {
    type Output = Time;

    fn sub(self, span: Duration) -> Time {
        Time(self.0.saturating_sub(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}ms", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// The only sources of time and randomness that a node has.
pub struct Env {
    now: Time,
    rng: ChaCha8Rng,
}

impl Env {
    /// An environment whose randomness derives from the seed alone.
    pub fn new(seed: u64) -> Self {
        Self { now: Time::ZERO, rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// The node's own clock. It does not move while the node handles one input.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The node's randomness.
    pub fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }

    /// For drivers: sets the clock before an input is handed to the node.
    pub fn set_now(&mut self, now: Time) {
        self.now = now;
    }
}
