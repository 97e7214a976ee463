//! Which crashed write made each level that no completed one made.

use std::collections::BTreeMap;

use super::Stop;
use super::bounds::Bounds;
use super::levels::{Level, Levels, Span};
use crate::linearizable::ValueId;

/// The crashed writes of one value.
#[derive(Default)]
struct Equal<'a> {
    writes: Vec<&'a Span>,
    /// How many of them began by now.
    begun: usize,
    /// Those of them that make no level yet.
    waiting: Vec<&'a Span>,
}

impl<'a> Equal<'a> {
    /// Of those that began by then the last.
    fn take(&mut self, latest: u64) -> Option<&'a Span> {
        while let Some(write) = self.writes.get(self.begun).filter(|write| write.from <= latest) {
            self.waiting.push(write);
            self.begun += 1;
        }
        self.waiting.pop()
    }
}

/// The call that made each level, from the first above what was there at first.
///
/// # Errors
/// There are too few.
pub(super) fn fill(levels: &Levels, bounds: &Bounds) -> Result<Vec<usize>, Stop> {
    let mut equal: BTreeMap<ValueId, Equal<'_>> = BTreeMap::new();
    for (value, write) in &levels.free {
        equal.entry(*value).or_default().writes.push(write);
    }
    let mut writers: Vec<Option<usize>> = vec![None; levels.all.len()];
    for (level, one) in levels.all.iter().enumerate().skip(1) {
        let latest = bounds.latest[level];
        let certain = one.writer.map(|writer| writer.call).or_else(|| bound(one, latest));
        writers[level] = match (certain, one.value) {
            (Some(call), _) => Some(call),
            (None, None) => None,
            (None, Some((value, _))) => {
                let write = equal.get_mut(&value).and_then(|equal| equal.take(latest));
                Some(write.ok_or_else(|| vacant(levels))?.call)
            }
        };
    }
    let mut used = writers.iter().flatten().copied().collect::<Vec<usize>>();
    used.sort_unstable();
    let mut left = levels.free.iter().filter(|(_, write)| used.binary_search(&write.call).is_err());
    for (level, writer) in writers.iter_mut().enumerate().skip(1).filter(|(_, writer)| writer.is_none()) {
        let next = left.next().filter(|(_, write)| write.from <= bounds.latest[level]);
        *writer = Some(next.ok_or_else(|| vacant(levels))?.1.call);
    }
    Ok(writers.into_iter().skip(1).flatten().collect())
}

/// A crashed one that can make this level and no other.
fn bound(one: &Level, latest: u64) -> Option<usize> {
    let fits = |(value, span): &&(ValueId, Span)| {
        span.from <= latest && one.value.is_none_or(|(held, _)| held == *value)
    };
    one.bound.iter().find(fits).map(|(_, span)| span.call)
}

/// Some level was made by nobody. Which observations that rests on is not told apart.
fn vacant(levels: &Levels) -> Stop {
    let seen = levels.all.iter().flat_map(|one| one.reads.iter().chain(&one.refused));
    Stop::Illegal(seen.chain(&levels.refused_elsewhere).map(|span| span.call).collect())
}
