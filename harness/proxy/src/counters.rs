//! What a link has carried, for evidence and for reports.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// What a link has carried since the network started. Messages are counted at the newline that
/// ends them.
///
/// When nothing is on its way inside the shim, for messages and for bytes alike:
/// offered + duplicated = delivered + dropped + discarded + held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkCounters {
    /// Messages read from the sender.
    pub offered_messages: u64,
    /// Bytes read from the sender.
    pub offered_bytes: u64,
    /// Messages written to the receiver.
    pub delivered_messages: u64,
    /// Bytes written to the receiver.
    pub delivered_bytes: u64,
    /// Messages lost by the rule.
    pub dropped_messages: u64,
    /// Bytes of the messages lost by the rule.
    pub dropped_bytes: u64,
    /// Second copies made by the rule.
    pub duplicated_messages: u64,
    /// Bytes of those second copies.
    pub duplicated_bytes: u64,
    /// Messages that were overtaken by the next one.
    pub reordered_messages: u64,
    /// Messages that went under because their connection ended.
    pub discarded_messages: u64,
    /// Bytes that went under because their connection ended.
    pub discarded_bytes: u64,
    /// Messages read and not yet written, now. What waits in the sender's socket is not in it.
    pub held_messages: u64,
    /// Bytes read and not yet written, now.
    pub held_bytes: u64,
    /// Bytes carried from the receiver back to the sender.
    pub returned_bytes: u64,
    /// Connections accepted from the sender, those among them that were then reset included.
    pub connections_accepted: u64,
    /// Connections open now, those that are held unanswered included.
    pub connections_open: u64,
    /// Connections reset by the rule.
    pub connections_rejected: u64,
    /// Connections reset because the receiver could not be reached.
    pub connections_unreachable: u64,
}

/// Messages and bytes, counted together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Tally {
    pub fn add(&self, messages: u64, bytes: usize) {
        self.messages.fetch_add(messages, Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub fn subtract(&self, messages: u64, bytes: usize) {
        self.messages.fetch_sub(messages, Relaxed);
        self.bytes.fetch_sub(bytes as u64, Relaxed);
    }

    fn read(&self) -> (u64, u64) {
        (self.messages.load(Relaxed), self.bytes.load(Relaxed))
    }
}

/// The counters as the pumps write them: no lock, and each number exact by itself.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub offered: Tally,
    pub delivered: Tally,
    pub dropped: Tally,
    pub duplicated: Tally,
    pub discarded: Tally,
    pub held: Tally,
    pub reordered: AtomicU64,
    pub returned_bytes: AtomicU64,
    pub accepted: AtomicU64,
    pub open: AtomicU64,
    pub rejected: AtomicU64,
    pub unreachable: AtomicU64,
}

impl Counters {
    pub fn read(&self) -> LinkCounters {
        let (delivered_messages, delivered_bytes) = self.delivered.read();
        let (dropped_messages, dropped_bytes) = self.dropped.read();
        let (duplicated_messages, duplicated_bytes) = self.duplicated.read();
        let (discarded_messages, discarded_bytes) = self.discarded.read();
        let (held_messages, held_bytes) = self.held.read();
        let (offered_messages, offered_bytes) = self.offered.read();
        LinkCounters {
            offered_messages,
            offered_bytes,
            delivered_messages,
            delivered_bytes,
            dropped_messages,
            dropped_bytes,
            duplicated_messages,
            duplicated_bytes,
            reordered_messages: self.reordered.load(Relaxed),
            discarded_messages,
            discarded_bytes,
            held_messages,
            held_bytes,
            returned_bytes: self.returned_bytes.load(Relaxed),
            connections_accepted: self.accepted.load(Relaxed),
            connections_open: self.open.load(Relaxed),
            connections_rejected: self.rejected.load(Relaxed),
            connections_unreachable: self.unreachable.load(Relaxed),
        }
    }
}
