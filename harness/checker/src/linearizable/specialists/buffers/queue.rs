//! First in, first out: values that are told apart, in time O(n log n).
//!
//! The history is legal iff the values can be arranged such that none whose put certainly came later, or whose
//! take did, is ahead of another; where takes that found nothing each have a moment at which no value
//! was certainly in, and are arranged among the values by it (after Henzinger, Sezgin and Vafeiadis,
//! *Aspect-oriented linearizability proofs*, 2013, whose violations are: a value taken and never put in, taken
//! twice, two values put in in one order and taken in the other, a queue found empty that was not).
//!
//! The arrangement is found by taking, again and again, a value ahead of whose put no other's certainly came,
//! nor ahead of its take (as in Lee and Mathur, *Efficient decrease-and-conquer linearizability
//! monitoring*, 2025). From it an order of the calls follows: puts in this order and takes in this order, each
//! as early as it can be. Crashed takes are first given what they took. Any arrangement will do: a call is late for its completion only if some value ahead
//! of its own certainly came later.

use std::collections::VecDeque;

use super::cover::free_moments;
use super::crashed::assign;
use super::pairs::{BYTES_PER_CALL, NO_CALL, Pair, Pairs, Story};
use crate::linearizable::{Decision, Limit, Meter, Specialist, Task, ValueId};
use crate::models::FifoQueue;

/// The algorithm `queue`.
#[derive(Clone, Copy, Debug, Default)]
pub struct QueueRules;

impl Specialist<FifoQueue> for QueueRules {
    fn name(&self) -> &'static str {
        "queue"
    }

    fn decide(&self, _: &FifoQueue, task: &Task<FifoQueue>, meter: &Meter) -> Result<Decision, Limit> {
        meter.check_time()?;
        let mut account = meter.account();
        account.charge(task.calls.len().saturating_mul(BYTES_PER_CALL))?;
        let mut initial: Vec<ValueId> = task.init.iter_back().collect();
        initial.reverse();
        let decision = judge(&Story { initial: &initial, calls: &task.calls });
        if !matches!(decision, Decision::Abstain(_)) {
            meter.advance(task.completed() as u64);
        }
        Ok(decision)
    }
}

fn judge(story: &Story<'_>) -> Decision {
    let mut pairs = match story.pairs() {
        Ok(pairs) => pairs,
        Err(decision) => return decision,
    };
    let moments = if pairs.unknown_takes.is_empty() || pairs.named_takes {
        free_moments(story, &pairs)
    } else {
        assign(story, &mut pairs)
    };
    let moments = match moments {
        Ok(moments) => moments,
        Err(decision) => return decision,
    };
    match arrange(&pairs.pairs, &moments) {
        Some(arrangement) => Decision::Legal { order: order(&pairs, &moments, &arrangement) },
        None => refuse(story, &pairs),
    }
}

/// The spans of one kind of call, sorted by both ends, each with the position of its value.
struct Side {
    from: Vec<(u64, u32)>,
    by: Vec<(u64, u32)>,
    next_from: usize,
    next_by: usize,
}

impl Side {
    fn new(spans: impl Iterator<Item = (u64, u64)>, count: usize) -> Self {
        let (mut from, mut by) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for (at, span) in spans.enumerate() {
            from.push((span.0, at as u32));
            by.push((span.1, at as u32));
        }
        from.sort_unstable();
        by.sort_unstable();
        Self { from, by, next_from: 0, next_by: 0 }
    }

    /// Names those ahead of which none of the others left certainly came, each once.
    fn advance(&mut self, gone: &[bool], mut name: impl FnMut(u32)) {
        while self.by.get(self.next_by).is_some_and(|(_, at)| gone[*at as usize]) {
            self.next_by += 1;
        }
        let Some((bound, _)) = self.by.get(self.next_by) else { return };
        while let Some((_, at)) = self.from.get(self.next_from).filter(|(from, _)| from <= bound) {
            name(*at);
            self.next_from += 1;
        }
    }
}

