//! The calls of a task as events, one after the other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::linearizable::Call;

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The call at that position of the task begins.
    Invoke(usize),
    /// The operation in that slot completes.
    Complete(usize),
}

/// Invocations and completions in order of their event indices. Only the completions that are due to come
/// of what is under way are kept, so that no list of events is needed.
///
/// At equal indices (of hand-made calls) invocations come first: it forbids less.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    next: usize,
    due: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Events {
    /// What happens next; `None` at the end.
    pub(super) fn next<Op>(&mut self, calls: &[Call<Op>]) -> Option<Event> {
        let call = calls.get(self.next);
        if let Some(Reverse((complete, slot))) = self.due.peek().copied()
            && call.is_none_or(|call| complete < call.invoke)
        {
            self.due.pop();
            return Some(Event::Complete(slot));
        }
        call?;
        self.next += 1;
        Some(Event::Invoke(self.next - 1))
    }

    /// How many calls are invoked by now.
    pub(super) fn invoked(&self) -> usize {
        self.next
    }

    /// Leaves out the invocations ahead of that call.
    pub(super) fn begin_at(&mut self, call: usize) {
        self.next = call;
    }

    /// Expects the completion of an operation.
    pub(super) fn expect(&mut self, complete: u64, slot: usize) {
        self.due.push(Reverse((complete, slot)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_equal_indices_invocations_come_first() {
        let call = |invoke| Call { op: (), invoke, complete: Some(5) };
        let calls = [call(1), call(5), call(6)];
        let mut events = Events::default();
        assert_eq!(events.next(&calls), Some(Event::Invoke(0)));
        events.expect(5, 7);
        assert_eq!(events.next(&calls), Some(Event::Invoke(1)));
        assert_eq!(events.next(&calls), Some(Event::Complete(7)));
        assert_eq!(events.next(&calls), Some(Event::Invoke(2)));
        assert_eq!(events.next(&calls), None);
    }
}
