//! From acts to events: who has which process, and what is open.

use std::collections::BTreeMap;

use ordalia_history::{Event, EventType, FIRST_ACTING_PROCESS, Name, OpError, Process};
use ordalia_node::{Act, ActKind, NodeId, Value};

/// The first process of nodes. Below it are those of what stands outside.
pub(super) const FIRST_NODE_PROCESS: u64 = 2_000_000_000;

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// What stands outside the cluster.
    Outside,
    /// A node.
    Node(NodeId),
}

impl Actor {
    /// As the `node` of its events.
    pub fn name(self) -> Name {
        match self {
            Actor::Outside => Name::from("outside"),
            Actor::Node(node) => Name::from(node.to_string()),
        }
    }
}

/// What an actor did, as it was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// A thread of the actor's own.
    pub lane: u16,
    /// Where the operation stands.
    pub kind: EventType,
    /// What is done.
    pub f: Name,
    /// The object that it is done to.
    pub key: Option<Value>,
    /// What is asked, or what came of it.
    pub value: Value,
    /// Why it failed, or is unknown.
    pub error: Option<OpError>,
}

impl From<Act> for Deed {
    fn from(act: Act) -> Self {
        Self {
            lane: act.lane,
            kind: event_type(act.kind),
            f: act.f.into(),
            key: act.key.map(|key| Value::String(key.0)),
            value: act.value,
            error: act.error.map(|(kind, text)| OpError::with_text(kind, text)),
        }
    }
}

/// As it stands in a history.
pub(super) fn event_type(kind: ActKind) -> EventType {
    match kind {
        ActKind::Invoke => EventType::Invoke,
        ActKind::Ok => EventType::Ok,
        ActKind::Fail => EventType::Fail,
        ActKind::Info => EventType::Info,
    }
}

/// A lane of one actor.
#[derive(Clone, Debug)]
struct Lane {
    process: u64,
    open: Option<(Name, Option<Value>)>,
}

/// The lanes of all actors of a run.
///
/// Whatever an actor writes, what comes out pairs: of each process at most one operation is open, and a
/// completion has an invocation.
#[derive(Clone, Debug)]
pub struct Lanes {
    next_outside: u64,
    next_node: u64,
    lanes: BTreeMap<(Actor, u16), Lane>,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { next_outside: FIRST_ACTING_PROCESS, next_node: FIRST_NODE_PROCESS, lanes: BTreeMap::new() }
    }
}

impl Lanes {
    /// The events of a deed, in order; their index and time are the recorder's to give.
    ///
    /// A completion of what is not open stands for an operation that took no time. What is open when something
    /// else comes on its lane ends as `info` with the error `superseded`.
    pub fn events(&mut self, actor: Actor, deed: Deed) -> Vec<Event> {
        let Deed { lane, kind, f, key, value, error } = deed;
        let fits =
            |open: &(Name, Option<Value>)| kind != EventType::Invoke && *open == (f.clone(), key.clone());
        let mut events = Vec::new();
        let open = self.lanes.get(&(actor, lane)).and_then(|lane| lane.open.as_ref());
        let is_open = open.is_some_and(fits);
        if !is_open {
            events.extend(self.give_up(actor, lane, "superseded"));
            let process = self.process(actor, lane);
            let asked = if kind == EventType::Invoke { value.clone() } else { Value::Null };
            events.push(event(actor, process, EventType::Invoke, (f.clone(), key.clone()), asked));
        }
        let process = self.process(actor, lane);
        match kind {
            EventType::Invoke => self.set(actor, lane, Some((f, key))),
            EventType::Info => {
                events.push(Event { error, ..event(actor, process, kind, (f, key), value) });
                self.lanes.remove(&(actor, lane));
            }
            EventType::Ok | EventType::Fail => {
                events.push(Event { error, ..event(actor, process, kind, (f, key), value) });
                self.set(actor, lane, None);
            }
        }
        events
    }

    /// The actor's life ends: what is open becomes `info`, and its next life has other processes.
    pub fn end_life(&mut self, actor: Actor) -> Vec<Event> {
        let lanes: Vec<u16> =
            self.lanes.range((actor, 0)..=(actor, u16::MAX)).map(|((_, lane), _)| *lane).collect();
        let events = lanes.iter().filter_map(|lane| self.give_up(actor, *lane, "crashed")).collect();
        lanes.iter().for_each(|lane| drop(self.lanes.remove(&(actor, *lane))));
        events
    }

