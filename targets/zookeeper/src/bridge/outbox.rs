//! What a session is to be told, until it has taken it.

use std::collections::VecDeque;

use ordalia_node::{Change, Event};

/// Events that may be untaken.
const MAX_UNTAKEN: usize = 10_000;

/// The events of one session, numbered from 1 without a gap.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    last: u64,
    untaken: VecDeque<Event>,
}

impl Outbox {
    /// Adds an event. The protocol does not say which transaction it is of; `zxid` is the last one known before.
    pub fn add(&mut self, path: String, what: Change, zxid: u64) -> Event {
        self.last = self.last.saturating_add(1);
        let event = Event { number: self.last, zxid, path, what, version: None };
        self.untaken.push_back(event.clone());
        event
    }

    /// Whether the client takes nothing any more.
    pub fn is_full(&self) -> bool {
        self.untaken.len() >= MAX_UNTAKEN
    }

    /// Forgets what was taken, up to that number.
    pub fn taken(&mut self, seen: u64) {
        while self.untaken.front().is_some_and(|event| event.number <= seen) {
            self.untaken.pop_front();
        }
    }

    /// All that was not taken.
    pub fn untaken(&self) -> Vec<Event> {
        self.untaken.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_stay_until_they_were_taken() {
        let mut outbox = Outbox::default();
        for path in ["/a", "/b", "/c"] {
            outbox.add(path.to_owned(), Change::Changed, 7);
        }
        outbox.taken(1);
        let numbers = |outbox: &Outbox| outbox.untaken().iter().map(|event| event.number).collect::<Vec<_>>();
        assert_eq!(numbers(&outbox), [2, 3]);
        // An older word comes late.
        outbox.taken(0);
        assert_eq!(numbers(&outbox), [2, 3]);
        outbox.taken(9);
        assert_eq!(outbox.add("/d".to_owned(), Change::Removed, 8).number, 4);
    }
}