/// All pairs and, numbered on from there, all moments, such that none is ahead of one that certainly came
/// earlier; `None` where that cannot be.
fn arrange(pairs: &[Pair], moments: &[u64]) -> Option<Vec<u32>> {
    let count = pairs.len() + moments.len();
    let points = || moments.iter().map(|moment| (*moment, *moment));
    let puts = pairs.iter().map(|pair| (pair.put_from, pair.put_by));
    let takes = pairs.iter().map(|pair| (pair.take_from, pair.take_by));
    let mut sides = [Side::new(puts.chain(points()), count), Side::new(takes.chain(points()), count)];
    let mut gone = vec![false; count];
    let mut free_on_one = vec![false; count];
    let mut ready = VecDeque::new();
    let mut arrangement = Vec::with_capacity(count);
    loop {
        for side in &mut sides {
            side.advance(&gone, |at| {
                if std::mem::replace(&mut free_on_one[at as usize], true) {
                    ready.push_back(at);
                }
            });
        }
        let Some(next) = ready.pop_front() else { break };
        gone[next as usize] = true;
        arrangement.push(next);
    }
    (arrangement.len() == count).then_some(arrangement)
}

/// The calls in a legal order.
fn order(pairs: &Pairs, moments: &[u64], arrangement: &[u32]) -> Vec<usize> {
    let mut order = Vec::with_capacity(2 * arrangement.len());
    let mut takes: VecDeque<(u64, u32)> = VecDeque::new();
    // The earliest time for the next put, and for the next take.
    let (mut put_time, mut take_time) = (0, 0);
    for at in arrangement {
        let Some(pair) = pairs.pairs.get(*at as usize) else {
            let empty = *at as usize - pairs.pairs.len();
            order.extend(takes.drain(..).map(|(_, call)| call as usize));
            order.push(pairs.empties[empty].call as usize);
            put_time = put_time.max(moments[empty]);
            continue;
        };
        put_time = put_time.max(pair.put_from);
        while let Some((_, call)) = takes.front().filter(|(time, _)| *time <= put_time) {
            order.push(*call as usize);
            takes.pop_front();
        }
        if pair.put != NO_CALL {
            order.push(pair.put as usize);
        }
        if pair.is_taken() {
            take_time = take_time.max(pair.take_from).max(put_time);
            takes.push_back((take_time, pair.take));
        }
    }
    order.extend(takes.drain(..).map(|(_, call)| call as usize));
    order
}

/// The verdict where there is no arrangement.
fn refuse(story: &Story<'_>, pairs: &Pairs) -> Decision {
    let Some((one, other)) = inversion(&pairs.pairs) else {
        return Decision::Abstain("no two values prove what cannot be arranged");
    };
    let (one, other) = (&pairs.pairs[one], &pairs.pairs[other]);
    let is_certain = |pair: &Pair| pair.is_taken() && !pair.is_taken_unknown(pairs);
    if pairs.crashed_takes && !(is_certain(one) && is_certain(other)) {
        return Decision::Abstain("a crashed take may have taken a value");
    }
    story.illegal(&[one.value, other.value], &[])
}

/// Two values that were put in in one order and taken in the other; those whose failure shows first.
fn inversion(pairs: &[Pair]) -> Option<(usize, usize)> {
    let puts = Side::new(pairs.iter().map(|pair| (pair.put_from, pair.put_by)), pairs.len());
    let mut earlier = puts.by.iter().peekable();
    // Of those whose put certainly came earlier, the one that was taken last.
    let mut latest: Option<(u64, usize)> = None;
    let mut found: Option<(u64, usize, usize)> = None;
    for (from, later) in &puts.from {
        while let Some((_, at)) = earlier.next_if(|(by, _)| by < from) {
            let taken = pairs[*at as usize].take_from;
            if latest.is_none_or(|(time, _)| taken > time) {
                latest = Some((taken, *at as usize));
            }
        }
        let taken_by = pairs[*later as usize].take_by;
        if let Some((_, first)) = latest.filter(|(time, _)| taken_by < *time)
            && found.is_none_or(|(time, ..)| taken_by < time)
        {
            found = Some((taken_by, first, *later as usize));
        }
    }
    found.map(|(_, first, later)| (first, later))
}
