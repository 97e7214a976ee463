//! Pairing of events into operations.

use std::collections::HashMap;

use serde_json::Value;
use thiserror::Error;

use crate::{Event, EventType, Name, OpError, Process};

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It happened between invocation and return.
    Ok,
    /// It certainly did not happen.
    Fail,
    /// Nobody knows; it may take effect at any time after its invocation, also after the
    /// history's last event. An invocation without completion ends so too.
    Info,
}

/// The first process of those who are no clients: nodes that act, and what stands outside the cluster. Clients'
/// numbers stay far below: a client thread takes a new one, by the number of threads higher, when an operation
/// of its ends in `info`.
pub const FIRST_ACTING_PROCESS: u64 = 1_000_000_000;

/// An invocation together with its completion.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The client process.
    pub process: u64,
    /// The operation's name.
    pub f: Name,
    /// The object operated on; `None` in a test of a single object.
    pub key: Option<Value>,
    /// Arguments: the value of the invocation.
    pub input: Value,
    /// Result: the value of the completion, `Null` where there is none.
    pub output: Value,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed or became indeterminate.
    pub error: Option<OpError>,
    /// The node spoken to, where known.
    pub node: Option<Name>,
    /// Nanoseconds since the start of the load.
    pub invoked_ns: u64,
    /// When it was meant to start, where a rate was fixed.
    pub intended_ns: Option<u64>,
    /// When the completion was seen; `None` where there was none.
    pub completed_ns: Option<u64>,
    /// Index of the invocation's event.
    pub invoke_index: u64,
    /// Index of the completion's event; `None` where there was none.
    pub complete_index: Option<u64>,
}

impl Operation {
    /// Whether a node did it, or what stands outside the cluster, and no client.
    pub fn is_act(&self) -> bool {
        self.process >= FIRST_ACTING_PROCESS
    }

    /// Time from invocation to completion, in nanoseconds; `None` while open.
    pub fn latency_ns(&self) -> Option<u64> {
        self.completed_ns.map(|end| end.saturating_sub(self.invoked_ns))
    }
}

/// What makes a list of events no history.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PairError {
    /// A process began a second operation while its first was open.
    #[error(
        "event {index}: process {process} invokes {f} while its operation of event {open} is still open; expected a completion first"
    )]
    AlreadyOpen {
        /// Index of the offending event.
        index: u64,
        /// The process.
        process: u64,
        /// The operation begun.
        f: Name,
        /// Index of the invocation that is still open.
        open: u64,
    },
    /// A completion came without an invocation.
    #[error(
        "event {index}: process {process} completes {f}, but it has no operation open; expected an invoke first"
    )]
    NothingOpen {
        /// Index of the offending event.
        index: u64,
        /// The process.
        process: u64,
        /// The operation completed.
        f: Name,
    },
    /// A completion names another operation than its invocation.
    #[error(
        "event {index}: process {process} completes {f}, but its open operation of event {open} is {expected}"
    )]
    OtherOperation {
        /// Index of the offending event.
        index: u64,
        /// The process.
        process: u64,
        /// The operation completed.
        f: Name,
        /// Index of the open invocation.
        open: u64,
        /// The operation invoked.
        expected: Name,
    },
    /// Time went backwards.
    #[error(
        "event {index}: time {time} ns is before the time of the event ahead of it, {previous} ns; events must be in time order"
    )]
    TimeBackwards {
        /// Index of the offending event.
        index: u64,
        /// Its time.
        time: u64,
        /// The time of the event before it.
        previous: u64,
    },
}

impl PairError {
    /// The index of the offending event.
    pub fn index(&self) -> u64 {
        match self {
            PairError::AlreadyOpen { index, .. }
            | PairError::NothingOpen { index, .. }
            | PairError::OtherOperation { index, .. }
            | PairError::TimeBackwards { index, .. } => *index,
        }
    }
}

/// Pairs the client events of a history into operations, in order of invocation.
///
/// Events of the nemesis are left out. An invocation that never completed becomes an operation
/// with outcome [`Outcome::Info`].
///
/// # Errors
/// The first place at which the events are no history: see [`PairError`].
pub fn pair(events: &[Event]) -> Result<Vec<Operation>, PairError> {
    let mut operations: Vec<Operation> = Vec::with_capacity(events.len() / 2 + 1);
    let mut open = Open::default();
    let mut previous = 0;
    for event in events {
        if event.time < previous {
            return Err(PairError::TimeBackwards { index: event.index, time: event.time, previous });
        }
        previous = event.time;
        let Process::Client(process) = event.process else { continue };
        if event.kind == EventType::Invoke {
            if let Some(at) = open.insert(process, operations.len()) {
                let (index, f) = (event.index, event.f.clone());
                return Err(PairError::AlreadyOpen { index, process, f, open: operations[at].invoke_index });
            }
            operations.push(begin(process, event));
        } else {
            let nothing_open = || PairError::NothingOpen { index: event.index, process, f: event.f.clone() };
            let at = open.remove(process).ok_or_else(nothing_open)?;
            complete(&mut operations[at], event)?;
        }
    }
    Ok(operations)
}

