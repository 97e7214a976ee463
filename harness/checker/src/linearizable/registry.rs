//! The models by their names on the command line.

use ordalia_history::Value;
use serde_json::Map;
use thiserror::Error;

use super::{Barrier, Examiner, Linearizable, Model, UnknownAlgorithm, algorithm, barrier};
use crate::models::{
    Counter, FencedLock, FifoQueue, Kv, Leader, MultiRegister, Mutex, Register, Set, Stack, UnorderedQueue,
    VersionedRegister,
};

/// A model for the command line and for lists.
#[derive(Clone, Copy, Debug)]
pub struct ModelInfo {
    /// The name on the command line.
    pub name: &'static str,
    /// What it holds and what may be done with it, in a line.
    pub about: &'static str,
    /// Makes its checker from the value that each object has at first (`None`: the model's own) and the name
    /// of an algorithm.
    pub make: MakeExaminer,
}

/// Makes the checker of a model.
pub type MakeExaminer = fn(Option<&Value>, &str) -> Result<Box<dyn Examiner>, ModelError>;

/// All models.
pub static MODELS: &[ModelInfo] = &[
    ModelInfo {
        name: "register",
        about: "one value: read, write",
        make: |initial, algorithm| checker(Register::new(any(initial)), algorithm),
    },
    ModelInfo {
        name: "cas-register",
        about: "one value: read, write, cas; a cas refused for the value is an observation",
        make: |initial, algorithm| checker(Register::with_cas(any(initial)), algorithm),
    },
    ModelInfo {
        name: "versioned-register",
        about: "one value and its version: read, write, cas by version; begins with a value as version 0, or nothing",
        make: |initial, algorithm| checker(VersionedRegister { initial: any(initial) }, algorithm),
    },
    ModelInfo {
        name: "set",
        about: "elements: add, remove, contains, read of all; begins with a list",
        make: |initial, algorithm| checker(Set::new(list("set", initial)?), algorithm),
    },
    ModelInfo {
        name: "fifo-queue",
        about: "first in, first out: enqueue, dequeue (fails with \"empty\" if it finds nothing); begins with a list",
        make: |initial, algorithm| checker(FifoQueue::new(list("fifo-queue", initial)?), algorithm),
    },
    ModelInfo {
        name: "unordered-queue",
        about: "out in any order: enqueue, dequeue as of a fifo-queue; begins with a list",
        make: |initial, algorithm| checker(UnorderedQueue::new(list("unordered-queue", initial)?), algorithm),
    },
    ModelInfo {
        name: "stack",
        about: "last in, first out: push, pop (fails with \"empty\" if it finds nothing); begins with a list",
        make: |initial, algorithm| checker(Stack::new(list("stack", initial)?), algorithm),
    },
    ModelInfo {
        name: "counter",
        about: "a number: add, increment, decrement, read; begins with an integer",
        make: |initial, algorithm| checker(Counter::new(integer("counter", initial)?), algorithm),
    },
    ModelInfo {
        name: "kv",
        about: "one value a key: get, put, append to a string, cas, delete",
        make: |initial, algorithm| checker(Kv::new(any(initial)), algorithm),
    },
    ModelInfo {
        name: "kv-append",
        about: "kv whose keys read as the empty string until they are written",
        make: |initial, algorithm| checker(Kv::new(empty(initial)), algorithm),
    },
    ModelInfo {
        name: "multi-register",
        about: "several registers read and written together: txn, read, write",
        make: |initial, algorithm| checker(MultiRegister::new(registers(initial)?), algorithm),
    },
    ModelInfo {
        name: "mutex",
        about: "a lock without owners: acquire, release; begins \"free\" or \"held\"",
        make: |initial, algorithm| checker(Mutex { held: held(initial)? }, algorithm),
    },
    ModelInfo {
        name: "fenced-lock",
        about: "a lock with owner: acquire returns a fencing token that rises, release; begins \"free\"",
        make: |initial, algorithm| checker(fenced(initial)?, algorithm),
    },
    ModelInfo {
        name: "leader",
        about: "at most one leader in each term: leader, elect, leads",
        make: |initial, algorithm| checker(nothing("leader", initial, Leader)?, algorithm),
    },
    ModelInfo {
        name: "barrier",
        about: "nobody passes before all have arrived: arrive, pass, await; begins with the number of parties",
        make: |initial, algorithm| barrier_checker(parties(initial)?, algorithm),
    },
];

/// Why there is no such checker.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ModelError {
    /// There is no model of that name.
    #[error("there is no model {0:?}; known are {known}", known = known())]
    UnknownModel(String),
    /// The model has no such algorithm.
    #[error(transparent)]
    Algorithm(#[from] UnknownAlgorithm),
    /// An object of this model cannot begin so.
    #[error("the model {model} begins with {expected}, found {found}")]
    Initial {
        /// The model.
        model: &'static str,
        /// What it can begin with.
        expected: &'static str,
        /// What was given.
        found: String,
    },
}

