//! The state machine: keys and values, Maelstrom's `lin-kv` with a delete.

use std::collections::BTreeMap;

use ordalia_node::{Answer, ErrorCode, Key, Refusal, Value};
use ordalia_raft::StateMachine;
use serde::{Deserialize, Serialize};

/// What changes the state. On the wire and on disk one letter and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Sets a key.
    #[serde(rename = "w")]
    Write(Key, Value),
    /// Key, from, to, and whether an absent key is created.
    #[serde(rename = "c")]
    Cas(Key, Value, Value, bool),
    /// Removes a key.
    #[serde(rename = "d")]
    Delete(Key),
}

/// What a command or a read came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// The value read.
    #[serde(rename = "v")]
    Value(Value),
    /// The key was written.
    #[serde(rename = "w")]
    Written,
    /// The key was replaced, or created.
    #[serde(rename = "c")]
    Swapped,
    /// The key is gone.
    #[serde(rename = "d")]
    Deleted,
    /// There is no such key.
    #[serde(rename = "a")]
    Absent,
    /// The key holds this instead of what was expected.
    #[serde(rename = "m")]
    Mismatch(Value),
}

impl Response {
    /// In the words of the request vocabulary.
    ///
    /// # Errors
    /// The refusals `KeyDoesNotExist` and `PreconditionFailed`, which are definite.
    pub fn into_answer(self) -> Result<Answer, Refusal> {
        match self {
            Response::Value(value) => Ok(Answer::ReadOk { value }),
            Response::Written => Ok(Answer::WriteOk),
            Response::Swapped => Ok(Answer::CasOk),
            Response::Deleted => Ok(Answer::DeleteOk),
            Response::Absent => Err(Refusal::new(ErrorCode::KeyDoesNotExist, "no such key")),
            Response::Mismatch(found) => {
                Err(Refusal::new(ErrorCode::PreconditionFailed, format!("the value is {found}")))
            }
        }
    }
}

/// Keys and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kv {
    values: BTreeMap<Key, Value>,
}

impl Kv {
    fn cas(&mut self, key: &Key, from: &Value, to: &Value, create: bool) -> Response {
        match self.values.get_mut(key) {
            Some(value) if value == from => {
                *value = to.clone();
                Response::Swapped
            }
            Some(value) => Response::Mismatch(value.clone()),
            None if create => {
                self.values.insert(key.clone(), to.clone());
                Response::Swapped
            }
            None => Response::Absent,
        }
    }
}

impl StateMachine for Kv {
    type Command = Command;
    type Query = Key;
    type Response = Response;
    type Snapshot = BTreeMap<Key, Value>;

    fn apply(&mut self, command: &Command) -> Response {
        match command {
            Command::Write(key, value) => {
                self.values.insert(key.clone(), value.clone());
                Response::Written
            }
            Command::Cas(key, from, to, create) => self.cas(key, from, to, *create),
            Command::Delete(key) => match self.values.remove(key) {
                Some(_) => Response::Deleted,
                None => Response::Absent,
            },
        }
    }

    fn query(&self, key: &Key) -> Response {
        self.values.get(key).map_or(Response::Absent, |value| Response::Value(value.clone()))
    }

    fn snapshot(&self) -> Self::Snapshot {
        self.values.clone()
    }

    fn restore(values: Self::Snapshot) -> Self {
        Self { values }
    }

    fn weight(command: &Command) -> usize {
        match command {
            Command::Write(key, value) => key.0.len() + weight(value),
            Command::Cas(key, from, to, _) => key.0.len() + weight(from) + weight(to),
            Command::Delete(key) => key.0.len(),
        }
    }
}

/// The length of a value as text, roughly.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| 1 + weight(item)).sum::<usize>(),
        Value::Object(fields) => {
            2 + fields.iter().map(|(name, item)| name.len() + 4 + weight(item)).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn x() -> Key {
        Key::new("x")
    }

    #[test]
    fn absent_keys_are_refused_and_writes_create() {
        let mut kv = Kv::default();
        assert_eq!(kv.query(&x()), Response::Absent);
        assert_eq!(kv.apply(&Command::Delete(x())), Response::Absent);
        assert_eq!(kv.apply(&Command::Cas(x(), json!(1), json!(2), false)), Response::Absent);
        assert_eq!(kv.apply(&Command::Write(x(), json!(1))), Response::Written);
        assert_eq!(kv.query(&x()), Response::Value(json!(1)));
        assert_eq!(kv.apply(&Command::Delete(x())), Response::Deleted);
        assert_eq!(kv.query(&x()), Response::Absent);
    }

    #[test]
    fn cas_compares_and_may_create() {
        let mut kv = Kv::default();
        assert_eq!(kv.apply(&Command::Cas(x(), json!(1), json!(2), true)), Response::Swapped);
        assert_eq!(kv.apply(&Command::Cas(x(), json!(1), json!(3), true)), Response::Mismatch(json!(2)));
        assert_eq!(kv.apply(&Command::Cas(x(), json!(2), json!(3), false)), Response::Swapped);
        assert_eq!(kv.query(&x()), Response::Value(json!(3)));
    }

    #[test]
    fn a_snapshot_restores_the_state() {
        let mut kv = Kv::default();
        kv.apply(&Command::Write(x(), json!({"a": [1, "two"]})));
        assert_eq!(Kv::restore(kv.snapshot()), kv);
    }
}