    /// Ends what is open on a lane as `info`.
    fn give_up(&mut self, actor: Actor, lane: u16, why: &str) -> Option<Event> {
        let open = self.lanes.get_mut(&(actor, lane))?.open.take()?;
        let Lane { process, .. } = self.lanes.remove(&(actor, lane))?;
        let error = Some(OpError::new(why));
        Some(Event { error, ..event(actor, process, EventType::Info, open, Value::Null) })
    }

    /// The present process of a lane; a fresh one if it has none.
    fn process(&mut self, actor: Actor, lane: u16) -> u64 {
        let next = match actor {
            Actor::Outside => &mut self.next_outside,
            Actor::Node(_) => &mut self.next_node,
        };
        let fresh = || {
            *next += 1;
            Lane { process: *next - 1, open: None }
        };
        self.lanes.entry((actor, lane)).or_insert_with(fresh).process
    }

    fn set(&mut self, actor: Actor, lane: u16, open: Option<(Name, Option<Value>)>) {
        if let Some(lane) = self.lanes.get_mut(&(actor, lane)) {
            lane.open = open;
        }
    }
}

fn event(
    actor: Actor,
    process: u64,
    kind: EventType,
    (f, key): (Name, Option<Value>),
    value: Value,
) -> Event {
    let (process, node) = (Process::Client(process), Some(actor.name()));
    Event { index: 0, time: 0, process, kind, f, key, value, error: None, node, intended: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_checker::History;

    const N1: Actor = Actor::Node(NodeId::new(1));
    const N2: Actor = Actor::Node(NodeId::new(2));

    fn deed(lane: u16, kind: ActKind, f: &'static str) -> Deed {
        Act::new(lane, kind, f, 7).into()
    }

    fn told(events: &[Event]) -> Vec<String> {
        let line = |event: &Event| {
            let why = event.error.as_ref().map_or(String::new(), |error| format!(" {error}"));
            format!("{} {:?} {}{why}", event.process, event.kind, event.f)
        };
        events.iter().map(line).collect()
    }

    #[test]
    fn a_lane_keeps_its_process_until_an_unknown_outcome() {
        let mut lanes = Lanes::default();
        let mut play = |kind, f| told(&lanes.events(N1, deed(3, kind, f)));
        assert_eq!(play(ActKind::Invoke, "wait"), ["2000000000 Invoke wait"]);
        assert_eq!(play(ActKind::Ok, "wait"), ["2000000000 Ok wait"]);
        assert_eq!(play(ActKind::Invoke, "wait"), ["2000000000 Invoke wait"]);
        assert_eq!(play(ActKind::Info, "wait"), ["2000000000 Info wait"]);
        assert_eq!(play(ActKind::Invoke, "wait"), ["2000000001 Invoke wait"]);
    }

    #[test]
    fn what_needs_no_time_is_noted_at_once() {
        let mut lanes = Lanes::default();
        let noted = told(&lanes.events(Actor::Outside, deed(0, ActKind::Ok, "posted")));
        assert_eq!(noted, ["1000000000 Invoke posted", "1000000000 Ok posted"]);
        let refused = told(&lanes.events(N1, deed(0, ActKind::Fail, "configured")));
        assert_eq!(refused, ["2000000000 Invoke configured", "2000000000 Fail configured"]);
    }

    #[test]
    fn what_is_open_at_the_end_of_a_life_has_crashed() {
        let mut lanes = Lanes::default();
        lanes.events(N1, deed(0, ActKind::Invoke, "measure"));
        lanes.events(N1, deed(1, ActKind::Ok, "lead"));
        lanes.events(N2, deed(0, ActKind::Invoke, "measure"));
        assert_eq!(told(&lanes.end_life(N1)), ["2000000000 Info measure crashed"]);
        assert_eq!(told(&lanes.end_life(N1)), [""; 0]);
        assert_eq!(told(&lanes.events(N2, deed(0, ActKind::Ok, "measure"))), ["2000000002 Ok measure"]);
        let again = told(&lanes.events(N1, deed(1, ActKind::Invoke, "lead")));
        assert_eq!(again, ["2000000003 Invoke lead"], "another life is another process");
    }

    #[test]
    fn whatever_is_written_pairs() {
        let mut lanes = Lanes::default();
        let kinds = [ActKind::Invoke, ActKind::Ok, ActKind::Fail, ActKind::Info];
        let mut events = Vec::new();
        for number in 0..4_000_usize {
            let f = ["measure", "wait"][(number / 5) % 2];
            let kind = kinds[(number * 7 + number / 11) % 4];
            events.extend(lanes.events(N1, deed((number % 3) as u16, kind, f)));
            if number % 97 == 0 {
                events.extend(lanes.end_life(N1));
            }
        }
        for (index, event) in (0..).zip(&mut events) {
            event.index = index;
        }
        assert!(History::new(events).is_ok());
    }
}
