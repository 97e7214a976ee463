//! One key's operations, with what leaving them out would mean.

use ordalia_history::{Operation, Outcome, Value};

use super::super::{Call, Model, Part, Task, Tie, Unfit, Values};

/// The operations of one key that may go or stay.
pub(super) struct Pieces<M: Model> {
    /// What the object holds at first.
    pub(super) init: M::State,
    /// The operations, in order of invocation.
    pub(super) pieces: Vec<Piece<M::Op>>,
}

/// An operation that may go or stay.
#[derive(Clone)]
pub(super) struct Piece<Op> {
    /// Its position in the history.
    pub(super) source: usize,
    /// Its typed form and its span.
    pub(super) call: Call<Op>,
    /// What it stands or falls with, as it was recorded.
    pub(super) tie: Tie,
    /// Whether it changes nothing.
    pub(super) observation: bool,
    /// Its typed form if its completion were never seen; `None` where the model then reads nothing of it.
    open: Option<Op>,
    /// Whether its completion is forgotten.
    forgotten: bool,
}

impl<M: Model> Pieces<M> {
    /// What counts of a key's operations. Open observations never matter.
    pub(super) fn of(model: &M, operations: &[Operation], key: &Option<Value>) -> Result<Self, Unfit> {
        let mut values = Values::default();
        let init = model.init(&mut values);
        let mut pieces = Vec::new();
        for (source, operation) in operations.iter().enumerate().filter(|(_, one)| one.key == *key) {
            let (op, complete) = match model.parse(operation, &mut values)? {
                Part::Out => continue,
                Part::May(op) => (op, None),
                Part::Must(op) => (op, Some(operation.complete_index.unwrap_or(u64::MAX))),
            };
            let observation = model.is_observation(&op);
            if observation && complete.is_none() {
                continue;
            }
            let open = match model.parse(&unanswered(operation), &mut values) {
                Ok(Part::May(op)) => Some(op),
                _ => None,
            };
            let (tie, invoke) = (model.tie(&op), operation.invoke_index);
            let call = Call { op, invoke, complete };
            pieces.push(Piece { source, call, tie, observation, open, forgotten: false });
        }
        pieces.sort_by_key(|piece| piece.call.invoke);
        Ok(Self { init, pieces })
    }

    /// What counts up to an event; `None` where a completion after it cannot be forgotten.
    pub(super) fn until(&self, end: u64) -> Option<Self> {
        let mut pieces = Vec::new();
        for piece in self.pieces.iter().filter(|piece| piece.call.invoke <= end) {
            let mut piece = piece.clone();
            if piece.call.complete.is_some_and(|complete| complete > end) {
                if piece.observation {
                    continue;
                }
                piece.call.op = piece.open.clone()?;
                piece.call.complete = None;
                piece.forgotten = true;
            }
            pieces.push(piece);
        }
        Some(Self { init: self.init.clone(), pieces })
    }

    /// Some of the pieces as a history of their own.
    pub(super) fn task(&self, kept: &[usize]) -> Task<M> {
        let calls = kept.iter().map(|at| self.pieces[*at].call.clone()).collect();
        Task { init: self.init.clone(), calls }
    }

    /// The positions in the history of those whose completion is forgotten.
    pub(super) fn forgotten(&self, kept: &[usize]) -> Vec<usize> {
        let forgotten = kept.iter().map(|at| &self.pieces[*at]).filter(|piece| piece.forgotten);
        forgotten.map(|piece| piece.source).collect()
    }
}

/// The operation as if its completion had never been seen.
fn unanswered(operation: &Operation) -> Operation {
    Operation {
        output: Value::Null,
        outcome: Outcome::Info,
        error: None,
        completed_ns: None,
        complete_index: None,
        ..operation.clone()
    }
}
