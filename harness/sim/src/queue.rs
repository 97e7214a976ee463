//! What is to happen, in a total order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Future events, ordered by time and, at one time, by the order in which they were put in. Nothing else
/// decides, so one seed has one order.
#[derive(Debug)]
pub(crate) struct Queue<E> {
    heap: BinaryHeap<Reverse<Key>>,
    /// The events themselves, so that the heap moves keys only.
    slots: Vec<Option<E>>,
    free: Vec<u32>,
    count: u64,
}

/// Time, number, slot.
type Key = (u64, u64, u32);

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), slots: Vec::new(), free: Vec::new(), count: 0 }
    }
}

impl<E> Queue<E> {
    /// Puts in an event that happens at that time, in nanoseconds of the world's own clock.
    pub(crate) fn put(&mut self, at_ns: u64, event: E) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(event);
                slot
            }
            None => {
                self.slots.push(Some(event));
                // So many events at a time do not fit into memory.
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.heap.push(Reverse((at_ns, self.count, slot)));
        self.count += 1;
    }

    /// When the next event happens.
    pub(crate) fn next_at(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((at_ns, ..))| *at_ns)
    }

    /// Takes the next event out, with its time.
    pub(crate) fn take(&mut self) -> Option<(u64, E)> {
        let Reverse((at_ns, _, slot)) = self.heap.pop()?;
        let event = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some((at_ns, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_and_then_in_the_order_of_their_putting_in() {
        let mut queue = Queue::default();
        for (at_ns, event) in [(5, 'c'), (3, 'a'), (5, 'd'), (3, 'b')] {
            queue.put(at_ns, event);
        }
        assert_eq!(queue.next_at(), Some(3));
        let taken: Vec<char> = std::iter::from_fn(|| queue.take()).map(|(_, event)| event).collect();
        assert_eq!(taken, ['a', 'b', 'c', 'd']);
        queue.put(1, 'e');
        assert_eq!((queue.take(), queue.take()), (Some((1, 'e')), None));
    }
}
