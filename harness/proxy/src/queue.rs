//! Pieces of the stream that wait for their time, in order.

use std::collections::VecDeque;
use std::time::Instant;

/// Pieces of one due time are merged up to this size, so that they need one write.
const MERGED_BYTES: usize = 64 * 1024;

/// Bytes that go on at a time of their own.
#[derive(Debug)]
pub(crate) struct Piece {
    due: Instant,
    bytes: Vec<u8>,
    /// How many of the bytes were written already.
    written: usize,
}

/// Pieces in order; their due times never decrease from front to back.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pieces: VecDeque<Piece>,
    bytes: usize,
}

impl Queue {
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The bytes that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Appends bytes that are due at `due`, or when the piece ahead of them is, if that is later.
    pub fn push(&mut self, due: Instant, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let due = self.pieces.back().map_or(due, |last| last.due.max(due));
        self.bytes += bytes.len();
        if let Some(last) = self.pieces.back_mut()
            && last.due == due
            && last.bytes.len() + bytes.len() <= MERGED_BYTES
        {
            last.bytes.extend_from_slice(&bytes);
            return;
        }
        self.pieces.push_back(Piece { due, bytes, written: 0 });
    }

    /// When the front is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.pieces.front().map(|piece| piece.due)
    }

    /// What is left of the front, if it is due.
    pub fn due_bytes(&self, now: Instant) -> Option<&[u8]> {
        let front = self.pieces.front().filter(|piece| piece.due <= now)?;
        Some(&front.bytes[front.written..])
    }

    /// Marks bytes of the front as written.
    pub fn advance(&mut self, count: usize) {
        let Some(front) = self.pieces.front_mut() else { return };
        front.written += count;
        self.bytes -= count;
        if front.written == front.bytes.len() {
            self.pieces.pop_front();
        }
    }

    /// Makes nothing due later than `latest`, as when a rule with a shorter delay takes over.
    pub fn hasten(&mut self, latest: Instant) {
        for piece in &mut self.pieces {
            piece.due = piece.due.min(latest);
        }
    }

    /// All that is left, for counting.
    pub fn remaining(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(|piece| &piece.bytes[piece.written..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn order_is_kept_whatever_the_due_times() {
        let now = Instant::now();
        let (soon, later) = (now + Duration::from_secs(1), now + Duration::from_secs(2));
        let mut queue = Queue::default();
        queue.push(soon, b"ab".to_vec());
        queue.push(later, b"c".to_vec());
        queue.push(now, b"d".to_vec());
        assert_eq!((queue.due_bytes(now), queue.next_due()), (None, Some(soon)));
        assert_eq!(queue.due_bytes(soon), Some(&b"ab"[..]));
        queue.advance(1);
        assert_eq!((queue.due_bytes(soon), queue.bytes()), (Some(&b"b"[..]), 3));
        queue.advance(1);
        assert_eq!(queue.due_bytes(soon), None, "the last one waits for the time of the one before");
        queue.hasten(now);
        assert_eq!(queue.due_bytes(now), Some(&b"cd"[..]));
        queue.advance(2);
        assert!(queue.is_empty());
        assert_eq!(queue.bytes(), 0);
    }
}
