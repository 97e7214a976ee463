//! Generators one after the other.

use ordalia_history::Event;

use crate::{Context, Generator, Next};

/// The first so many operations.
pub fn limit<G: Generator>(count: u64, inner: G) -> impl Generator {
    Limit { left: count, inner }
}

struct Limit<G> {
    left: u64,
    inner: G,
}

impl<G: Generator> Generator for Limit<G> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        if self.left == 0 {
            return Next::Done;
        }
        let next = self.inner.next(context);
        if matches!(next, Next::Op { .. }) {
            self.left -= 1;
        }
        next
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        self.inner.update(context, event);
    }
}

/// One generator after the other, the next beginning as soon as the one before it is done, though some of
/// its operations may still be under way. See [`phases`] for a wait in between.
pub fn chain(parts: Vec<Box<dyn Generator>>) -> impl Generator {
    let mut parts = parts;
    parts.reverse();
    Chain { rest: parts }
}

struct Chain {
    /// What is still to come, in reverse order; the present one is the last.
    rest: Vec<Box<dyn Generator>>,
}

impl Generator for Chain {
    fn next(&mut self, context: &Context<'_>) -> Next {
        while let Some(part) = self.rest.last_mut() {
            match part.next(context) {
                Next::Done => self.rest.pop(),
                other => return other,
            };
        }
        Next::Done
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        if let Some(part) = self.rest.last_mut() {
            part.update(context, event);
        }
    }
}

/// Waits until all threads are free, and then is the inner generator.
pub fn synchronize<G: Generator>(inner: G) -> impl Generator {
    Synchronize { begun: false, inner }
}

struct Synchronize<G> {
    begun: bool,
    inner: G,
}

impl<G: Generator> Generator for Synchronize<G> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        self.begun |= context.free.len() == context.threads;
        if self.begun { self.inner.next(context) } else { Next::Pending { until: None } }
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        if self.begun {
            self.inner.update(context, event);
        }
    }
}

/// One generator after the other, each beginning when all operations of the one before it have ended.
pub fn phases(parts: Vec<Box<dyn Generator>>) -> impl Generator {
    chain(parts.into_iter().map(|part| Box::new(synchronize(part)) as Box<dyn Generator>).collect())
}

/// The first, and the second when all operations of the first have ended.
pub fn then(first: impl Generator + 'static, second: impl Generator + 'static) -> impl Generator {
    phases(vec![Box::new(first), Box::new(second)])
}

/// A generator made anew whenever it is done, so many times, or without end. Ends as well if what is made
/// has no operation, which would otherwise be asked for ever.
pub fn cycle<G, F>(times: Option<u64>, make: F) -> impl Generator
where
    G: Generator,
    F: FnMut() -> G + Send,
{
    Cycle { left: times, make, present: None, fruitful: true }
}

struct Cycle<G, F> {
    left: Option<u64>,
    make: F,
    present: Option<G>,
    /// Whether the present one, or if there is none the one before, was anything but done at once.
    fruitful: bool,
}

impl<G: Generator, F: FnMut() -> G + Send> Cycle<G, F> {
    /// Makes the next one if there is none and one is due.
    fn renew(&mut self) {
        if self.present.is_some() || !self.fruitful || self.left == Some(0) {
            return;
        }
        self.left = self.left.map(|left| left - 1);
        self.fruitful = false;
        self.present = Some((self.make)());
    }
}

impl<G: Generator, F: FnMut() -> G + Send> Generator for Cycle<G, F> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        loop {
            self.renew();
            let Some(present) = &mut self.present else { return Next::Done };
            match present.next(context) {
                Next::Done => self.present = None,
                other => {
                    self.fruitful = true;
                    return other;
                }
            }
        }
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        if let Some(present) = &mut self.present {
            present.update(context, event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pace::sleep;
    use super::super::source::{once, ops, repeat};
    use super::super::testing::{Step, op, play, values};
    use super::*;

    fn times(steps: &[Step]) -> Vec<u64> {
        steps.iter().map(|step| step.time).collect()
    }

    #[test]
    fn a_limit_counts_operations() {
        assert_eq!(values(&play(limit(3, repeat(op(1))), 2, 99)), [1, 1, 1]);
        assert!(play(limit(0, repeat(op(1))), 2, 99).is_empty());
    }

    #[test]
    fn a_chain_does_not_wait_and_phases_do() {
        let parts = || -> Vec<Box<dyn Generator>> {
            vec![Box::new(ops([op(1), op(2)])), Box::new(ops([op(3)])), Box::new(ops([op(4)]))]
        };
        let chained = play(chain(parts()), 5, 99);
        assert_eq!((values(&chained), times(&chained)), (vec![1, 2, 3, 4], vec![0, 0, 0, 0]));
        let phased = play(phases(parts()), 5, 99);
        assert_eq!((values(&phased), times(&phased)), (vec![1, 2, 3, 4], vec![0, 0, 10, 20]));
    }

    #[test]
    fn then_waits_and_sleep_lets_time_go_by() {
        let steps = play(then(chain(vec![Box::new(once(op(1))), Box::new(sleep(500))]), once(op(2))), 3, 99);
        assert_eq!((values(&steps), times(&steps)), (vec![1, 2], vec![0, 500]));
    }

    #[test]
    fn a_cycle_begins_anew() {
        let seen = |times| values(&play(cycle(times, || ops([op(1), op(2)])), 1, 5));
        assert_eq!(seen(Some(2)), [1, 2, 1, 2]);
        assert_eq!(seen(None), [1, 2, 1, 2, 1]);
        assert!(play(cycle(None, || ops([])), 1, 5).is_empty());
    }
}
