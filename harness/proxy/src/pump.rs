//! One direction of one connection: reads, queues and writes under the link's rule.
//!
//! Every read and write happens while the rule is borrowed from its watch channel, which makes
//! whoever sets a rule wait for the system calls that are under way (they do not block) and nobody
//! else. So a rule is in force when `set_rule` returns, not some time later.

use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::frames::{Fate, Frames, count_messages};
use crate::link::Link;
use crate::queue::Queue;
use crate::{Mode, Rule};

/// The most that one read takes.
const BUFFER_BYTES: usize = 64 * 1024;
/// The buffer of the direction that carries little or nothing.
const BACKWARD_BUFFER_BYTES: usize = 16 * 1024;
/// No more is read while so much waits for its due time.
const QUEUE_BYTES: usize = 8 * 1024 * 1024;
/// No more is read while so much waits for bandwidth: less, since it would only become stale.
const LIMITED_QUEUE_BYTES: usize = 256 * 1024;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// One side closed; the other is closed too.
    Closed,
    /// One side was reset; the other is reset too.
    Broken,
    /// The rule resets connections.
    Rejected,
    /// The receiver could not be reached.
    Unreachable,
    /// The network was dropped.
    Shutdown,
}

/// What a pump waits for before its next turn. A change of the rule always counts.
#[derive(Clone, Copy, Debug, Default)]
struct Wait {
    readable: bool,
    writable: bool,
    until: Option<Instant>,
}

impl Wait {
    fn at(&mut self, time: Instant) {
        self.until = Some(self.until.map_or(time, |earlier| earlier.min(time)));
    }

    /// Waits; an error is the end of the network.
    async fn pause(
        self,
        rules: &mut watch::Receiver<Rule>,
        source: &TcpStream,
        sink: &TcpStream,
    ) -> Result<(), Ending> {
        let due = async {
            match self.until {
                Some(time) => tokio::time::sleep_until(time.into()).await,
                None => std::future::pending().await,
            }
        };
        // A socket that fails to become ready fails again, with its reason, when it is used.
        tokio::select! {
            changed = rules.changed() => changed.map_err(|_| Ending::Shutdown),
            _ = source.readable(), if self.readable => Ok(()),
            _ = sink.writable(), if self.writable => Ok(()),
            () = due => Ok(()),
        }
    }
}

/// Carries the sender's bytes to the receiver until the connection ends.
pub(crate) async fn forward(
    link: &Link,
    mut rules: watch::Receiver<Rule>,
    from: &TcpStream,
    to: &TcpStream,
) -> Ending {
    let mut pump = Forward {
        link,
        from,
        to,
        buffer: vec![0; BUFFER_BYTES],
        queue: Queue::default(),
        frames: Frames::default(),
        source_ended: None,
        adopted: Rule::pass(),
    };
    loop {
        let turn = pump.turn(&rules.borrow_and_update());
        let paused = match turn {
            Ok(wait) => wait.pause(&mut rules, from, to).await,
            Err(ending) => Err(ending),
        };
        if let Err(ending) = paused {
            return ending;
        }
    }
}

struct Forward<'a> {
    link: &'a Link,
    from: &'a TcpStream,
    to: &'a TcpStream,
    buffer: Vec<u8>,
    queue: Queue,
    frames: Frames,
    /// How the sender's side ended. What was read before is delivered first.
    source_ended: Option<Ending>,
    /// The rule of the last turn.
    adopted: Rule,
}

