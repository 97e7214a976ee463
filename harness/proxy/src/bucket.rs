//! A token bucket: so many bytes a second, with a short burst.

use std::time::{Duration, Instant};

/// The burst is what the rate yields in this time: small enough that a limit is felt at once, large
/// enough that a timer of one millisecond does not lower the rate.
const BURST_TIME: Duration = Duration::from_millis(10);

/// Tokens are bytes; they accrue at the rate and are capped by the burst.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: u64,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// A full bucket of `rate` bytes a second, which is at least 1.
    pub fn new(rate: u64, now: Instant) -> Self {
        let mut bucket = Self { rate, tokens: 0.0, filled: now };
        bucket.tokens = bucket.burst();
        bucket
    }

    pub fn rate(&self) -> u64 {
        self.rate
    }

    /// The bytes that may be written now.
    pub fn available(&mut self, now: Instant) -> usize {
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.rate as f64).min(self.burst());
        self.filled = now;
        self.tokens as usize
    }

    /// Takes the tokens of bytes that were written.
    pub fn take(&mut self, bytes: usize) {
        self.tokens -= bytes as f64;
    }

    /// When tokens for `wanted` bytes, or a whole burst if that is less, will be there.
    pub fn ready_at(&self, wanted: usize) -> Instant {
        // Half a burst leaves room to accrue while a late timer fires.
        let target = (wanted as f64).min(self.burst() / 2.0).max(1.0);
        let missing = (target - self.tokens).max(0.0);
        self.filled + Duration::from_secs_f64(missing / self.rate as f64)
    }

    fn burst(&self) -> f64 {
        (self.rate as f64 * BURST_TIME.as_secs_f64()).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_its_rate_and_no_more_than_a_burst_ahead() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100_000, start);
        let (mut now, mut written) = (start, 0);
        while written < 200_000 {
            let free = bucket.available(now);
            bucket.take(free);
            written += free;
            now = now.max(bucket.ready_at(200_000));
        }
        let took = now.duration_since(start).as_secs_f64();
        assert!((1.98..2.02).contains(&took), "{took}");
    }

    #[test]
    fn idleness_saves_up_no_more_than_the_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100_000, start);
        assert_eq!(bucket.available(start + Duration::from_secs(60)), 1000);
    }

    #[test]
    fn one_byte_a_second_is_a_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(1, start);
        assert_eq!(bucket.available(start), 1);
        bucket.take(1);
        assert_eq!(bucket.ready_at(500), start + Duration::from_secs(1));
    }
}
