//! One key of a key-value store: get, put, append, cas and delete.
//!
//! `get` (or `read`) completes with the value, `put` (`set`, `write`) is invoked with it, `append` with a
//! string to be put behind the one that is there, `cas` with `[from, to]`, `delete` with nothing. A key that
//! is not there reads as nil, or as the empty string where keys begin with that, as in Porcupine's model of a
//! store with appends; nil in a history means such a key. An append to a key that is not there makes it; one
//! to something that is no string cannot have happened.
//!
//! A `get`, `cas` or `delete` that failed with the error `key-does-not-exist` shows that the key is not there,
//! and a `cas` that failed with `precondition-failed` that it did not hold `from`. Other failures say nothing.
//!
//! Left out: stores in which a delete succeeds only where there is something to delete. A delete that is ok
//! says nothing of what was there.

mod text;

use ordalia_history::{Operation, Outcome, Value};

use crate::answer::is_refused;
use crate::linearizable::{Model, Part, Tie, Unfit, ValueId, Values};

pub use text::Text;

/// The model `kv`, also known as `kv-append` where keys begin with the empty string.
#[derive(Clone, Debug, Default)]
pub struct Kv {
    initial: Value,
}

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Held {
    /// A string.
    Text(Text),
    /// Any other value; nil where the key is not there.
    Other(ValueId),
}

/// A value of the history, as a key holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Datum {
    id: ValueId,
    held: Held,
}

/// An operation on a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KvOp {
    /// The key held that value.
    Get(Datum),
    /// It holds that value afterwards.
    Put(Datum),
    /// It held a string, or was not there, and has this at its end afterwards.
    Append(Text),
    /// It held the first and holds the second afterwards.
    Cas(Datum, Datum),
    /// A cas from the first to the second was refused, so the key did not hold the first.
    Refused(Datum, Datum),
    /// The key is not there afterwards, and reads as this.
    Delete(Datum),
    /// An operation found that the key was not there, which reads as this.
    Missing(Datum),
}

/// How many bytes of a long string are shown.
const SHOWN_BYTES: usize = 60;

impl Kv {
    /// Keys that hold this value at first: nil for keys that are not there.
    pub fn new(initial: Value) -> Self {
        Self { initial }
    }

    /// How a key that is not there reads.
    fn missing(&self) -> &Value {
        match &self.initial {
            Value::String(text) if text.is_empty() => &self.initial,
            _ => &Value::Null,
        }
    }

    fn datum(&self, value: &Value, values: &mut Values) -> Datum {
        let value = if value.is_null() { self.missing() } else { value };
        let id = values.intern(value);
        let held = match value {
            Value::String(text) => Held::Text(Text::new(text)),
            _ => Held::Other(id),
        };
        Datum { id, held }
    }

    fn unfit(&self, operation: &Operation, expected: &str) -> Unfit {
        let found = match operation.f.as_str() {
            f @ ("append" | "cas") => format!("{f} with {}", operation.input),
            f => format!("{f:?}"),
        };
        let (event, model) = (operation.invoke_index, self.name());
        Unfit { event, model, expected: expected.to_owned(), found }
    }

    fn parse_cas(&self, operation: &Operation, values: &mut Values) -> Result<Part<KvOp>, Unfit> {
        let Some([from, to]) = operation.input.as_array().map(Vec::as_slice) else {
            return Err(self.unfit(operation, "cas with a value of the form [from, to]"));
        };
        let (from, to) = (self.datum(from, values), self.datum(to, values));
        Ok(match operation.outcome {
            Outcome::Ok => Part::Must(KvOp::Cas(from, to)),
            Outcome::Info => Part::May(KvOp::Cas(from, to)),
            // A key that is not there cannot contradict a `from` that says so.
            Outcome::Fail if found_nothing(operation) && from.id != values.intern(self.missing()) => {
                Part::Must(KvOp::Missing(self.datum(&Value::Null, values)))
            }
            Outcome::Fail if is_refused(operation) && !found_nothing(operation) => {
                Part::Must(KvOp::Refused(from, to))
            }
            Outcome::Fail => Part::Out,
        })
    }
}

/// Whether the operation failed because the key was not there.
fn found_nothing(operation: &Operation) -> bool {
    operation.outcome == Outcome::Fail
        && operation.error.as_ref().is_some_and(|error| error.kind == "key-does-not-exist")
}

impl Model for Kv {
    type State = Held;
    type Op = KvOp;