impl Forward<'_> {
    /// One round of reading and writing, without blocking.
    fn turn(&mut self, rule: &Rule) -> Result<Wait, Ending> {
        let now = Instant::now();
        if self.adopted != *rule {
            self.adopt(rule, now);
        }
        match rule.mode {
            Mode::Pass => {}
            Mode::Drop => return Ok(Wait::default()),
            Mode::Reject => return Err(Ending::Rejected),
        }
        let mut wait = Wait::default();
        self.read(rule, now, &mut wait)?;
        self.release(rule, now, &mut wait);
        self.write(rule, now, &mut wait)?;
        match self.source_ended {
            Some(ending) if self.queue.is_empty() => Err(ending),
            _ => Ok(wait),
        }
    }

    /// Bends what is queued to a new rule.
    fn adopt(&mut self, rule: &Rule, now: Instant) {
        self.adopted = *rule;
        if !rule.shapes_messages() {
            self.frames.flush(now, &mut self.queue);
        }
        self.queue.hasten(now + rule.delay + rule.jitter);
    }

    fn read(&mut self, rule: &Rule, now: Instant, wait: &mut Wait) -> Result<(), Ending> {
        if self.source_ended.is_some() || !self.has_room(rule) {
            return Ok(());
        }
        match self.from.try_read(&mut self.buffer) {
            Ok(0) => self.end_source(Ending::Closed, rule, now),
            Ok(count) => {
                wait.readable = true;
                self.link.counters.offered.add(count_messages(&self.buffer[..count]), count);
                self.take_in(count, rule, now)?;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait.readable = true,
            Err(_) => self.end_source(Ending::Broken, rule, now),
        }
        Ok(())
    }

    fn has_room(&self, rule: &Rule) -> bool {
        if rule.is_plain() {
            self.queue.is_empty()
        } else if rule.bandwidth.is_some() {
            self.queue.bytes() < LIMITED_QUEUE_BYTES
        } else {
            self.queue.bytes() < QUEUE_BYTES
        }
    }

    fn end_source(&mut self, ending: Ending, rule: &Rule, now: Instant) {
        self.source_ended = Some(ending);
        self.frames.flush(now + rule.delay, &mut self.queue);
    }

    /// Writes what was read at once where the rule is plain, and queues it otherwise.
    fn take_in(&mut self, count: usize, rule: &Rule, now: Instant) -> Result<(), Ending> {
        let bytes = &self.buffer[..count];
        let counters = &self.link.counters;
        if rule.shapes_messages() {
            counters.held.add(count_messages(bytes), count);
            let rng = &mut *self.link.rng();
            self.frames.cut(bytes, &mut Fate { rule, rng, counters, now }, &mut self.queue);
            return Ok(());
        }
        self.frames.passed(bytes);
        let written = if rule.is_plain() { write_some(self.to, bytes)? } else { 0 };
        let (gone, left) = bytes.split_at(written);
        counters.delivered.add(count_messages(gone), gone.len());
        if !left.is_empty() {
            counters.held.add(count_messages(left), left.len());
            self.queue.push(now, left.to_vec());
        }
        Ok(())
    }

    fn release(&mut self, rule: &Rule, now: Instant, wait: &mut Wait) {
        let Some(time) = self.frames.next_release() else { return };
        if time > now {
            return wait.at(time);
        }
        let (rng, counters) = (&mut *self.link.rng(), &self.link.counters);
        self.frames.release(&mut Fate { rule, rng, counters, now }, &mut self.queue);
    }

    /// Writes what is due, up to one buffer's worth, so that a change of the rule need not wait long.
    fn write(&mut self, rule: &Rule, now: Instant, wait: &mut Wait) -> Result<(), Ending> {
        let mut budget = BUFFER_BYTES;
        while let Some(bytes) = self.queue.due_bytes(now) {
            let allowed = match rule.bandwidth {
                Some(rate) => self.link.with_bucket(rate, now, |bucket| bucket.available(now)),
                None => usize::MAX,
            };
            let wanted = bytes.len();
            if let (0, Some(rate)) = (allowed, rule.bandwidth) {
                wait.at(self.link.with_bucket(rate, now, |bucket| bucket.ready_at(wanted)));
                return Ok(());
            }
            let written = write_some(self.to, &bytes[..wanted.min(allowed).min(budget)])?;
            if written > 0 {
                self.delivered(written, rule, now);
            }
            budget -= written;
            if written == 0 || budget == 0 {
                wait.writable = true;
                return Ok(());
            }
        }
        // The queue was full when this turn read nothing, and may have room now.
        wait.readable = self.source_ended.is_none() && self.has_room(rule);
        if let Some(due) = self.queue.next_due() {
            wait.at(due);
        }
        Ok(())
    }

    fn delivered(&mut self, count: usize, rule: &Rule, now: Instant) {
        let counters = &self.link.counters;
        let messages = self.queue.due_bytes(now).map_or(0, |bytes| count_messages(&bytes[..count]));
        counters.held.subtract(messages, count);
        counters.delivered.add(messages, count);
        self.queue.advance(count);
        if let Some(rate) = rule.bandwidth {
            self.link.with_bucket(rate, now, |bucket| bucket.take(count));
        }
    }
}

impl Drop for Forward<'_> {
    /// What was read and not delivered goes under with the connection.
    fn drop(&mut self) {
        let counters = &self.link.counters;
        for bytes in self.queue.remaining().chain(self.frames.remaining()) {
            let messages = count_messages(bytes);
            counters.held.subtract(messages, bytes.len());
            counters.discarded.add(messages, bytes.len());
        }
    }
}

/// Carries the receiver's bytes back to the sender, until the connection ends.
pub(crate) async fn backward(
    link: &Link,
    mut rules: watch::Receiver<Rule>,
    from: &TcpStream,
    to: &TcpStream,
) -> Ending {
    let mut pump = Backward { link, from, to, buffer: vec![0; BACKWARD_BUFFER_BYTES], start: 0, end: 0 };
    loop {
        let turn = pump.turn(&rules.borrow_and_update());
        let paused = match turn {
            Ok(wait) => wait.pause(&mut rules, to, from).await,
            Err(ending) => Err(ending),
        };
        if let Err(ending) = paused {
            return ending;
        }
    }
}

struct Backward<'a> {
    link: &'a Link,
    from: &'a TcpStream,
    to: &'a TcpStream,
    buffer: Vec<u8>,
    /// The part of the buffer that was read and not yet written.
    start: usize,
    end: usize,
}

impl Backward<'_> {
    fn turn(&mut self, rule: &Rule) -> Result<Wait, Ending> {
        match rule.mode {
            Mode::Pass => {}
            Mode::Drop => return Ok(Wait::default()),
            Mode::Reject => return Err(Ending::Rejected),
        }
        if self.start == self.end {
            self.start = 0;
            self.end = match self.to.try_read(&mut self.buffer) {
                Ok(0) => return Err(Ending::Closed),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(_) => return Err(Ending::Broken),
            };
        }
        let written = write_some(self.from, &self.buffer[self.start..self.end])?;
        self.start += written;
        self.link.counters.returned_bytes.fetch_add(written as u64, Relaxed);
        let empty = self.start == self.end;
        Ok(Wait { readable: empty, writable: !empty, until: None })
    }
}

/// Writes what the socket takes now, which may be nothing.
fn write_some(sink: &TcpStream, bytes: &[u8]) -> Result<usize, Ending> {
    if bytes.is_empty() {
        return Ok(0);
    }
    match sink.try_write(bytes) {
        Ok(count) => Ok(count),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        Err(_) => Err(Ending::Broken),
    }
}
