//! What queues and stacks have in common: values are put in and taken out again. They differ in which value
//! may be taken, their [`Discipline`].
//!
//! `enqueue` (or `push`) is invoked with the value, `dequeue` (or `pop`) completes with it. One that fails with
//! the error `empty` found nothing, which is an observation; any other failure says nothing. A dequeue that
//! crashed may have taken anything: it may take effect at any later time, on what there then is. Null is no
//! value: whoever completes a dequeue so has other conventions, and to guess at them could end in a wrong
//! verdict.

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use ordalia_history::{Operation, Outcome, Value};

use super::words::{Unread, brief};
use crate::linearizable::{Call, Model, Part, Specialist, Tie, Unfit, ValueId, Values};

/// A queue or a stack, by its discipline.
#[derive(Clone, Debug, Default)]
pub struct Buffer<D> {
    initial: Vec<Value>,
    discipline: PhantomData<D>,
}

/// An operation on a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BufferOp {
    /// It put that value in.
    Put(ValueId),
    /// It took that value out.
    Take(ValueId),
    /// It found nothing to take.
    Empty,
    /// It crashed, and if it took effect it took what was there, nobody knows what.
    TakeUnknown,
}

/// Which value may be taken.
pub trait Discipline: Clone + Debug + Default + Send + Sync + 'static {
    /// What the buffer holds.
    type State: Clone + Eq + Hash + Debug + Send + Sync;

    /// The model's name on the command line.
    const NAME: &'static str;
    /// What such an object is called in a sentence.
    const OBJECT: &'static str;
    /// The words for putting in and taking out: `enqueue`, `enqueued`, `dequeue`.
    const WORDS: [&'static str; 3];

    /// With nothing in it.
    fn empty() -> Self::State;

    /// With one value more.
    fn put(state: &Self::State, value: ValueId) -> Self::State;

    /// Without that value, where it can be taken.
    fn take(state: &Self::State, value: ValueId) -> Option<Self::State>;

    /// Without some value, where there is one. See the discipline for what that means where several could be
    /// taken.
    fn take_unknown(state: &Self::State) -> Option<Self::State>;

    /// Whether there is nothing to take.
    fn is_empty(state: &Self::State) -> bool;

    /// The values that could be taken now.
    fn takeable(state: &Self::State) -> Vec<ValueId>;

    /// Bytes that a state holds on the heap for itself.
    fn heap_bytes(state: &Self::State) -> usize;

    /// A state for a person.
    fn show(state: &Self::State, values: &Values) -> String;

    /// The algorithms of polynomial cost.
    fn specialists() -> Vec<Box<dyn Specialist<Buffer<Self>>>>;
}

impl<D: Discipline> Buffer<D> {
    /// One that holds these values at first, as if put in in this order.
    pub fn new(initial: Vec<Value>) -> Self {
        Self { initial, discipline: PhantomData }
    }

    fn parse_put(&self, operation: &Operation, values: &mut Values) -> Result<Part<BufferOp>, Unfit> {
        if operation.input.is_null() {
            return Err(Unread { model: D::NAME, operation }.input("a value other than null"));
        }
        let put = BufferOp::Put(values.intern(&operation.input));
        Ok(match operation.outcome {
            Outcome::Ok => Part::Must(put),
            Outcome::Info => Part::May(put),
            Outcome::Fail => Part::Out,
        })
    }

    fn parse_take(&self, operation: &Operation, values: &mut Values) -> Result<Part<BufferOp>, Unfit> {
        let empty = |kind: &str| kind.trim_start_matches(':') == "empty";
        match operation.outcome {
            Outcome::Ok if operation.output.is_null() => {
                let expected = "a value (one that found nothing fails with the error \"empty\")";
                Err(Unread { model: D::NAME, operation }.output(expected))
            }
            Outcome::Ok => Ok(Part::Must(BufferOp::Take(values.intern(&operation.output)))),
            Outcome::Info => Ok(Part::May(BufferOp::TakeUnknown)),
            Outcome::Fail if operation.error.as_ref().is_some_and(|error| empty(&error.kind)) => {
                Ok(Part::Must(BufferOp::Empty))
            }
            Outcome::Fail => Ok(Part::Out),
        }
    }
}

impl<D: Discipline> Model for Buffer<D> {
    type State = D::State;
    type Op = BufferOp;