fn known() -> String {
    MODELS.iter().map(|model| model.name).collect::<Vec<_>>().join(", ")
}

/// The checker for a model named on the command line, with an algorithm named there (`auto` for the best).
/// `initial` is what each object holds at first, `None` for what such objects mostly do.
///
/// # Errors
/// There is no such model or algorithm, or the model's objects cannot begin so.
pub fn examiner(
    model: &str,
    initial: Option<&Value>,
    algorithm: &str,
) -> Result<Box<dyn Examiner>, ModelError> {
    let info = MODELS.iter().find(|info| info.name == model);
    let info = info.ok_or_else(|| ModelError::UnknownModel(model.to_owned()))?;
    (info.make)(initial, algorithm)
}

/// The checker of a model with the algorithm of that name.
fn checker<M: Model + 'static>(model: M, name: &str) -> Result<Box<dyn Examiner>, ModelError> {
    let algorithm = algorithm(&model, name)?;
    Ok(Box::new(Linearizable::with_algorithm(model, algorithm)))
}

/// Any value will do; null stands for nothing.
fn any(initial: Option<&Value>) -> Value {
    initial.cloned().unwrap_or(Value::Null)
}

/// A list of what is held at first: the empty one for nothing, and for the empty text.
fn list(model: &'static str, initial: Option<&Value>) -> Result<Vec<Value>, ModelError> {
    match initial {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list.clone()),
        Some(other) => Err(ModelError::Initial { model, expected: "a list", found: other.to_string() }),
    }
}

/// An integer, 0 for nothing.
fn integer(model: &'static str, initial: Option<&Value>) -> Result<i64, ModelError> {
    match initial {
        None | Some(Value::Null) => Ok(0),
        Some(other) => other.as_i64().ok_or_else(|| ModelError::Initial {
            model,
            expected: "an integer of 64 bits",
            found: other.to_string(),
        }),
    }
}

/// Any value will do; nothing given, and null, stand for the empty string.
fn empty(initial: Option<&Value>) -> Value {
    initial.filter(|value| !value.is_null()).cloned().unwrap_or_else(|| Value::String(String::new()))
}

/// An object of registers and what they hold.
fn registers(initial: Option<&Value>) -> Result<Map<String, Value>, ModelError> {
    match initial {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(registers)) => Ok(registers.clone()),
        Some(other) => Err(ModelError::Initial {
            model: "multi-register",
            expected: "an object of registers and values",
            found: other.to_string(),
        }),
    }
}

/// Whether a lock is held at first.
fn held(initial: Option<&Value>) -> Result<bool, ModelError> {
    match initial {
        None | Some(Value::Null) => Ok(false),
        Some(Value::String(state)) if state == "free" => Ok(false),
        Some(Value::String(state)) if state == "held" => Ok(true),
        Some(other) => Err(ModelError::Initial {
            model: "mutex",
            expected: "\"free\" or \"held\"",
            found: other.to_string(),
        }),
    }
}

/// A lock that no token was given for yet.
fn fenced(initial: Option<&Value>) -> Result<FencedLock, ModelError> {
    match initial {
        None | Some(Value::Null) => Ok(FencedLock),
        Some(Value::String(state)) if state == "free" => Ok(FencedLock),
        Some(other) => {
            Err(ModelError::Initial { model: "fenced-lock", expected: "\"free\"", found: other.to_string() })
        }
    }
}

/// Such objects all begin in one way.
fn nothing<M>(name: &'static str, initial: Option<&Value>, model: M) -> Result<M, ModelError> {
    match initial {
        None | Some(Value::Null) => Ok(model),
        Some(other) => {
            Err(ModelError::Initial { model: name, expected: "nothing", found: other.to_string() })
        }
    }
}

/// How many parties a barrier is for; `None` for as many as arrive.
fn parties(initial: Option<&Value>) -> Result<Option<u64>, ModelError> {
    match initial {
        None | Some(Value::Null) => Ok(None),
        Some(other) => other.as_u64().map(Some).ok_or_else(|| ModelError::Initial {
            model: barrier::NAME,
            expected: "a number of parties",
            found: other.to_string(),
        }),
    }
}

/// The checker of barriers, which is its own algorithm.
fn barrier_checker(parties: Option<u64>, algorithm: &str) -> Result<Box<dyn Examiner>, ModelError> {
    match algorithm {
        "auto" | barrier::NAME => Ok(Box::new(Barrier::new(parties))),
        other => Err(ModelError::Algorithm(UnknownAlgorithm {
            name: other.to_owned(),
            model: barrier::NAME,
            known: "auto, barrier".to_owned(),
        })),
    }
}
