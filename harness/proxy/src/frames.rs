//! The part of the shim that knows messages: it cuts the stream at newlines and decides what becomes
//! of each message.
//!
//! Fates apply to whole messages only. A message whose beginning has gone on already, under a rule
//! that looked at no messages, is passed to its end unharmed; and one that is longer than
//! [`MAX_MESSAGE`] is passed as if its beginning had gone on.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::Rule;
use crate::counters::Counters;
use crate::queue::Queue;

/// The longest message, in bytes, that is held until its end arrives.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// How long a message waits to be overtaken before it goes on alone.
const OVERTAKING_PATIENCE: Duration = Duration::from_millis(50);

/// Counts the messages that end in these bytes.
pub(crate) fn count_messages(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// A message that waits for the next one to overtake it.
#[derive(Debug)]
struct Overtaken {
    bytes: Vec<u8>,
    patience_ends: Instant,
}

/// What deciding a message's fate needs.
pub(crate) struct Fate<'a> {
    pub rule: &'a Rule,
    pub rng: &'a mut ChaCha8Rng,
    pub counters: &'a Counters,
    pub now: Instant,
}

impl Fate<'_> {
    fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.rng.random_bool(probability)
    }

    fn due(&mut self) -> Instant {
        let jitter = match self.rule.jitter {
            Duration::ZERO => Duration::ZERO,
            most => most.mul_f64(self.rng.random_range(0.0..=1.0)),
        };
        self.now + self.rule.delay + jitter
    }
}

/// The state of the cut between one turn of the pump and the next.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The beginning of a message whose end has not arrived.
    partial: Vec<u8>,
    /// Whether what went on last ends inside a message.
    inside: bool,
    overtaken: Option<Overtaken>,
}

impl Frames {
    /// Notes bytes that go on without a look at their messages.
    pub fn passed(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last() {
            self.inside = *last != b'\n';
        }
    }

    /// Cuts bytes into messages and queues those that survive.
    pub fn cut(&mut self, mut bytes: &[u8], fate: &mut Fate<'_>, queue: &mut Queue) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (head, tail) = bytes.split_at(end + 1);
            bytes = tail;
            let mut message = std::mem::take(&mut self.partial);
            message.extend_from_slice(head);
            if std::mem::take(&mut self.inside) {
                queue.push(fate.due(), message);
            } else {
                self.decide(message, fate, queue);
            }
        }
        self.partial.extend_from_slice(bytes);
        if self.inside || self.partial.len() > MAX_MESSAGE {
            self.pass_partial(fate.due(), queue);
        }
    }

    fn decide(&mut self, message: Vec<u8>, fate: &mut Fate<'_>, queue: &mut Queue) {
        if fate.happens(fate.rule.loss) {
            fate.counters.held.subtract(1, message.len());
            fate.counters.dropped.add(1, message.len());
            return;
        }
        if self.overtaken.is_none() && fate.happens(fate.rule.reorder) {
            let patience_ends = fate.now + OVERTAKING_PATIENCE;
            self.overtaken = Some(Overtaken { bytes: message, patience_ends });
            return;
        }
        self.queue_copies(message, fate, queue);
        if let Some(late) = self.overtaken.take() {
            fate.counters.reordered.fetch_add(1, Relaxed);
            self.queue_copies(late.bytes, fate, queue);
        }
    }

    fn queue_copies(&mut self, message: Vec<u8>, fate: &mut Fate<'_>, queue: &mut Queue) {
        let due = fate.due();
        if fate.happens(fate.rule.duplicate) {
            fate.counters.held.add(1, message.len());
            fate.counters.duplicated.add(1, message.len());
            queue.push(due, message.clone());
        }
        queue.push(due, message);
    }

    /// When the message that waits to be overtaken goes on alone.
    pub fn next_release(&self) -> Option<Instant> {
        self.overtaken.as_ref().map(|late| late.patience_ends)
    }

    /// Queues the message that waits to be overtaken, if its time is up.
    pub fn release(&mut self, fate: &mut Fate<'_>, queue: &mut Queue) {
        if let Some(late) = self.overtaken.take_if(|late| late.patience_ends <= fate.now) {
            self.queue_copies(late.bytes, fate, queue);
        }
    }

    /// Queues everything that is held here: the stream ends, or its messages are no longer looked at.
    pub fn flush(&mut self, due: Instant, queue: &mut Queue) {
        if let Some(late) = self.overtaken.take() {
            queue.push(due, late.bytes);
        }
        self.pass_partial(due, queue);
    }

    fn pass_partial(&mut self, due: Instant, queue: &mut Queue) {
        if !self.partial.is_empty() {
            self.inside = true;
            queue.push(due, std::mem::take(&mut self.partial));
        }
    }

    /// All that is held here, for counting.
    pub fn remaining(&self) -> impl Iterator<Item = &[u8]> {
        let late = self.overtaken.iter().map(|late| late.bytes.as_slice());
        late.chain(std::iter::once(self.partial.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// Cuts chunks, each under its rule, and gives what was queued.
    fn cut(frames: &mut Frames, chunks: &[(&[u8], Rule)]) -> Vec<u8> {
        let (mut rng, counters) = (ChaCha8Rng::seed_from_u64(1), Counters::default());
        let (mut queue, now) = (Queue::default(), Instant::now());
        for (bytes, rule) in chunks {
            counters.held.add(count_messages(bytes), bytes.len());
            let mut fate = Fate { rule, rng: &mut rng, counters: &counters, now };
            frames.cut(bytes, &mut fate, &mut queue);
        }
        queue.remaining().flatten().copied().collect()
    }

    fn lose() -> Rule {
        Rule { loss: 1.0, ..Rule::pass() }
    }

    fn spare() -> Rule {
        Rule { delay: Duration::from_nanos(1), ..Rule::pass() }
    }

    #[test]
    fn messages_are_lost_whole_however_they_are_cut() {
        let chunks: [(&[u8], Rule); 4] =
            [(b"a\nbb", spare()), (b"b", spare()), (b"b\nc\nd", lose()), (b"d\ne\n", spare())];
        assert_eq!(cut(&mut Frames::default(), &chunks), b"a\ndd\ne\n");
    }

    #[test]
    fn a_message_whose_beginning_is_gone_is_passed_to_its_end() {
        let mut frames = Frames::default();
        frames.passed(b"x\nbegin");
        assert_eq!(cut(&mut frames, &[(b"ni", lose()), (b"ng\nlost\n", lose())]), b"ning\n");
    }

    #[test]
    fn a_message_too_long_to_hold_is_passed() {
        let long = vec![b'x'; MAX_MESSAGE + 1];
        let passed = cut(&mut Frames::default(), &[(&long, lose()), (b"y\nlost\n", lose())]);
        assert_eq!((passed.len(), &passed[MAX_MESSAGE + 1..]), (MAX_MESSAGE + 3, &b"y\n"[..]));
    }

    #[test]
    fn every_other_message_is_overtaken_at_probability_one() {
        let rule = Rule { reorder: 1.0, ..Rule::pass() };
        assert_eq!(cut(&mut Frames::default(), &[(b"1\n2\n3\n4\n", rule)]), b"2\n1\n4\n3\n");
    }

    #[test]
    fn duplicates_follow_their_original() {
        let rule = Rule { duplicate: 1.0, ..Rule::pass() };
        assert_eq!(cut(&mut Frames::default(), &[(b"1\n2\n", rule)]), b"1\n1\n2\n2\n");
    }
}
