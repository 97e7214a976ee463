//! Crashed takes of a queue: which value each took, if any.
//!
//! Values that were certainly put in and that no other took are the loose ones. One of them may be taken by a crashed
//! take, at any moment after its invocation, or stay for ever. It cannot stay where a value that was certainly put in
//! later was taken, or where the queue was found empty at a moment after its put; it must then be gone by the end of that
//! take, or by that moment. Since values leave in the order in which they came:
//!
//! - The earlier the put of a loose value ended, the earlier it must be gone. Crashed takes in order of invocation
//!   therefore serve the loose values in order of the ends of their puts, and if that does not do, nothing does: the
//!   kth such value needs k crashed takes that began in time.
//! - A moment at which the queue was empty needs as many crashed takes begun by then as puts of loose values had ended.
//!   That is so whatever moments others choose, so each finding of nothing takes the first moment that will do: when it
//!   began, when a value was gone, or when a crashed take began.
//!
//! A value of a crashed put that nobody is known to have taken is not loose: without it, and whoever took it, the history
//! is as legal.

use super::cover::Cover;
use super::pairs::{NEVER, NO_CALL, Pair, Pairs, Story};
use crate::linearizable::{Decision, ValueId};

/// The loose values and the crashed takes.
struct Loose {
    /// Positions of the pairs, in order of the ends of their puts.
    pairs: Vec<usize>,
    /// These ends.
    put_by: Vec<u64>,
    /// The invocations of the crashed takes, with their calls.
    takes: Vec<(u64, u32)>,
}

impl Loose {
    fn of(pairs: &Pairs) -> Self {
        let mut loose: Vec<usize> =
            (0..pairs.pairs.len()).filter(|at| !pairs.pairs[*at].is_taken()).collect();
        loose.sort_by_key(|at| pairs.pairs[*at].put_by);
        let put_by = loose.iter().map(|at| pairs.pairs[*at].put_by).collect();
        let mut takes = pairs.unknown_takes.clone();
        takes.sort_unstable();
        Self { pairs: loose, put_by, takes }
    }

    /// How many are certainly put in ahead of a moment.
    fn held(&self, moment: u64) -> usize {
        self.put_by.partition_point(|by| *by < moment)
    }

    /// Whether crashed takes may have left none of them at that moment.
    fn may_be_gone(&self, moment: u64) -> bool {
        self.held(moment) <= self.takes.partition_point(|(from, _)| *from <= moment)
    }

    fn values(&self, pairs: &Pairs, count: usize) -> Vec<ValueId> {
        self.pairs[..count].iter().map(|at| pairs.pairs[*at].value).collect()
    }
}

/// Gives the crashed takes what they took, and returns a moment for each take that found nothing.
///
/// # Errors
/// They are too few, or began too late.
pub(super) fn assign(story: &Story<'_>, pairs: &mut Pairs) -> Result<Vec<u64>, Decision> {
    let loose = Loose::of(pairs);
    let overtaken = overtaken(story, pairs, &loose)?;
    let moments = moments(story, pairs, &loose)?;
    let needed = moments.iter().map(|moment| loose.held(*moment)).fold(overtaken, usize::max);
    for (at, (from, call)) in loose.pairs.iter().zip(&loose.takes).take(needed) {
        let pair = &mut pairs.pairs[*at];
        (pair.take, pair.take_from, pair.take_by) = (*call, *from, NEVER);
        pair.narrow();
    }
    Ok(moments)
}

/// How many loose values must be gone for those that were put in later and taken.
fn overtaken(story: &Story<'_>, pairs: &Pairs, loose: &Loose) -> Result<usize, Decision> {
    let mut taken: Vec<&Pair> = pairs.pairs.iter().filter(|pair| pair.is_taken()).collect();
    taken.sort_by_key(|pair| pair.put_from);
    // Of each and those after it, the one whose take ended first.
    let mut soonest = taken.clone();
    for at in (1..soonest.len()).rev() {
        if soonest[at].take_by < soonest[at - 1].take_by {
            soonest[at - 1] = soonest[at];
        }
    }
    for (rank, put_by) in loose.put_by.iter().enumerate() {
        let later = taken.partition_point(|pair| pair.put_from <= *put_by);
        let Some(pair) = soonest.get(later) else { return Ok(rank) };
        if loose.takes.get(rank).is_none_or(|(from, _)| *from > pair.take_by) {
            let mut values = loose.values(pairs, rank + 1);
            values.push(pair.value);
            return Err(story.illegal_with_unknown_takes(&values, &[]));
        }
    }
    Ok(loose.put_by.len())
}

/// For each take that found nothing the first moment at which there may have been nothing.
fn moments(story: &Story<'_>, pairs: &Pairs, loose: &Loose) -> Result<Vec<u64>, Decision> {
    let taken: Vec<Pair> = pairs.pairs.iter().filter(|pair| pair.is_taken()).copied().collect();
    let cover = Cover::of(&taken);
    let will_do = |moment: &u64| cover.is_free(*moment) && loose.may_be_gone(*moment);
    let begun = loose.takes.iter().map(|(from, _)| *from);
    let mut candidates: Vec<u64> = cover.ends().chain(begun).filter(will_do).collect();
    candidates.sort_unstable();
    let found = pairs.empties.iter().map(|empty| {
        let next = candidates.partition_point(|moment| *moment < empty.from);
        let own = Some(empty.from).filter(will_do);
        own.or(candidates.get(next).copied()).filter(|moment| *moment <= empty.by).ok_or_else(|| {
            let around = taken.iter().filter(|pair| pair.put_by < empty.by && pair.take_from > empty.from);
            let mut values = loose.values(pairs, loose.held(empty.by));
            values.extend(around.map(|pair| pair.value));
            story.illegal_with_unknown_takes(&values, &[empty.call])
        })
    });
    found.collect()
}

impl Pair {
    /// Whether it was taken by a take of which nobody knows what it took.
    pub(super) fn is_taken_unknown(&self, pairs: &Pairs) -> bool {
        self.take != NO_CALL && pairs.unknown_takes.iter().any(|(_, call)| *call == self.take)
    }
}