    fn name(&self) -> &'static str {
        D::NAME
    }

    fn object(&self) -> &'static str {
        D::OBJECT
    }

    fn init(&self, values: &mut Values) -> D::State {
        self.initial.iter().fold(D::empty(), |state, value| D::put(&state, values.intern(value)))
    }

    fn parse(&self, operation: &Operation, values: &mut Values) -> Result<Part<BufferOp>, Unfit> {
        match operation.f.as_str() {
            "enqueue" | "push" => self.parse_put(operation, values),
            "dequeue" | "pop" => self.parse_take(operation, values),
            _ => {
                let [put, _, take] = D::WORDS;
                Err(Unread { model: D::NAME, operation }.name(&format!("{put} or {take}")))
            }
        }
    }

    fn step(&self, state: &D::State, op: &BufferOp) -> Option<D::State> {
        match *op {
            BufferOp::Put(value) => Some(D::put(state, value)),
            BufferOp::Take(value) => D::take(state, value),
            BufferOp::Empty => D::is_empty(state).then(|| state.clone()),
            BufferOp::TakeUnknown => D::take_unknown(state),
        }
    }

    fn heap_bytes(&self, state: &D::State) -> usize {
        D::heap_bytes(state)
    }

    fn is_observation(&self, op: &BufferOp) -> bool {
        matches!(op, BufferOp::Empty)
    }

    fn tie(&self, op: &BufferOp) -> Tie {
        match *op {
            // Leaving out who takes a value that is there at first leaves it in the way of others.
            _ if !self.initial.is_empty() => Tie::Fixed,
            BufferOp::Put(value) | BufferOp::Take(value) => Tie::Values(vec![value]),
            // What was empty with a value put in and taken out is empty without.
            BufferOp::Empty => Tie::Values(Vec::new()),
            // A crashed one that took what is left out need not have happened; but without it what it took is
            // still there.
            BufferOp::TakeUnknown => Tie::Stays,
        }
    }

    fn specialists(&self) -> Vec<Box<dyn Specialist<Self>>> {
        D::specialists()
    }

    /// A value is taken no more often than it was put in by then.
    fn why(&self, calls: &[Call<BufferOp>], stuck: usize, values: &Values) -> Option<String> {
        let BufferOp::Take(value) = calls.get(stuck)?.op else { return None };
        let end = calls[stuck].complete?;
        if !self.initial.is_empty() {
            return None;
        }
        let puts: Vec<u64> =
            calls.iter().filter(|call| call.op == BufferOp::Put(value)).map(|call| call.invoke).collect();
        let put = puts.iter().filter(|invoke| **invoke < end).count();
        let taken_by = |call: &&Call<BufferOp>| {
            call.op == BufferOp::Take(value) && call.complete.is_some_and(|complete| complete <= end)
        };
        let taken = calls.iter().filter(taken_by).count();
        let ([_, put_in, _], shown) = (D::WORDS, values.text(value));
        match (puts.first(), put) {
            (None, _) => Some(format!("{shown} was never {put_in}")),
            (Some(first), 0) => Some(format!("{shown} was not {put_in} before event {first}")),
            (_, 1) if taken > 1 => Some(format!("{shown} was {put_in} once and returned {taken} times")),
            _ if taken > put => Some(format!("{shown} was {put_in} {put} times and returned {taken} times")),
            _ => None,
        }
    }

    fn show_state(&self, state: &D::State, values: &Values) -> String {
        D::show(state, values)
    }

    fn show(&self, op: &BufferOp, values: &Values) -> String {
        let [put, _, take] = D::WORDS;
        match *op {
            BufferOp::Put(value) => format!("{put} {}", values.text(value)),
            BufferOp::Take(value) => format!("{take} {}", values.text(value)),
            BufferOp::Empty => format!("{take} that found nothing"),
            BufferOp::TakeUnknown => format!("{take} of something unknown"),
        }
    }

    fn claim(&self, op: &BufferOp, values: &Values) -> String {
        match *op {
            BufferOp::Put(value) => format!("{} {}", D::WORDS[1], values.text(value)),
            BufferOp::Take(value) => format!("returned {}", values.text(value)),
            BufferOp::Empty => "found nothing".to_owned(),
            BufferOp::TakeUnknown => "took something unknown".to_owned(),
        }
    }

    fn legal(&self, state: &D::State, op: &BufferOp, values: &Values) -> String {
        match *op {
            BufferOp::Put(_) => self.show(op, values),
            _ if D::is_empty(state) => self.show(&BufferOp::Empty, values),
            _ => format!("{} {}", D::WORDS[2], brief(&D::takeable(state), " or ", values)),
        }
    }
}
