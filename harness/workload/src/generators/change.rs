//! Generators that change, leave out or watch the operations of another.

use std::collections::BTreeSet;

use ordalia_history::{Event, EventType, Process};

use crate::{Context, Generator, Next, Op};

/// Each operation changed by a function.
pub fn map<G: Generator, F: FnMut(Op) -> Op + Send>(change: F, inner: G) -> impl Generator {
    Map { change, inner }
}

struct Map<G, F> {
    change: F,
    inner: G,
}

impl<G: Generator, F: FnMut(Op) -> Op + Send> Generator for Map<G, F> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        match self.inner.next(context) {
            Next::Op { op, thread, intended } => Next::Op { op: (self.change)(op), thread, intended },
            other => other,
        }
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        self.inner.update(context, event);
    }
}

/// Only the operations that are accepted. An inner generator that goes on for ever must have one now and
/// then, for the next is looked for without end.
pub fn filter<G: Generator, F: FnMut(&Op) -> bool + Send>(accept: F, inner: G) -> impl Generator {
    Filter { accept, inner }
}

struct Filter<G, F> {
    accept: F,
    inner: G,
}

impl<G: Generator, F: FnMut(&Op) -> bool + Send> Generator for Filter<G, F> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        loop {
            match self.inner.next(context) {
                Next::Op { op, .. } if !(self.accept)(&op) => {}
                other => return other,
            }
        }
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        self.inner.update(context, event);
    }
}

/// The operations of the inner generator until one of them succeeds. Others that are under way by then go on.
pub fn until_ok<G: Generator>(inner: G) -> impl Generator {
    UntilOk { succeeded: false, open: BTreeSet::new(), inner }
}

struct UntilOk<G> {
    succeeded: bool,
    /// The processes that have an operation of the inner generator under way.
    open: BTreeSet<Process>,
    inner: G,
}

impl<G: Generator> Generator for UntilOk<G> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        if self.succeeded { Next::Done } else { self.inner.next(context) }
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        // Invocations are told only to the generator that asked for them.
        if event.kind == EventType::Invoke {
            self.open.insert(event.process);
        } else if self.open.remove(&event.process) {
            self.succeeded |= event.kind == EventType::Ok;
        }
        self.inner.update(context, event);
    }
}

#[cfg(test)]
mod tests {
    use ordalia_history::{OpError, Value};

    use super::super::choose::any;
    use super::super::source::{ops, repeat};
    use super::super::testing::{op, play, play_with, values};
    use super::*;
    use crate::Completion;

    #[test]
    fn operations_are_changed_and_left_out() {
        let even =
            filter(|op: &Op| op.value.as_u64().is_some_and(|value| value % 2 == 0), ops((0..6).map(op)));
        let doubled = map(|write: Op| op(write.value.as_u64().unwrap_or_default() + 100), even);
        assert_eq!(values(&play(doubled, 2, 99)), [100, 102, 104]);
    }

    /// The nth operation to end is the first to succeed.
    fn first_success(n: usize) -> impl Fn(usize, &Op) -> Completion {
        move |ended, op| match ended + 1 {
            number if number >= n => Completion::ok(op.value.clone()),
            number if number % 2 == 0 => Completion::fail(Value::Null, OpError::new("abort")),
            _ => Completion::info(Value::Null, OpError::new("timeout")),
        }
    }

    #[test]
    fn until_ok_tries_again_until_one_succeeds() {
        let steps = play_with(until_ok(repeat(op(1))), 1, 99, 10, first_success(5));
        assert_eq!(steps.len(), 5);
    }

    #[test]
    fn until_ok_is_not_fooled_by_the_success_of_others() {
        let own = until_ok(repeat(op(1)));
        let others = ops((0..20).map(|_| op(2)));
        let both = any(vec![Box::new(own), Box::new(others)]);
        let only_others = |_: usize, op: &Op| match op.value.as_u64() {
            Some(2) => Completion::ok(op.value.clone()),
            _ => Completion::fail(Value::Null, OpError::new("abort")),
        };
        let steps = play_with(both, 4, 60, 10, only_others);
        assert_eq!(values(&steps).iter().filter(|value| **value == 1).count(), 40);
    }
}
