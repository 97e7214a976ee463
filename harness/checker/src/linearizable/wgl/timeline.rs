//! The doubly linked list of invocations and completions that are not yet placed.

use crate::linearizable::Call;

/// The list's two ends: what comes before the first entry and after the last.
pub(super) const ENDS: u32 = 0;

/// Entries of completed calls in order of their events. Entry 0 joins the ends of the list. A call is
/// named by its rank, its position among the completed calls in order of invocation.
///
/// Unlinked entries keep their own links, so that taking back the last removal is exact.
#[derive(Debug)]
pub(super) struct Timeline {
    next: Vec<u32>,
    prev: Vec<u32>,
    /// Rank and, in the lowest bit, whether the entry is the completion.
    entry: Vec<u32>,
    invoke_at: Vec<u32>,
    complete_at: Vec<u32>,
}

impl Timeline {
    /// Bytes that each completed call takes in the list, and twice that while it is built.
    pub(super) const BYTES_PER_CALL: usize = 2 * (2 * 3 * size_of::<u32>() + 2 * size_of::<u32>()) + 2 * 24;

    /// The list of the completed calls, given in order of invocation; `opens` are the invocations of
    /// calls without completion. Also returns, for each of those, the last entry ahead of it.
    pub(super) fn new<Op>(completed: &[&Call<Op>], opens: &[u64]) -> (Self, Vec<u32>) {
        // At equal indices (of hand-made calls) invocations come first: it forbids less.
        let mut marks: Vec<(u64, bool, u32)> = Vec::with_capacity(2 * completed.len());
        for (rank, call) in (0u32..).zip(completed) {
            marks.push((call.invoke, false, rank));
            marks.push((call.complete.unwrap_or(u64::MAX).max(call.invoke), true, rank));
        }
        marks.sort_unstable();
        let ahead = |invoke: &u64| marks.partition_point(|mark| (mark.0, mark.1) < (*invoke, true)) as u32;
        let opened = opens.iter().map(ahead).collect();
        let size = marks.len() as u32 + 1;
        let mut list = Self {
            next: (0..size).map(|at| (at + 1) % size).collect(),
            prev: (0..size).map(|at| (at + size - 1) % size).collect(),
            entry: vec![u32::MAX; size as usize],
            invoke_at: vec![0; completed.len()],
            complete_at: vec![0; completed.len()],
        };
        for (at, (_, completes, rank)) in (1u32..).zip(marks) {
            list.entry[at as usize] = rank << 1 | u32::from(completes);
            let place = if completes { &mut list.complete_at } else { &mut list.invoke_at };
            place[rank as usize] = at;
        }
        (list, opened)
    }

    /// The entry after that one; after [`ENDS`] the first of the list.
    pub(super) fn after(&self, at: u32) -> u32 {
        self.next[at as usize]
    }

    /// The entry ahead of that one.
    pub(super) fn ahead(&self, at: u32) -> u32 {
        self.prev[at as usize]
    }

    /// The rank of the call that the entry invokes; `None` for a completion and for [`ENDS`].
    pub(super) fn invoked(&self, at: u32) -> Option<usize> {
        let entry = self.entry[at as usize];
        (entry & 1 == 0).then_some((entry >> 1) as usize)
    }

    /// The rank of the entry's call, whichever of its two entries it is.
    pub(super) fn rank(&self, at: u32) -> usize {
        (self.entry[at as usize] >> 1) as usize
    }

    /// Where the call completes.
    pub(super) fn completion(&self, rank: usize) -> u32 {
        self.complete_at[rank]
    }

    /// Where the call is invoked.
    pub(super) fn invocation(&self, rank: usize) -> u32 {
        self.invoke_at[rank]
    }

    /// Takes both entries of a call out.
    pub(super) fn lift(&mut self, rank: usize) {
        self.unlink(self.invoke_at[rank]);
        self.unlink(self.complete_at[rank]);
    }

    /// Puts both entries back, if this call was the last to be lifted.
    pub(super) fn unlift(&mut self, rank: usize) {
        self.relink(self.complete_at[rank]);
        self.relink(self.invoke_at[rank]);
    }

    fn unlink(&mut self, at: u32) {
        let (prev, next) = (self.prev[at as usize], self.next[at as usize]);
        self.next[prev as usize] = next;
        self.prev[next as usize] = prev;
    }

    fn relink(&mut self, at: u32) {
        let (prev, next) = (self.prev[at as usize], self.next[at as usize]);
        self.next[prev as usize] = at;
        self.prev[next as usize] = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(list: &Timeline) -> Vec<u32> {
        let mut entries = Vec::new();
        let mut at = list.after(ENDS);
        while at != ENDS {
            entries.push(at);
            at = list.after(at);
        }
        entries
    }

    #[test]
    fn lifting_is_taken_back_exactly() {
        let call = |invoke, complete| Call { op: (), invoke, complete: Some(complete) };
        let calls = [call(0, 3), call(1, 2), call(4, 5)];
        let (mut list, opened) = Timeline::new(&calls.iter().collect::<Vec<_>>(), &[0, 3, 9]);
        assert_eq!(opened, [1, 3, 6]);
        assert_eq!(entries(&list), [1, 2, 3, 4, 5, 6]);
        list.lift(1);
        assert_eq!(entries(&list), [1, 4, 5, 6]);
        list.lift(0);
        assert_eq!(entries(&list), [5, 6]);
        list.unlift(0);
        list.unlift(1);
        assert_eq!(entries(&list), [1, 2, 3, 4, 5, 6]);
        assert_eq!((list.invoked(2), list.invoked(3), list.rank(3)), (Some(1), None, 1));
    }
}
