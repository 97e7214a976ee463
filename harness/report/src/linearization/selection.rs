//! Which part of a very long history is drawn: the part around its first failure.

use std::ops::Range;

use ordalia_checker::linearizable::{Depiction, KeyDepiction};
use ordalia_history::Operation;

/// How many operations are drawn at most.
pub(super) const MAX_DRAWN: usize = 110_000;

/// The positions of the operations that are drawn.
pub(super) fn drawn(depiction: &Depiction, operations: &[Operation]) -> Range<usize> {
    if operations.len() <= MAX_DRAWN {
        return 0..operations.len();
    }
    let stuck = first_to_show(depiction, operations).and_then(|at| depiction.keys[at].stuck);
    // What led to a failure matters more than what came after it.
    let start = stuck.map_or(0, |stuck| stuck.saturating_sub(MAX_DRAWN * 4 / 5));
    let start = start.min(operations.len() - MAX_DRAWN);
    start..start + MAX_DRAWN
}

/// The key that is shown first: the first to fail, else the first that is undecided, else the one with the most
/// to see.
pub(super) fn first_to_show(depiction: &Depiction, operations: &[Operation]) -> Option<usize> {
    let ends = |key: &KeyDepiction| key.stuck.and_then(|at| operations.get(at)).map(|one| one.complete_index);
    let rank = |at: &usize| {
        let key = &depiction.keys[*at];
        (std::cmp::Reverse(key.verdict), ends(key), std::cmp::Reverse(key.order.len()))
    };
    (0..depiction.keys.len()).min_by_key(rank)
}
