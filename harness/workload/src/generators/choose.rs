//! Generators that choose among several.

use ordalia_history::{Event, EventType};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{Context, Generator, Next};

/// Children of a combinator, and which of them gave the last operation.
///
/// An invocation is told only to the child that asked for it, and a completion to all: each knows by the
/// process which are its own.
pub(crate) struct Children {
    /// `None` once a child is done.
    slots: Vec<Option<Box<dyn Generator>>>,
    last: Option<usize>,
}

impl Children {
    pub(crate) fn new(children: Vec<Box<dyn Generator>>) -> Self {
        Self { slots: children.into_iter().map(Some).collect(), last: None }
    }

    /// Asks one child; one that is done stays so.
    pub(crate) fn ask(&mut self, child: usize, context: &Context<'_>) -> Next {
        let Some(Some(generator)) = self.slots.get_mut(child) else { return Next::Done };
        let next = generator.next(context);
        match next {
            Next::Op { .. } => self.last = Some(child),
            Next::Done => self.slots[child] = None,
            Next::Pending { .. } => {}
        }
        next
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn is_done(&self, child: usize) -> bool {
        self.slots.get(child).is_none_or(Option::is_none)
    }

    /// Tells one child, if the event may be its own.
    pub(crate) fn tell(&mut self, child: usize, context: &Context<'_>, event: &Event) {
        let own = event.kind != EventType::Invoke || self.last == Some(child);
        if let Some(Some(generator)) = self.slots.get_mut(child).filter(|_| own) {
            generator.update(context, event);
        }
    }

    pub(crate) fn tell_all(&mut self, context: &Context<'_>, event: &Event) {
        (0..self.len()).for_each(|child| self.tell(child, context, event));
    }
}

/// What several answers come to of which none is an operation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waiting {
    pending: bool,
    until: Option<u64>,
}

impl Waiting {
    /// Takes an answer into account and gives it back if it is an operation.
    pub(crate) fn add(&mut self, next: Next) -> Option<Next> {
        match next {
            Next::Op { .. } => return Some(next),
            Next::Pending { until } => {
                self.pending = true;
                self.until = [self.until, until].into_iter().flatten().min();
            }
            Next::Done => {}
        }
        None
    }

    /// Pending as long as one of them is, and until the first of their times; otherwise done.
    pub(crate) fn next(self) -> Next {
        if self.pending { Next::Pending { until: self.until } } else { Next::Done }
    }
}

/// Chooses a generator at random, by weight, for each operation. One that is done is left out from then on;
/// done when all are, or those that are left have no weight.
///
/// A choice stands until the operation can be done, so that the seed alone fixes the order of the choices.
pub fn mix(seed: u64, children: Vec<(u32, Box<dyn Generator>)>) -> impl Generator {
    let (weights, children) = children.into_iter().unzip();
    Mix { rng: ChaCha8Rng::seed_from_u64(seed), weights, children: Children::new(children), chosen: None }
}

struct Mix {
    rng: ChaCha8Rng,
    weights: Vec<u32>,
    children: Children,
    chosen: Option<usize>,
}

impl Mix {
    /// A child that is not done, by weight.
    fn choose(&mut self) -> Option<usize> {
        let weight = |child: usize| match self.children.is_done(child) {
            true => 0,
            false => u64::from(self.weights[child]),
        };
        let total: u64 = (0..self.weights.len()).map(weight).sum();
        if total == 0 {
            return None;
        }
        let mut left = self.rng.random_range(0..total);
        (0..self.weights.len()).find(|child| match left.checked_sub(weight(*child)) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        })
    }
}

impl Generator for Mix {
    fn next(&mut self, context: &Context<'_>) -> Next {
        loop {
            let Some(child) = self.chosen.take().or_else(|| self.choose()) else { return Next::Done };
            match self.children.ask(child, context) {
                Next::Done => {}
                pending @ Next::Pending { .. } => {
                    self.chosen = Some(child);
                    return pending;
                }
                op => return op,
            }
        }
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        self.children.tell_all(context, event);
    }
}

/// Whichever has an operation first; where several have one, they take turns. Done when all are.
pub fn any(children: Vec<Box<dyn Generator>>) -> impl Generator {
    Any { children: Children::new(children), turn: 0 }
}

struct Any {
    children: Children,
    /// Who is asked first.
    turn: usize,
}

impl Generator for Any {
    fn next(&mut self, context: &Context<'_>) -> Next {
        let (count, mut waiting) = (self.children.len(), Waiting::default());
        for child in (self.turn..count).chain(0..self.turn) {
            if let Some(op) = waiting.add(self.children.ask(child, context)) {
                self.turn = (child + 1) % count;
                return op;
            }
        }
        waiting.next()
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        self.children.tell_all(context, event);
    }
}

/// An operation of the one, then one of the other, in turns. Done as soon as the one whose turn it is is done.
pub fn flip_flop(a: impl Generator + 'static, b: impl Generator + 'static) -> impl Generator {
    FlipFlop { children: Children::new(vec![Box::new(a), Box::new(b)]), turn: 0 }
}

struct FlipFlop {
    children: Children,
    turn: usize,
}

impl Generator for FlipFlop {
    fn next(&mut self, context: &Context<'_>) -> Next {
        let next = self.children.ask(self.turn, context);
        if matches!(next, Next::Op { .. }) {
            self.turn = 1 - self.turn;
        }
        next
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        self.children.tell_all(context, event);
    }
}

#[cfg(test)]
mod tests {
    use super::super::pace::{delay, stagger};
    use super::super::source::{ops, repeat};
    use super::super::testing::{op, play, play_for, values};
    use super::*;

    fn boxed(generator: impl Generator + 'static) -> Box<dyn Generator> {
        Box::new(generator)
    }

    #[test]
    fn a_mix_keeps_its_weights_and_leaves_out_what_is_done() {
        let children = vec![(3, boxed(repeat(op(1)))), (1, boxed(repeat(op(2)))), (9, boxed(ops([op(3)])))];
        let seen = values(&play(mix(5, children), 4, 4_000));
        let count = |value| seen.iter().filter(|seen| **seen == value).count();
        assert_eq!(count(3), 1);
        assert!((2_850..3_150).contains(&count(1)), "{}", count(1));
        assert!(play(mix(5, vec![]), 1, 9).is_empty());
        assert!(play(mix(5, vec![(0, boxed(repeat(op(1))))]), 1, 9).is_empty());
    }

    #[test]
    fn the_order_of_a_mix_is_the_seeds_however_slow_threads_are() {
        let order = |threads, latency| {
            let paced = boxed(stagger(70, 1, ops((100..).map(op))));
            let children = vec![(1, boxed(ops((0..).map(op)))), (1, paced)];
            values(&play_for(mix(8, children), threads, 500, latency))
        };
        assert_eq!(order(1, 10), order(9, 777));
    }

    #[test]
    fn any_takes_what_is_ready() {
        let children = vec![boxed(delay(100, ops((0..3).map(op)))), boxed(ops((10..13).map(op)))];
        assert_eq!(values(&play(any(children), 1, 99)), [0, 10, 11, 12, 1, 2]);
    }

    #[test]
    fn flip_flop_alternates_until_one_is_done() {
        let seen = play(flip_flop(ops((0..9).map(op)), ops((10..12).map(op))), 3, 99);
        assert_eq!(values(&seen), [0, 10, 1, 11, 2]);
    }
}
