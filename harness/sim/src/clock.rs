//! A node's own clock.

use ordalia_node::Time;

/// A clock that starts anywhere and runs a little fast or slow. It never goes back, for it is monotonic; a
/// fault may make it jump ahead or change its rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// A moment of the world's time, and what the clock showed then.
    since_ns: u64,
    shown_ns: u64,
    /// How many parts of a million it runs fast; negative if slow.
    drift_ppm: i64,
}

impl Clock {
    pub(crate) fn new(now_ns: u64, shown_ns: u64, drift_ppm: i64) -> Self {
        Self { since_ns: now_ns, shown_ns, drift_ppm }
    }

    /// What it shows.
    pub(crate) fn read(&self, now_ns: u64) -> Time {
        let passed = i128::from(now_ns.saturating_sub(self.since_ns));
        let own = passed * (MILLION + i128::from(self.drift_ppm)) / MILLION;
        Time::from_nanos(self.shown_ns.saturating_add(u64::try_from(own).unwrap_or(0)))
    }

    /// The first moment of the world's time at which it shows that reading or a later one.
    pub(crate) fn when(&self, reading: Time) -> u64 {
        let own = i128::from(reading.as_nanos().saturating_sub(self.shown_ns));
        let rate = (MILLION + i128::from(self.drift_ppm)).max(1);
        let passed = (own * MILLION + rate - 1) / rate;
        self.since_ns.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    /// Changes its rate from now on.
    pub(crate) fn set_drift(&mut self, now_ns: u64, drift_ppm: i64) {
        *self = Self::new(now_ns, self.read(now_ns).as_nanos(), drift_ppm.max(1 - MILLION as i64));
    }

    /// Makes it jump ahead.
    pub(crate) fn jump(&mut self, now_ns: u64, ahead_ns: u64) {
        let shown_ns = self.read(now_ns).as_nanos().saturating_add(ahead_ns);
        *self = Self::new(now_ns, shown_ns, self.drift_ppm);
    }
}

const MILLION: i128 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_reached_at_the_first_moment_that_shows_it() {
        for drift_ppm in [-400_000, -70, 0, 1, 70, 400_000] {
            let clock = Clock::new(1_000, 77, drift_ppm);
            for reading in [77, 78, 1_000, 123_456_789] {
                let at = clock.when(Time::from_nanos(reading));
                assert!(clock.read(at).as_nanos() >= reading, "{drift_ppm} {reading}");
                assert!(at == 1_000 || clock.read(at - 1).as_nanos() < reading, "{drift_ppm} {reading}");
            }
        }
    }

    #[test]
    fn faults_never_turn_a_clock_back() {
        let mut clock = Clock::new(0, 0, 100);
        let before = clock.read(1_000_000_000);
        assert_eq!(before.as_nanos(), 1_000_100_000);
        clock.set_drift(1_000_000_000, -100);
        assert_eq!(clock.read(1_000_000_000), before);
        clock.jump(1_000_000_000, 5);
        assert_eq!(clock.read(1_000_000_000).as_nanos(), 1_000_100_005);
    }
}
