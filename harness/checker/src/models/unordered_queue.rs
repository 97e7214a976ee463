//! An unordered queue, or bag: any value that is in may be dequeued. See [`super::buffer`] for the operations.
//!
//! A crashed dequeue may have taken any value, and a step has one outcome only. So such dequeues are debts: one
//! says that some value is gone and leaves open which. Nothing is lost or won by that. A value that is gone
//! helps nobody but a dequeue that finds nothing; a crashed dequeue never completes, so it can take effect
//! as late as just ahead of that one. Hence the debts are paid when they come to all that is in, and then the
//! queue is empty; and until then values may be taken as long as enough are left to pay.

use super::buffer::{Buffer, Discipline};
use super::persistent::Multiset;
use super::words::brief;
use crate::linearizable::{BagRules, Specialist, ValueId, Values};

/// The model `unordered-queue`.
pub type UnorderedQueue = Buffer<Unordered>;

/// In any order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unordered;

/// What a bag holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bag {
    held: Multiset,
    /// How many of those are gone, nobody knows which: fewer than all, or none.
    debts: u64,
}

impl Bag {
    /// What it holds, unless some of that is gone.
    pub(crate) fn certain(&self) -> Option<&Multiset> {
        (self.debts == 0).then_some(&self.held)
    }
}

impl Discipline for Unordered {
    type State = Bag;

    const NAME: &'static str = "unordered-queue";
    const OBJECT: &'static str = "queue";
    const WORDS: [&'static str; 3] = ["enqueue", "enqueued", "dequeue"];

    fn empty() -> Bag {
        Bag::default()
    }

    fn put(state: &Bag, value: ValueId) -> Bag {
        Bag { held: state.held.with(value), debts: state.debts }
    }

    fn take(state: &Bag, value: ValueId) -> Option<Bag> {
        let held = state.held.without(value)?;
        // What is left must pay the debts; where it just does, it is gone.
        Some(if held.len() == state.debts { Bag::default() } else { Bag { held, debts: state.debts } })
    }

    fn take_unknown(state: &Bag) -> Option<Bag> {
        let debts = state.debts + 1;
        match state.held.len() {
            0 => None,
            held if held == debts => Some(Bag::default()),
            _ => Some(Bag { held: state.held.clone(), debts }),
        }
    }

    fn is_empty(state: &Bag) -> bool {
        state.held.is_empty()
    }

    fn takeable(state: &Bag) -> Vec<ValueId> {
        let mut values: Vec<ValueId> = state.held.iter().collect();
        values.dedup();
        values
    }

    fn heap_bytes(state: &Bag) -> usize {
        state.held.bytes_of_a_version()
    }

    fn show(state: &Bag, values: &Values) -> String {
        let held: Vec<ValueId> = state.held.iter().collect();
        let held = brief(&held, ", ", values);
        match state.debts {
            0 => format!("{{{held}}}"),
            debts => format!("{{{held}}} without {debts} of these"),
        }
    }

    fn specialists() -> Vec<Box<dyn Specialist<UnorderedQueue>>> {
        vec![Box::new(BagRules)]
    }
}
