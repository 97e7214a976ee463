//! The last moments at which levels can begin.

use super::Stop;
use super::levels::{Level, Levels, NEVER, Span};

/// For each level the last moment at which it can begin, given all completed calls, just ahead of that event. Never
/// falling; the first level began ahead of everything.
#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) latest: Vec<u64>,
}

/// The last moment of a level as far as the levels up to it tell, and the call that says so.
#[derive(Clone, Copy, Debug)]
struct Limit {
    time: u64,
    by: Option<usize>,
    /// Whether that call was refused at the level below, which depends on the last moment of that one.
    refused: bool,
}

impl Limit {
    const NONE: Self = Self { time: NEVER, by: None, refused: false };

    fn sooner(self, span: &Span, refused: bool) -> Self {
        if span.by < self.time { Self { time: span.by, by: Some(span.call), refused } } else { self }
    }
}

impl Bounds {
    /// Finds them, and adds the levels that must be there for refusals at the highest.
    ///
    /// # Errors
    /// A level must begin later than it can.
    pub(super) fn of(levels: &mut Levels) -> Result<Self, Stop> {
        let mut limits = vec![Limit { time: 0, by: None, refused: false }];
        let mut level = 1;
        loop {
            let below: Limit = limits[level - 1];
            let late = |refusal: &&Span| refusal.from > below.time;
            let refused = levels.all[level - 1].refused.iter().filter(late);
            let limit = refused.fold(Limit::NONE, |limit, refusal| limit.sooner(refusal, true));
            if level == levels.all.len() {
                // Above the highest level is another only where a refusal calls for it.
                if limit.by.is_none() {
                    break;
                }
                levels.grow();
            }
            let one = &levels.all[level];
            let limit =
                one.writer.iter().chain(&one.reads).fold(limit, |limit, span| limit.sooner(span, false));
            limits.push(limit);
            level += 1;
        }
        levels.settle();
        ordered(levels, &limits)
    }

    /// The level that stands at the moment of an invocation.
    pub(super) fn level_at(&self, from: u64) -> usize {
        self.latest.partition_point(|latest| *latest <= from).saturating_sub(1)
    }
}

/// Holds the first moments, which levels pass on upwards, to the last ones, which they pass on downwards.
fn ordered(levels: &Levels, limits: &[Limit]) -> Result<Bounds, Stop> {
    let mut latest = vec![NEVER; limits.len()];
    let mut binding = (NEVER, limits.len());
    for level in (1..limits.len()).rev() {
        if limits[level].time < binding.0 {
            binding = (limits[level].time, level);
        }
        latest[level] = binding.0;
        if let Some(first) = first(levels, level).filter(|first| first.from > binding.0) {
            return Err(Stop::Illegal(proof(limits, binding.1, first.call)));
        }
    }
    latest[0] = 0;
    Ok(Bounds { latest })
}

/// The call that lets a level begin last: that which made it, or a read of the level below.
fn first(levels: &Levels, level: usize) -> Option<Span> {
    let below: &Level = &levels.all[level - 1];
    below.reads.iter().chain(&levels.all[level].writer).max_by_key(|span| span.from).copied()
}

/// The calls that bound a level from above, down to one that was not refused, and the one that cannot wait for them.
fn proof(limits: &[Limit], level: usize, first: usize) -> Vec<usize> {
    let mut calls = vec![first];
    for limit in limits[..=level].iter().rev() {
        calls.extend(limit.by);
        if !limit.refused {
            break;
        }
    }
    calls
}