/// How many processes are looked up by their number.
const NUMBERED: usize = 1 << 12;

/// Which operation each process has open, by its position. Processes have low numbers in most histories, so
/// those are a table; all others are in a map.
#[derive(Default)]
struct Open {
    numbered: Vec<Option<usize>>,
    others: HashMap<u64, usize>,
}

impl Open {
    /// Opens an operation; the answer is the one that was open, if any.
    fn insert(&mut self, process: u64, operation: usize) -> Option<usize> {
        match self.slot(process) {
            Some(slot) => slot.replace(operation),
            None => self.others.insert(process, operation),
        }
    }

    /// Closes the operation that is open, if any.
    fn remove(&mut self, process: u64) -> Option<usize> {
        match self.slot(process) {
            Some(slot) => slot.take(),
            None => self.others.remove(&process),
        }
    }

    fn slot(&mut self, process: u64) -> Option<&mut Option<usize>> {
        let at = usize::try_from(process).ok().filter(|at| *at < NUMBERED)?;
        if at >= self.numbered.len() {
            self.numbered.resize(at + 1, None);
        }
        self.numbered.get_mut(at)
    }
}

/// The operation that an invocation begins; indeterminate until completed.
fn begin(process: u64, event: &Event) -> Operation {
    Operation {
        process,
        f: event.f.clone(),
        key: event.key.clone(),
        input: event.value.clone(),
        output: Value::Null,
        outcome: Outcome::Info,
        error: None,
        node: event.node.clone(),
        invoked_ns: event.time,
        intended_ns: event.intended,
        completed_ns: None,
        invoke_index: event.index,
        complete_index: None,
    }
}

/// Writes a completion into its operation.
fn complete(operation: &mut Operation, event: &Event) -> Result<(), PairError> {
    if operation.f != event.f {
        return Err(PairError::OtherOperation {
            index: event.index,
            process: operation.process,
            f: event.f.clone(),
            open: operation.invoke_index,
            expected: operation.f.clone(),
        });
    }
    operation.outcome = match event.kind {
        EventType::Ok => Outcome::Ok,
        EventType::Fail => Outcome::Fail,
        EventType::Info | EventType::Invoke => Outcome::Info,
    };
    operation.output = event.value.clone();
    operation.error = event.error.clone();
    operation.completed_ns = Some(event.time);
    operation.complete_index = Some(event.index);
    if operation.node.is_none() {
        operation.node = event.node.clone();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(index: u64, process: u64, kind: EventType, f: &str) -> Event {
        Event {
            index,
            time: index * 10,
            process: Process::Client(process),
            kind,
            f: f.into(),
            key: None,
            value: Value::from(index),
            error: None,
            node: None,
            intended: None,
        }
    }

    #[test]
    fn completions_find_their_invocations() {
        let events = [
            event(0, 1, EventType::Invoke, "read"),
            event(1, 2, EventType::Invoke, "write"),
            event(2, 1, EventType::Ok, "read"),
        ];
        let operations = pair(&events).unwrap();
        assert_eq!(operations.len(), 2);
        assert_eq!(operations[0].outcome, Outcome::Ok);
        assert_eq!(operations[0].output, Value::from(2));
        assert_eq!(operations[0].latency_ns(), Some(20));
        assert_eq!(operations[1].outcome, Outcome::Info);
        assert_eq!(operations[1].completed_ns, None);
    }

    #[test]
    fn broken_histories_are_refused_with_the_place() {
        let twice = [event(0, 1, EventType::Invoke, "read"), event(1, 1, EventType::Invoke, "read")];
        assert!(pair(&twice).unwrap_err().to_string().starts_with("event 1:"));
        let alone = [event(4, 1, EventType::Ok, "read")];
        assert!(matches!(pair(&alone), Err(PairError::NothingOpen { index: 4, .. })));
        let other = [event(0, 1, EventType::Invoke, "read"), event(1, 1, EventType::Ok, "write")];
        assert!(matches!(pair(&other), Err(PairError::OtherOperation { .. })));
        let mut far = [event(0, 1, EventType::Invoke, "read"), event(1, u64::MAX, EventType::Invoke, "read")];
        assert_eq!(pair(&far).unwrap().len(), 2);
        far[0].process = far[1].process;
        assert!(matches!(pair(&far), Err(PairError::AlreadyOpen { index: 1, open: 0, .. })));
        let mut back = [event(0, 1, EventType::Invoke, "read"), event(1, 1, EventType::Ok, "read")];
        back[0].time = 99;
        assert!(matches!(pair(&back), Err(PairError::TimeBackwards { previous: 99, .. })));
    }
}
