//! A clock that a session measures spans by.

use ordalia_node::Time;

/// Goes with the node's clock forward, and stands while that one is set back. So a node whose clock is
/// set back loses no time-out, and one whose clock is set forward finds its session suspended, which is the
/// safe side.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    read: Option<Time>,
    own: Time,
}

impl Clock {
    /// Takes a reading of the node's clock.
    pub fn look(&mut self, now: Time) {
        if let Some(read) = self.read {
            self.own = self.own + now.since(read);
        }
        self.read = Some(now);
    }

    /// The time of the last look, by this clock.
    pub fn now(&self) -> Time {
        self.own
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_never_goes_back() {
        let at = |ms: u64| Time::ZERO + Duration::from_millis(ms);
        let mut clock = Clock::default();
        for (reading, own) in [(5000, 0), (5010, 10), (1000, 10), (1020, 30), (9020, 8030)] {
            clock.look(at(reading));
            assert_eq!(clock.now(), at(own), "at {reading}");
        }
    }
}
