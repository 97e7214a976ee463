//! Generators that say when.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{Context, Generator, Next};
use ordalia_history::Event;

/// Spaces operations by random times of an exponential distribution with that mean, over all threads
/// together, so that they arrive as from many independent clients.
///
/// Where threads cannot keep up, operations are given as soon as one is free, and each says when it was
/// meant to be done. The seed fixes the times that are meant. A mean of 0 does not pace at all.
pub fn stagger<G: Generator>(mean_ns: u64, seed: u64, inner: G) -> impl Generator {
    let mut stagger = Stagger { mean_ns, rng: ChaCha8Rng::seed_from_u64(seed), due: 0, inner };
    stagger.due = stagger.gap();
    stagger
}

struct Stagger<G> {
    mean_ns: u64,
    rng: ChaCha8Rng,
    /// When the next operation is meant to be done.
    due: u64,
    inner: G,
}

impl<G> Stagger<G> {
    /// A random time between two operations: the inverse of the exponential distribution.
    fn gap(&mut self) -> u64 {
        let uniform: f64 = self.rng.random();
        (-(1.0 - uniform).ln() * self.mean_ns as f64) as u64
    }
}

impl<G: Generator> Generator for Stagger<G> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        if context.time < self.due {
            return Next::Pending { until: Some(self.due) };
        }
        match self.inner.next(context) {
            Next::Op { op, thread, intended } => {
                let due = self.due;
                self.due = due.saturating_add(self.gap());
                let intended = if self.mean_ns == 0 { intended } else { due };
                Next::Op { op, thread, intended }
            }
            other => other,
        }
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        self.inner.update(context, event);
    }
}

/// Lets at least that much time go by from one operation to the next, over all threads together.
pub fn delay<G: Generator>(gap_ns: u64, inner: G) -> impl Generator {
    Delay { gap_ns, due: 0, inner }
}

struct Delay<G> {
    gap_ns: u64,
    due: u64,
    inner: G,
}

impl<G: Generator> Generator for Delay<G> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        if context.time < self.due {
            return Next::Pending { until: Some(self.due) };
        }
        let next = self.inner.next(context);
        if matches!(next, Next::Op { .. }) {
            self.due = context.time.saturating_add(self.gap_ns);
        }
        next
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        self.inner.update(context, event);
    }
}

/// Nothing for that long, counted from when it is first asked; then done.
pub fn sleep(for_ns: u64) -> impl Generator {
    Sleep { for_ns, end: None }
}

struct Sleep {
    for_ns: u64,
    end: Option<u64>,
}

impl Generator for Sleep {
    fn next(&mut self, context: &Context<'_>) -> Next {
        let end = *self.end.get_or_insert(context.time.saturating_add(self.for_ns));
        if context.time < end { Next::Pending { until: Some(end) } } else { Next::Done }
    }
}

/// The inner generator for that long, counted from when it is first asked; then done.
pub fn time_limit<G: Generator>(for_ns: u64, inner: G) -> impl Generator {
    TimeLimit { for_ns, end: None, inner }
}

struct TimeLimit<G> {
    for_ns: u64,
    end: Option<u64>,
    inner: G,
}

impl<G: Generator> Generator for TimeLimit<G> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        let end = *self.end.get_or_insert(context.time.saturating_add(self.for_ns));
        if context.time >= end {
            return Next::Done;
        }
        match self.inner.next(context) {
            Next::Pending { until } => Next::Pending { until: Some(until.map_or(end, |at| at.min(end))) },
            other => other,
        }
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        self.inner.update(context, event);
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::{ops, repeat};
    use super::super::testing::{Step, op, play, play_for, values};
    use super::*;

    #[test]
    fn staggered_operations_keep_the_rate_in_the_mean() {
        let steps = play(stagger(1_000, 3, repeat(op(0))), 50, 4_000);
        let mean = steps[3_999].time / 4_000;
        assert!(mean.abs_diff(1_000) < 60, "{mean}");
        let distinct: std::collections::BTreeSet<u64> =
            steps.windows(2).map(|pair| pair[1].time - pair[0].time).collect();
        assert!(distinct.len() > 1_000, "the gaps vary");
    }

    #[test]
    fn what_was_meant_does_not_depend_on_how_fast_threads_are() {
        let meant = |latency| -> Vec<u64> {
            let steps = play_for(stagger(1_000, 3, repeat(op(0))), 2, 300, latency);
            steps.iter().map(|step| step.intended).collect()
        };
        assert_eq!(meant(1), meant(50_000));
        let late = play_for(stagger(1_000, 3, repeat(op(0))), 2, 300, 50_000);
        assert!(late.iter().all(|step| step.intended <= step.time));
        assert!(late[299].time - late[299].intended > 1_000_000);
    }

    #[test]
    fn a_delay_is_a_least_gap_and_a_limit_ends() {
        let times = |steps: &[Step]| -> Vec<u64> { steps.iter().map(|step| step.time).collect() };
        assert_eq!(times(&play(delay(500, ops((0..3).map(op))), 4, 10)), [0, 500, 1_000]);
        let steps = play(time_limit(1_200, delay(500, repeat(op(0)))), 4, 10);
        assert_eq!(times(&steps), [0, 500, 1_000]);
    }

    #[test]
    fn a_mean_of_nothing_does_not_pace() {
        let steps = play(stagger(0, 1, ops((0..5).map(op))), 8, 10);
        assert_eq!(values(&steps), [0, 1, 2, 3, 4]);
        assert!(steps.iter().all(|step| step.time == 0 && step.intended == 0));
    }
}
