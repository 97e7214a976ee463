//! The timers that a node has set.

use std::collections::{BTreeMap, BTreeSet};

use ordalia_node::Time;

/// Deadlines by name. Timers of equal deadline run out in the order in which they were set.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    by_name: BTreeMap<T, (Time, u64)>,
    by_time: BTreeSet<(Time, u64, T)>,
    set_so_far: u64,
}

impl<T: Copy + Ord> Timers<T> {
    pub(crate) fn new() -> Self {
        Self { by_name: BTreeMap::new(), by_time: BTreeSet::new(), set_so_far: 0 }
    }

    /// Sets a timer, in place of one of the same name.
    pub(crate) fn set(&mut self, timer: T, deadline: Time) {
        self.cancel(timer);
        self.set_so_far += 1;
        self.by_name.insert(timer, (deadline, self.set_so_far));
        self.by_time.insert((deadline, self.set_so_far, timer));
    }

    /// Forgets a timer, if it is set.
    pub(crate) fn cancel(&mut self, timer: T) {
        if let Some((deadline, order)) = self.by_name.remove(&timer) {
            self.by_time.remove(&(deadline, order, timer));
        }
    }

    /// The earliest deadline.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.by_time.first().map(|(deadline, ..)| *deadline)
    }

    /// Takes out the earliest timer that has run out at that time.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<T> {
        let (deadline, order, timer) = *self.by_time.first()?;
        if deadline > now {
            return None;
        }
        self.by_time.remove(&(deadline, order, timer));
        self.by_name.remove(&timer);
        Some(timer)
    }

    /// How many are set.
    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    #[test]
    fn timers_run_out_in_order_of_their_deadlines() {
        let mut timers = Timers::new();
        timers.set('b', at(20));
        timers.set('z', at(10));
        timers.set('a', at(10));
        assert_eq!(timers.next_deadline(), Some(at(10)));
        assert_eq!(timers.pop_due(at(9)), None);
        assert_eq!(timers.pop_due(at(10)), Some('z'), "of equal deadline, the one set first");
        assert_eq!(timers.pop_due(at(10)), Some('a'));
        assert_eq!(timers.pop_due(at(10)), None);
        assert_eq!(timers.len(), 1);
    }

    #[test]
    fn a_timer_set_again_has_only_its_new_deadline() {
        let mut timers = Timers::new();
        timers.set('a', at(10));
        timers.set('a', at(30));
        assert_eq!(timers.pop_due(at(20)), None);
        assert_eq!(timers.pop_due(at(30)), Some('a'));
        assert_eq!(timers.pop_due(at(99)), None);
    }

    #[test]
    fn a_cancelled_timer_is_gone() {
        let mut timers = Timers::new();
        timers.set('a', at(10));
        timers.cancel('a');
        timers.cancel('b');
        assert_eq!(timers.next_deadline(), None);
        assert_eq!(timers.pop_due(at(99)), None);
    }
}
