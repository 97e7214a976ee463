//! A stack: what was pushed last is popped first. See [`super::buffer`] for the operations.

use super::buffer::{Buffer, Discipline};
use super::persistent::Sequence;
use super::words::brief;
use crate::linearizable::{Specialist, StackRules, ValueId, Values};

/// The model `stack`.
pub type Stack = Buffer<Lifo>;

/// Last in, first out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lifo;

impl Discipline for Lifo {
    type State = Sequence;

    const NAME: &'static str = "stack";
    const OBJECT: &'static str = "stack";
    const WORDS: [&'static str; 3] = ["push", "pushed", "pop"];

    fn empty() -> Sequence {
        Sequence::default()
    }

    fn put(state: &Sequence, value: ValueId) -> Sequence {
        state.append(value)
    }

    fn take(state: &Sequence, value: ValueId) -> Option<Sequence> {
        if state.last() == Some(value) { state.without_last() } else { None }
    }

    fn take_unknown(state: &Sequence) -> Option<Sequence> {
        state.without_last()
    }

    fn is_empty(state: &Sequence) -> bool {
        state.is_empty()
    }

    fn takeable(state: &Sequence) -> Vec<ValueId> {
        state.last().into_iter().collect()
    }

    fn heap_bytes(_: &Sequence) -> usize {
        Sequence::bytes_of_a_version()
    }

    fn show(state: &Sequence, values: &Values) -> String {
        let mut held: Vec<ValueId> = state.iter_back().collect();
        held.reverse();
        format!("[{}]", brief(&held, ", ", values))
    }

    fn specialists() -> Vec<Box<dyn Specialist<Stack>>> {
        vec![Box::new(StackRules)]
    }
}
