//! One generation of a barrier.

use std::collections::BTreeMap;

use ordalia_history::{Operation, Outcome};

use super::{ValueId, Visit};

/// What happened in one generation. Operations are named by their position in the history.
#[derive(Clone, Debug, Default)]
pub(super) struct Generation {
    arrivals: BTreeMap<ValueId, Arrival>,
    passages: Vec<Passage>,
    /// Where each operation can be placed such that the whole order is legal.
    visits: Vec<(Visit, usize, u64, bool)>,
}

/// The arrivals of one party.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    /// The first one.
    operation: usize,
    /// Its invocation.
    invoke: u64,
    /// Whether any of them is certain.
    certain: bool,
}

/// A party passed.
#[derive(Clone, Copy, Debug)]
struct Passage {
    operation: usize,
    party: ValueId,
    complete: u64,
}

/// A passage that came too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooEarly {
    /// The passage's operation.
    pub(super) passage: usize,
    /// When it completed.
    pub(super) complete: u64,
    pub(super) why: Why,
}

/// Why a passage came too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// This operation certainly arrived later.
    Later { arrival: usize, party: ValueId },
    /// The party that passed cannot have arrived by then.
    Stranger { party: ValueId },
    /// Of so many parties only so many can have arrived.
    TooFew { arrived: u64, parties: u64 },
}

impl Generation {
    pub(super) fn add(&mut self, visit: Visit, operation: usize, recorded: &Operation) {
        let (invoke, certain) = (recorded.invoke_index, recorded.outcome == Outcome::Ok);
        let complete = recorded.complete_index.unwrap_or(u64::MAX);
        if visit.arrives {
            let arrival = self.arrivals.entry(visit.party).or_insert(Arrival { operation, invoke, certain });
            arrival.certain |= certain;
            if invoke < arrival.invoke {
                (arrival.invoke, arrival.operation) = (invoke, operation);
            }
        }
        if visit.passes {
            self.passages.push(Passage { operation, party: visit.party, complete });
        }
        self.visits.push((visit, operation, if visit.arrives { invoke } else { complete }, certain));
    }

    /// The passage that came too early and completed first.
    pub(super) fn too_early(&self, parties: Option<u64>) -> Option<TooEarly> {
        let first = self.passages.iter().min_by_key(|passage| passage.complete)?;
        let early =
            |passage: &Passage, why| TooEarly { passage: passage.operation, complete: passage.complete, why };
        let stranger = |passage: &&Passage| {
            self.arrivals.get(&passage.party).is_none_or(|arrival| arrival.invoke > passage.complete)
        };
        if let Some(why) = self.later(first).or_else(|| self.too_few(first, parties)) {
            return Some(early(first, why));
        }
        let stranger = self.passages.iter().filter(stranger).min_by_key(|passage| passage.complete)?;
        Some(early(stranger, Why::Stranger { party: stranger.party }))
    }

    /// Of the parties that certainly arrived, the first that did so after the passage.
    fn later(&self, first: &Passage) -> Option<Why> {
        let later = |(_, arrival): &(&ValueId, &Arrival)| arrival.certain && arrival.invoke > first.complete;
        let (party, arrival) =
            self.arrivals.iter().filter(later).min_by_key(|(_, arrival)| arrival.invoke)?;
        Some(Why::Later { arrival: arrival.operation, party: *party })
    }

    fn too_few(&self, first: &Passage, parties: Option<u64>) -> Option<Why> {
        let arrived = self.arrived(first.complete).len() as u64;
        parties.filter(|parties| arrived < *parties).map(|parties| Why::TooFew { arrived, parties })
    }

    /// The parties that can have arrived by an event.
    pub(super) fn arrived(&self, by: u64) -> Vec<ValueId> {
        let arrived = self.arrivals.iter().filter(|(_, arrival)| arrival.invoke < by);
        arrived.map(|(party, _)| *party).collect()
    }

    /// Where each operation that completes by an event, or may have arrived by the first passage, can be placed:
    /// by the number of an event, and after others at that event the higher the second number is. An `await`
    /// stands where the last certain party arrives.
    pub(super) fn places(&self, by: u64, operations: &[Operation]) -> Vec<(u64, u8, usize)> {
        let certain = self.arrivals.values().filter(|arrival| arrival.certain);
        let full = certain.map(|arrival| arrival.invoke).max().unwrap_or(0);
        let first = self.passages.iter().map(|passage| passage.complete).min().unwrap_or(0).min(by);
        let place = |(visit, operation, place, certain): &(Visit, usize, u64, bool)| {
            let done = operations[*operation].complete_index.unwrap_or(u64::MAX) < by;
            match (certain, visit.arrives && visit.passes) {
                (true, _) if !done => None,
                (true, true) => Some((full.max(*place), 1, *operation)),
                (true, false) => Some((*place, if visit.arrives { 0 } else { 2 }, *operation)),
                (false, _) => (*place < first).then_some((*place, 0, *operation)),
            }
        };
        self.visits.iter().filter_map(place).collect()
    }
}
