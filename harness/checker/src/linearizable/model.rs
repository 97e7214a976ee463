//! What an object may do, one operation at a time.

use std::fmt::Debug;
use std::hash::Hash;

use ordalia_history::Operation;
use thiserror::Error;

use super::{Call, Specialist, ValueId, Values};

/// A sequential specification.
///
/// A model first turns each recorded operation into a small typed one of its own, so that the search
/// touches no JSON, and then says what each does to the object. Its functions are pure.
pub trait Model: Send + Sync {
    /// What the object holds. Small, since a search keeps many.
    type State: Clone + Eq + Hash + Debug + Send + Sync;
    /// An operation with its result.
    type Op: Clone + Eq + Hash + Debug + Send + Sync;

    /// The model's name on the command line.
    fn name(&self) -> &'static str;

    /// What such an object is called in a sentence: `register`.
    fn object(&self) -> &'static str;

    /// What the object holds before the first operation.
    fn init(&self, values: &mut Values) -> Self::State;

    /// The typed form of a recorded operation, and whether it must or may have taken effect.
    ///
    /// # Errors
    /// The operation is none of this model's, or its value has another shape.
    fn parse(&self, operation: &Operation, values: &mut Values) -> Result<Part<Self::Op>, Unfit>;

    /// The state that the operation leaves; `None` where it cannot have had its result in that state.
    fn step(&self, state: &Self::State, op: &Self::Op) -> Option<Self::State>;

    /// Bytes that the state holds on the heap, so that a search that keeps many can count them.
    fn heap_bytes(&self, state: &Self::State) -> usize {
        let _ = state;
        0
    }

    /// Whether the operation changes the object in no state whatever. Searches place such operations as
    /// soon as they are legal; where the answer is no, they only search longer.
    fn is_observation(&self, op: &Self::Op) -> bool {
        let _ = op;
        false
    }

    /// What the operation stands or falls with, when operations are left out of a history. Only where this
    /// is answered can failures be cut down to the few operations that matter, with proof.
    fn tie(&self, op: &Self::Op) -> Tie {
        let _ = op;
        Tie::Fixed
    }

    /// The algorithms of polynomial cost for such objects, the most telling first. Each decides the
    /// histories that qualify for it, and abstains from others.
    fn specialists(&self) -> Vec<Box<dyn Specialist<Self>>>
    where
        Self: Sized,
    {
        Vec::new()
    }

    /// The state that the operation saw, where its result tells. Used in explanations only.
    fn observes(&self, op: &Self::Op) -> Option<Self::State> {
        let _ = op;
        None
    }

    /// The state that the operation leaves whenever it is legal. Used in explanations only.
    fn produces(&self, op: &Self::Op) -> Option<Self::State> {
        let _ = op;
        None
    }

    /// Why the call with this position can have no place in any order, as the rest of a sentence: `7 was never
    /// enqueued`. Used in explanations only, and only where it holds of these calls whatever their order.
    fn why(&self, calls: &[Call<Self::Op>], stuck: usize, values: &Values) -> Option<String> {
        let _ = (calls, stuck, values);
        None
    }

    /// A state for a person.
    fn show_state(&self, state: &Self::State, values: &Values) -> String;

    /// An operation for a person: `write 5`.
    fn show(&self, op: &Self::Op, values: &Values) -> String;

    /// What the operation says happened, as the rest of a sentence: `returned 3`.
    fn claim(&self, op: &Self::Op, values: &Values) -> String;

    /// How the operation would have come out legally in that state: `read 5`.
    fn legal(&self, state: &Self::State, op: &Self::Op, values: &Values) -> String;
}

/// What an operation stands or falls with, when operations are left out.
///
/// The contract of a model: take a legal order; join operations into groups, where two that name a common
/// value are in one group; leave out whole groups. If no operation that stays is [`Tie::Fixed`] or
/// [`Tie::Global`], and none that goes is [`Tie::Stays`], then what stays is a legal order still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tie {
    /// With everything: nothing but observations may be left out beside it.
    Fixed,
    /// It says something of all values (a refused cas, a read of a whole set): an observation that goes
    /// first, as soon as any group goes.
    Global,
    /// With the operations that name one of these values; with none, where the list is empty.
    Values(Vec<ValueId>),
    /// It may have made room for others, and is never left out; beside it others may be, for then it need not have
    /// happened. For crashed operations alone.
    Stays,
}

/// An operation's part in the history of its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<Op> {
    /// It took effect between its invocation and its completion.
    Must(Op),
    /// It took effect at some time after its invocation, perhaps after all others, or never.
    May(Op),
    /// It tells nothing of the object.
    Out,
}

/// A recorded operation that a model cannot read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("event {event}: the model {model} expected {expected}, found {found}")]
pub struct Unfit {
    /// Index of the offending event.
    pub event: u64,
    /// The model's name.
    pub model: &'static str,
    /// What it takes.
    pub expected: String,
    /// What the history holds.
    pub found: String,
}
