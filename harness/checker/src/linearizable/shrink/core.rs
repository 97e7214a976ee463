//! A sub-history, and its form as a history of its own.

use ordalia_history::{Event, EventType, Operation, Outcome, Process, Value};
use serde_json::json;

/// What a failure was cut down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// Operations that prove the failure of the whole.
    pub proof: Core,
    /// Where the proof is long and much fewer operations tell the story: those.
    pub illustration: Option<Core>,
}

impl Shrunk {
    /// The smaller of the two: what to show to a person.
    pub fn shown(&self) -> &Core {
        self.illustration.as_ref().unwrap_or(&self.proof)
    }
}

/// Operations of one key that cannot be ordered even on their own. They are named by their position in
/// [`History::operations`](crate::History::operations).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
    /// The key; `None` in a test of a single object.
    pub key: Option<Value>,
    /// The operations, in order of invocation.
    pub operations: Vec<usize>,
    /// Of these the ones whose completion is forgotten.
    pub open: Vec<usize>,
    /// The last event that counts; `None` where all do.
    pub until: Option<u64>,
    /// Whether the failure of these operations proves the failure of the whole. Otherwise they illustrate
    /// it: every order of them fails, with the writers of every observed value kept.
    pub sound: bool,
}

impl Core {
    /// The sub-history as a history of its own, which a checker finds to fail like any other. Indices begin at
    /// 0, times and processes stay. The first event, one of the nemesis, says what the history is, and
    /// which index each of the events after it had.
    pub fn events(&self, operations: &[Operation]) -> Vec<Event> {
        let kept = self.operations.iter().filter_map(|at| Some((*at, operations.get(*at)?)));
        let mut events: Vec<Event> = Vec::new();
        for (at, operation) in kept {
            events.push(invocation(operation));
            if !self.open.contains(&at) {
                events.extend(completion(operation));
            }
        }
        events.sort_by_key(|event| event.index);
        let header = self.header(&events);
        let mut events: Vec<Event> = std::iter::once(header).chain(events).collect();
        events.iter_mut().zip(0..).for_each(|(event, index)| event.index = index);
        events
    }

    fn header(&self, events: &[Event]) -> Event {
        let what = if self.sound {
            "a minimal failing sub-history: what was left out cannot have made it fail"
        } else {
            "an illustration: every order of these operations alone fails, with the writers of every observed value kept"
        };
        let indices: Vec<u64> = events.iter().map(|event| event.index).collect();
        Event {
            index: 0,
            time: events.first().map_or(0, |event| event.time),
            process: Process::Nemesis,
            kind: EventType::Info,
            f: "sub-history".into(),
            key: None,
            value: json!({"what": what, "proof": self.sound, "original_indices": indices}),
            error: None,
            node: None,
            intended: None,
        }
    }
}

fn invocation(operation: &Operation) -> Event {
    Event {
        index: operation.invoke_index,
        time: operation.invoked_ns,
        process: Process::Client(operation.process),
        kind: EventType::Invoke,
        f: operation.f.clone(),
        key: operation.key.clone(),
        value: operation.input.clone(),
        error: None,
        node: operation.node.clone(),
        intended: operation.intended_ns,
    }
}

fn completion(operation: &Operation) -> Option<Event> {
    let kind = match operation.outcome {
        Outcome::Ok => EventType::Ok,
        Outcome::Fail => EventType::Fail,
        Outcome::Info => EventType::Info,
    };
    Some(Event {
        index: operation.complete_index?,
        time: operation.completed_ns?,
        kind,
        value: operation.output.clone(),
        error: operation.error.clone(),
        intended: None,
        ..invocation(operation)
    })
}
