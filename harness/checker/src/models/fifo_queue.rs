//! A queue: what was enqueued first is dequeued first. See [`super::buffer`] for the operations.

use super::buffer::{Buffer, Discipline};
use super::persistent::Sequence;
use super::words::brief;
use crate::linearizable::{QueueRules, Specialist, ValueId, Values};

/// The model `fifo-queue`.
pub type FifoQueue = Buffer<Fifo>;

/// First in, first out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fifo;

impl Discipline for Fifo {
    type State = Sequence;

    const NAME: &'static str = "fifo-queue";
    const OBJECT: &'static str = "queue";
    const WORDS: [&'static str; 3] = ["enqueue", "enqueued", "dequeue"];

    fn empty() -> Sequence {
        Sequence::default()
    }

    fn put(state: &Sequence, value: ValueId) -> Sequence {
        state.append(value)
    }

    fn take(state: &Sequence, value: ValueId) -> Option<Sequence> {
        if state.first() == Some(value) { state.without_first() } else { None }
    }

    fn take_unknown(state: &Sequence) -> Option<Sequence> {
        state.without_first()
    }

    fn is_empty(state: &Sequence) -> bool {
        state.is_empty()
    }

    fn takeable(state: &Sequence) -> Vec<ValueId> {
        state.first().into_iter().collect()
    }

    fn heap_bytes(_: &Sequence) -> usize {
        Sequence::bytes_of_a_version()
    }

    fn show(state: &Sequence, values: &Values) -> String {
        let mut held: Vec<ValueId> = state.iter_back().collect();
        held.reverse();
        format!("[{}]", brief(&held, ", ", values))
    }

    fn specialists() -> Vec<Box<dyn Specialist<FifoQueue>>> {
        vec![Box::new(QueueRules)]
    }
}
