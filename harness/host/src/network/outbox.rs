//! What waits to be written to one connection.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;
use tokio::time::Instant;

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
///
/// Whoever put lines in has them written by [`flush`](Outbox::flush); what the socket does not take
/// at once is left to the connection's own task, in [`drain`](Outbox::drain).
#[derive(Debug)]
pub(crate) struct Outbox {
    limit: Limit,
    /// None while the connection is down.
    stream: RefCell<Option<Rc<OwnedWriteHalf>>>,
    lines: RefCell<Lines>,
    /// There is something to do for the connection's task.
    woken: Notify,
    last_written: Cell<Instant>,
}

#[derive(Debug, Default)]
struct Lines {
    waiting: Vec<u8>,
    messages: usize,
    /// What is just being written, and how much of it was.
    block: Vec<u8>,
    written: usize,
}

impl Lines {
    /// Writes until nothing is left, or until the sink takes no more, which is false.
    fn write(&mut self, mut sink: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<bool> {
        loop {
            if self.written == self.block.len() && !self.take_block() {
                return Ok(true);
            }
            match sink(&self.block[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes all that waits the next block; false if nothing does.
    fn take_block(&mut self) -> bool {
        self.block.clear();
        if self.block.capacity() > KEPT {
            self.block = Vec::new();
        }
        std::mem::swap(&mut self.waiting, &mut self.block);
        (self.messages, self.written) = (0, 0);
        !self.block.is_empty()
    }
}

impl Outbox {
    /// The outbox of a connection that is not up yet.
    pub(crate) fn new(limit: Limit) -> Self {
        let (stream, lines, woken) = Default::default();
        Self { limit, stream, lines, woken, last_written: Cell::new(Instant::now()) }
    }

    /// Takes one line in; `write` gives its bytes without the line break.
    pub(crate) fn push(
        &self,
        write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> Result<(), NotTaken> {
        if self.stream.borrow().is_none() {
            return Err(NotTaken::Down);
        }
        self.lines.borrow_mut().push(self.limit, write)
    }

    /// Writes all that waits, as far as the socket takes it now.
    pub(crate) fn flush(&self) {
        // The reason of a failure is found again by the connection's task.
        if !matches!(self.write(), Ok(true)) {
            self.wake();
        }
    }

    /// Waits for a [`wake`](Outbox::wake), then until all that waits was written.
    ///
    /// # Errors
    /// Those of the socket, and `NotConnected`.
    pub(crate) async fn drain(&self) -> io::Result<()> {
        self.woken.notified().await;
        while !self.write()? {
            let stream = self.stream.borrow().clone().ok_or(io::ErrorKind::NotConnected)?;
            stream.writable().await?;
        }
        Ok(())
    }

    /// Whether all was written.
    fn write(&self) -> io::Result<bool> {
        let stream = self.stream.borrow();
        let Some(stream) = stream.as_ref() else { return Err(io::ErrorKind::NotConnected.into()) };
        self.lines.borrow_mut().write(|bytes| {
            let written = stream.try_write(bytes);
            self.last_written.set(Instant::now());
            written
        })
    }

    /// When something was last written, or the connection came up.
    pub(crate) fn last_written(&self) -> Instant {
        self.last_written.get()
    }

    /// Lets the connection's task look.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Declares the connection up.
    pub(crate) fn connect(&self, stream: OwnedWriteHalf) {
        self.lines.take();
        self.last_written.set(Instant::now());
        self.stream.replace(Some(Rc::new(stream)));
    }

    /// Declares the connection down. What waited is dropped.
    pub(crate) fn disconnect(&self) {
        self.stream.take();
        self.lines.take();
    }
}

impl Lines {
    fn push(
        &mut self,
        limit: Limit,
        write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> Result<(), NotTaken> {
        let bytes = &mut self.waiting;
        if self.messages >= limit.messages || bytes.len() >= limit.bytes {
            return Err(NotTaken::Full);
        }
        let before = bytes.len();
        if let Err(error) = write(bytes) {
            bytes.truncate(before);
            return Err(NotTaken::Unwritable(error));
        }
        let length = bytes.len() - before;
        if length > LONGEST_LINE {
            bytes.truncate(before);
            return Err(NotTaken::TooLong(length));
        }
        bytes.push(b'\n');
        self.messages += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const LIMIT: Limit = Limit { messages: 2, bytes: 100 };

    fn push(lines: &mut Lines, text: &str) -> Result<(), NotTaken> {
        lines.push(LIMIT, |bytes| bytes.write_all(text.as_bytes()).map_err(serde_json::Error::io))
    }

    /// A sink that takes so many bytes, and then no more.
    fn sink(taken: &mut Vec<u8>, room: usize) -> impl FnMut(&[u8]) -> io::Result<usize> {
        let full = taken.len() + room;
        move |bytes| {
            let count = bytes.len().min(full - taken.len());
            taken.extend_from_slice(&bytes[..count]);
            if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
        }
    }

    #[test]
    fn what_waits_is_written_as_one_block() {
        let mut lines = Lines::default();
        push(&mut lines, "a").unwrap();
        push(&mut lines, "b").unwrap();
        assert!(matches!(push(&mut lines, "c"), Err(NotTaken::Full)));
        let mut writes = Vec::new();
        let all = lines.write(|bytes| {
            writes.push(bytes.to_vec());
            Ok(bytes.len())
        });
        assert!(all.unwrap());
        assert_eq!(writes, [b"a\nb\n"]);
        push(&mut lines, "c").unwrap();
    }

    #[test]
    fn what_the_sink_does_not_take_follows_later_in_order() {
        let mut lines = Lines::default();
        let mut taken = Vec::new();
        push(&mut lines, "one").unwrap();
        push(&mut lines, "two").unwrap();
        assert!(!lines.write(sink(&mut taken, 5)).unwrap());
        push(&mut lines, "three").unwrap();
        assert!(!lines.write(sink(&mut taken, 1)).unwrap());
        assert!(lines.write(sink(&mut taken, 100)).unwrap());
        assert_eq!(taken, b"one\ntwo\nthree\n");
        assert!(lines.write(sink(&mut taken, 0)).unwrap(), "nothing is left");
    }

    #[test]
    fn nothing_waits_for_a_connection_that_is_down() {
        let outbox = Outbox::new(LIMIT);
        let pushed = outbox.push(|bytes| bytes.write_all(b"a").map_err(serde_json::Error::io));
        assert!(matches!(pushed, Err(NotTaken::Down)));
    }

    #[test]
    fn a_line_that_fails_half_way_leaves_no_trace() {
        let mut lines = Lines::default();
        let failing = lines.push(LIMIT, |bytes| {
            bytes.extend_from_slice(b"half");
            Err(serde_json::Error::io(std::io::Error::other("no")))
        });
        assert!(matches!(failing, Err(NotTaken::Unwritable(_))));
        assert!(lines.write(|_| panic!("nothing waits")).unwrap());
    }
}