    fn name(&self) -> &'static str {
        "kv"
    }

    fn object(&self) -> &'static str {
        "key"
    }

    fn init(&self, values: &mut Values) -> Held {
        self.datum(&self.initial, values).held
    }

    fn parse(&self, operation: &Operation, values: &mut Values) -> Result<Part<KvOp>, Unfit> {
        let outcome = operation.outcome;
        let effect = |op| match outcome {
            Outcome::Ok => Part::Must(op),
            Outcome::Info => Part::May(op),
            Outcome::Fail => Part::Out,
        };
        let missing = |values: &mut Values| Part::Must(KvOp::Missing(self.datum(&Value::Null, values)));
        Ok(match operation.f.as_str() {
            "get" | "read" if outcome == Outcome::Ok => {
                Part::Must(KvOp::Get(self.datum(&operation.output, values)))
            }
            "get" | "read" | "delete" if found_nothing(operation) => missing(values),
            "get" | "read" => Part::Out,
            "put" | "set" | "write" => effect(KvOp::Put(self.datum(&operation.input, values))),
            "append" => match &operation.input {
                Value::String(text) => effect(KvOp::Append(Text::new(text))),
                _ => return Err(self.unfit(operation, "append with a string")),
            },
            "cas" => self.parse_cas(operation, values)?,
            "delete" => effect(KvOp::Delete(self.datum(&Value::Null, values))),
            _ => return Err(self.unfit(operation, "get, put, append, cas or delete")),
        })
    }

    fn step(&self, state: &Held, op: &KvOp) -> Option<Held> {
        match op {
            KvOp::Get(value) | KvOp::Missing(value) => (*state == value.held).then(|| state.clone()),
            KvOp::Put(value) | KvOp::Delete(value) => Some(value.held.clone()),
            KvOp::Append(text) => match state {
                Held::Text(before) => Some(Held::Text(before.append(text))),
                Held::Other(ValueId::NIL) => Some(Held::Text(text.clone())),
                Held::Other(_) => None,
            },
            KvOp::Cas(from, to) => (*state == from.held).then(|| to.held.clone()),
            KvOp::Refused(from, _) => (*state != from.held).then(|| state.clone()),
        }
    }

    /// Of a string only its last piece: the others are those of the states ahead of it.
    fn heap_bytes(&self, state: &Held) -> usize {
        match state {
            Held::Text(_) => Text::PIECE_BYTES,
            Held::Other(_) => 0,
        }
    }

    fn is_observation(&self, op: &KvOp) -> bool {
        match op {
            KvOp::Get(_) | KvOp::Missing(_) | KvOp::Refused(..) => true,
            KvOp::Cas(from, to) => from == to,
            KvOp::Put(_) | KvOp::Append(_) | KvOp::Delete(_) => false,
        }
    }

    fn tie(&self, op: &KvOp) -> Tie {
        match op {
            KvOp::Get(value) | KvOp::Put(value) | KvOp::Delete(value) | KvOp::Missing(value) => {
                Tie::Values(vec![value.id])
            }
            KvOp::Cas(from, to) => Tie::Values(vec![from.id, to.id]),
            // Leaving out a group may bring to light the very value that was not there.
            KvOp::Refused(..) => Tie::Global,
            // What it leaves depends on all that came before.
            KvOp::Append(_) => Tie::Fixed,
        }
    }

    fn observes(&self, op: &KvOp) -> Option<Held> {
        match op {
            KvOp::Get(value) | KvOp::Missing(value) | KvOp::Cas(value, _) => Some(value.held.clone()),
            _ => None,
        }
    }

    fn produces(&self, op: &KvOp) -> Option<Held> {
        match op {
            KvOp::Put(value) | KvOp::Delete(value) | KvOp::Cas(_, value) => Some(value.held.clone()),
            _ => None,
        }
    }

    fn show_state(&self, state: &Held, values: &Values) -> String {
        match state {
            Held::Text(text) => show_text(text),
            Held::Other(id) => values.text(*id),
        }
    }

    fn show(&self, op: &KvOp, values: &Values) -> String {
        let text = |value: &Datum| self.show_state(&value.held, values);
        match op {
            KvOp::Get(value) => format!("get {}", text(value)),
            KvOp::Put(value) => format!("put {}", text(value)),
            KvOp::Append(end) => format!("append {}", show_text(end)),
            KvOp::Cas(from, to) => format!("cas {} → {}", text(from), text(to)),
            KvOp::Refused(from, to) => format!("refused cas {} → {}", text(from), text(to)),
            KvOp::Delete(_) => "delete".to_owned(),
            KvOp::Missing(_) => "no such key".to_owned(),
        }
    }

    fn claim(&self, op: &KvOp, values: &Values) -> String {
        let text = |value: &Datum| self.show_state(&value.held, values);
        match op {
            KvOp::Get(value) => format!("returned {}", text(value)),
            KvOp::Put(value) => format!("put {}", text(value)),
            KvOp::Append(end) => format!("appended {}", show_text(end)),
            KvOp::Cas(from, to) => format!("replaced {} by {}", text(from), text(to)),
            KvOp::Refused(from, _) => format!("was refused for want of {}", text(from)),
            KvOp::Delete(_) => "deleted the key".to_owned(),
            KvOp::Missing(_) => "found no such key".to_owned(),
        }
    }

    fn legal(&self, state: &Held, op: &KvOp, values: &Values) -> String {
        let held = self.show_state(state, values);
        match op {
            KvOp::Get(_) | KvOp::Missing(_) => format!("get {held}"),
            KvOp::Put(_) | KvOp::Delete(_) => self.show(op, values),
            KvOp::Append(_) if self.step(state, op).is_some() => self.show(op, values),
            KvOp::Append(_) => format!("refused {}, the value being {held}", self.show(op, values)),
            KvOp::Cas(from, _) if *state != from.held => {
                format!("refused {}, the value being {held}", self.show(op, values))
            }
            KvOp::Cas(from, to) | KvOp::Refused(from, to) => {
                self.show(&KvOp::Cas(from.clone(), to.clone()), values)
            }
        }
    }
}

/// A string in quotes; of a long one its end, for that is where appends show.
fn show_text(text: &Text) -> String {
    let (end, whole) = text.end(SHOWN_BYTES);
    let quoted = Value::String(end).to_string();
    if whole { quoted } else { format!("…{quoted}") }
}

#[cfg(test)]
mod tests;
