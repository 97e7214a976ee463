//! When some value was certainly in.

use super::pairs::{Empty, Pair, Pairs, Story};
use crate::linearizable::{Decision, ValueId};

/// The open spans in which values were certainly in.
pub(super) struct Cover {
    /// From the end of a put to the start of its take, with the pair's position; in order of the first.
    spans: Vec<(u64, u64, u32)>,
    /// The same, joined where they overlap.
    joined: Vec<(u64, u64)>,
}

impl Cover {
    pub(super) fn of(pairs: &[Pair]) -> Self {
        let certain = pairs.iter().enumerate().filter(|(_, pair)| pair.put_by < pair.take_from);
        let mut spans: Vec<(u64, u64, u32)> =
            certain.map(|(at, pair)| (pair.put_by, pair.take_from, at as u32)).collect();
        spans.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for (from, to, _) in &spans {
            match joined.last_mut() {
                // The moment between two spans that only touch is free.
                Some(last) if *from < last.1 => last.1 = last.1.max(*to),
                _ => joined.push((*from, *to)),
            }
        }
        Self { spans, joined }
    }

    /// The first moment of a span at which no value was certainly in.
    fn gap(&self, from: u64, by: u64) -> Option<u64> {
        let next = self.joined.partition_point(|(start, _)| *start < from);
        let held = next.checked_sub(1).map(|last| self.joined[last]);
        let free = held.map_or(from, |(_, end)| end.max(from));
        (free <= by).then_some(free)
    }

    /// Whether no value was certainly in at that moment.
    pub(super) fn is_free(&self, moment: u64) -> bool {
        self.gap(moment, moment).is_some()
    }

    /// The moments after which no value was certainly in for a while.
    pub(super) fn ends(&self) -> impl Iterator<Item = u64> {
        self.joined.iter().map(|(_, end)| *end)
    }

    /// Few pairs that together leave no moment of a span free, where all together do so.
    fn chain(&self, from: u64, by: u64) -> Vec<u32> {
        let mut chain = Vec::new();
        let mut covered = from;
        let mut next = 0;
        let mut best: Option<(u64, u32)> = None;
        while covered <= by {
            while let Some((_, to, pair)) = self.spans.get(next).filter(|(start, ..)| *start < covered) {
                if best.is_none_or(|(furthest, _)| *to > furthest) {
                    best = Some((*to, *pair));
                }
                next += 1;
            }
            match best.filter(|(to, _)| *to > covered) {
                Some((to, pair)) => {
                    chain.push(pair);
                    covered = to;
                }
                None => break,
            }
        }
        chain
    }
}

/// A free moment for each take that found nothing.
///
/// # Errors
/// One has none.
pub(super) fn free_moments(story: &Story<'_>, pairs: &Pairs) -> Result<Vec<u64>, Decision> {
    if pairs.empties.is_empty() {
        return Ok(Vec::new());
    }
    let cover = Cover::of(&pairs.pairs);
    let moments = pairs.empties.iter().map(|empty| cover.gap(empty.from, empty.by).ok_or(empty));
    moments.collect::<Result<_, &Empty>>().map_err(|empty| {
        if pairs.crashed_takes {
            return Decision::Abstain("a crashed take may have emptied it");
        }
        let chain = cover.chain(empty.from, empty.by);
        let values: Vec<ValueId> = chain.iter().map(|pair| pairs.pairs[*pair as usize].value).collect();
        story.illegal(&values, &[empty.call])
    })
}
