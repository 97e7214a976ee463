//! What waits to be written to one connection.

use std::cell::{Cell, RefCell};

use tokio::sync::Notify;

use super::lines::LONGEST_LINE;

/// A block that grew beyond this is given back after it was written.
const KEPT: usize = 1024 * 1024;

/// How much may wait. What is just being written does not count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// Why a message was not taken in.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// The connection is down.
    Down,
    /// Too much waits already.
    Full,
    /// The message has no JSON form.
    Unwritable(serde_json::Error),
    /// The line has that many bytes, and nobody would read one so long.
    TooLong(usize),
}

/// Lines that wait to be written to one connection, already as bytes, so that any number of them
/// takes one write.
#[derive(Debug)]
pub(crate) struct Outbox {
    limit: Limit,
    up: Cell<bool>,
    bytes: RefCell<Vec<u8>>,
    messages: Cell<usize>,
    filled: Notify,
}

impl Outbox {
    /// An empty one, of a connection that is up or not yet.
    pub(crate) fn new(limit: Limit, up: bool) -> Self {
        let (bytes, messages, filled) = Default::default();
        Self { limit, up: Cell::new(up), bytes, messages, filled }
    }

    /// Takes one line in; `write` gives its bytes without the line break.
    pub(crate) fn push(
        &self,
        write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> Result<(), NotTaken> {
        if !self.up.get() {
            return Err(NotTaken::Down);
        }
        let mut bytes = self.bytes.borrow_mut();
        if self.messages.get() >= self.limit.messages || bytes.len() >= self.limit.bytes {
            return Err(NotTaken::Full);
        }
        let before = bytes.len();
        if let Err(error) = write(&mut bytes) {
            bytes.truncate(before);
            return Err(NotTaken::Unwritable(error));
        }
        let length = bytes.len() - before;
        if length > LONGEST_LINE {
            bytes.truncate(before);
            return Err(NotTaken::TooLong(length));
        }
        bytes.push(b'\n');
        self.messages.set(self.messages.get() + 1);
        self.filled.notify_one();
        Ok(())
    }

    /// Moves all that waits into `block`, whose old content is dropped. Whether there was anything.
    pub(crate) fn take(&self, block: &mut Vec<u8>) -> bool {
        block.clear();
        if block.capacity() > KEPT {
            *block = Vec::new();
        }
        std::mem::swap(&mut *self.bytes.borrow_mut(), block);
        self.messages.set(0);
        !block.is_empty()
    }

    /// Resolves when something was taken in or [`wake`](Outbox::wake) was called since last time.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Lets whoever awaits [`filled`](Outbox::filled) look again.
    pub(crate) fn wake(&self) {
        self.filled.notify_one();
    }

    /// Declares the connection up or down. What waited is dropped.
    pub(crate) fn set_up(&self, up: bool) {
        self.up.set(up);
        self.bytes.borrow_mut().clear();
        self.messages.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn push(outbox: &Outbox, text: &str) -> Result<(), NotTaken> {
        outbox.push(|bytes| bytes.write_all(text.as_bytes()).map_err(serde_json::Error::io))
    }

    #[test]
    fn what_waits_is_taken_as_one_block() {
        let outbox = Outbox::new(Limit { messages: 2, bytes: 100 }, true);
        push(&outbox, "a").unwrap();
        push(&outbox, "b").unwrap();
        assert!(matches!(push(&outbox, "c"), Err(NotTaken::Full)));
        let mut block = b"old".to_vec();
        assert!(outbox.take(&mut block));
        assert_eq!(block, b"a\nb\n");
        assert!(!outbox.take(&mut block));
        push(&outbox, "c").unwrap();
    }

    #[test]
    fn nothing_waits_for_a_connection_that_is_down() {
        let outbox = Outbox::new(Limit { messages: 2, bytes: 100 }, false);
        assert!(matches!(push(&outbox, "a"), Err(NotTaken::Down)));
        outbox.set_up(true);
        push(&outbox, "b").unwrap();
        outbox.set_up(false);
        outbox.set_up(true);
        assert!(!outbox.take(&mut Vec::new()));
    }

    #[test]
    fn a_line_that_fails_half_way_leaves_no_trace() {
        let outbox = Outbox::new(Limit { messages: 2, bytes: 100 }, true);
        let failing = outbox.push(|bytes| {
            bytes.extend_from_slice(b"half");
            Err(serde_json::Error::io(std::io::Error::other("no")))
        });
        assert!(matches!(failing, Err(NotTaken::Unwritable(_))));
        assert!(!outbox.take(&mut Vec::new()));
    }
}
