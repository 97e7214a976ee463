//! Generators that operations come from.

use super::rotation::Rotation;
use crate::{Context, Generator, Next, Op};

/// The operations of an iterator in their order, each as soon as a thread is free; threads take turns.
pub fn ops<I>(ops: I) -> impl Generator + use<I>
where
    I: IntoIterator<Item = Op>,
    I::IntoIter: Send,
{
    Source { ops: ops.into_iter(), rotation: Rotation::default() }
}

/// One operation, once.
pub fn once(op: Op) -> impl Generator {
    ops([op])
}

/// One operation again and again, without end.
pub fn repeat(op: Op) -> impl Generator {
    ops(std::iter::repeat(op))
}

struct Source<I> {
    ops: I,
    rotation: Rotation,
}

impl<I: Iterator<Item = Op> + Send> Generator for Source<I> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        // The thread comes first: an operation that is drawn must not be lost.
        let mut rotation = self.rotation;
        let Some(thread) = rotation.take(context) else { return Next::Pending { until: None } };
        let Some(op) = self.ops.next() else { return Next::Done };
        self.rotation = rotation;
        Next::Op { op, thread, intended: context.time }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{op, play, values};
    use super::*;

    #[test]
    fn operations_come_in_order_and_threads_take_turns() {
        let generator = ops((0..4).map(op));
        let steps = play(generator, 3, 10);
        assert_eq!(values(&steps), [0, 1, 2, 3]);
        let threads: Vec<usize> = steps.iter().map(|step| step.thread).collect();
        assert_eq!(threads, [0, 1, 2, 0]);
    }

    #[test]
    fn once_is_once_and_repeat_is_without_end() {
        assert_eq!(values(&play(once(op(7)), 2, 10)), [7]);
        assert_eq!(values(&play(repeat(op(7)), 2, 5)), [7; 5]);
    }
}
