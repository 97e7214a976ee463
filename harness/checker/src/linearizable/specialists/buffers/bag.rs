//! Out in any order, in time O(n log n).
//!
//! Values do not get in each other's way, so each is judged by itself; where one was put in several times, its
//! k-th take to complete is held against its k-th put to begin, the pairing that fails last. What remains are
//! takes that found nothing: they need a moment at which no value was certainly in. Values are then in for
//! as short a time as can be: taken as early, and put in as late as possible.

use super::cover::free_moments;
use super::pairs::{BYTES_PER_CALL, NEVER, NO_CALL, Pair, Pairs, Story};
use crate::linearizable::{Decision, Limit, Meter, Specialist, Task, ValueId};
use crate::models::{BufferOp, UnorderedQueue};

/// The algorithm `bag`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BagRules;

impl Specialist<UnorderedQueue> for BagRules {
    fn name(&self) -> &'static str {
        "bag"
    }

    fn decide(
        &self,
        _: &UnorderedQueue,
        task: &Task<UnorderedQueue>,
        meter: &Meter,
    ) -> Result<Decision, Limit> {
        meter.check_time()?;
        let mut account = meter.account();
        account.charge(task.calls.len().saturating_mul(BYTES_PER_CALL))?;
        let Some(initial) = task.init.certain() else {
            return Ok(Decision::Abstain("it begins with values gone, nobody knows which"));
        };
        let initial: Vec<ValueId> = initial.iter().collect();
        let decision = judge(&Story { initial: &initial, calls: &task.calls });
        if !matches!(decision, Decision::Abstain(_)) {
            meter.advance(task.completed() as u64);
        }
        Ok(decision)
    }
}

fn judge(story: &Story<'_>) -> Decision {
    if let Err(decision) = story.qualify() {
        return decision;
    }
    let (pairs, told_apart) = match story.pairs() {
        Ok(pairs) => (pairs, true),
        Err(Decision::Abstain(_)) => match by_rank(story) {
            Ok(pairs) => (pairs, false),
            Err(decision) => return decision,
        },
        Err(decision) => return decision,
    };
    let moments = match free_moments(story, &pairs) {
        Ok(moments) => moments,
        Err(Decision::Illegal { .. }) if !told_apart => {
            return Decision::Abstain("a value was put in more than once, and something was found empty");
        }
        Err(decision) => return decision,
    };
    Decision::Legal { order: order(&pairs, &moments) }
}

/// A call's span, and its position.
type Span = (u64, u64, u32);

/// The puts and the takes of one value.
struct Traffic {
    value: ValueId,
    puts: Vec<Span>,
    takes: Vec<Span>,
}

/// Pairs each value's puts with its takes by rank.
fn by_rank(story: &Story<'_>) -> Result<Pairs, Decision> {
    let mut pairs = story.others();
    for mut traffic in traffic(story) {
        traffic.takes.sort_unstable_by_key(|(_, by, _)| *by);
        if !pair_up(story, &traffic, &mut pairs.pairs) {
            return Err(story.illegal(&[traffic.value], &[]));
        }
    }
    Ok(pairs)
}

/// The calls by value; puts are in order of invocation.
fn traffic(story: &Story<'_>) -> Vec<Traffic> {
    let mut seats = vec![NO_CALL; story.values()];
    let mut all: Vec<Traffic> = Vec::new();
    let mut of = |value: ValueId, span: Span, is_put: bool| {
        let seat = &mut seats[value.number() as usize];
        if *seat == NO_CALL {
            *seat = all.len() as u32;
            all.push(Traffic { value, puts: Vec::new(), takes: Vec::new() });
        }
        let traffic = &mut all[*seat as usize];
        if is_put { traffic.puts.push(span) } else { traffic.takes.push(span) }
    };
    for value in story.initial {
        of(*value, (0, 0, NO_CALL), true);
    }
    for (at, call) in story.calls.iter().enumerate() {
        let span = (story.from(call), story.by(call), at as u32);
        match call.op {
            BufferOp::Put(value) => of(value, span, true),
            BufferOp::Take(value) if call.complete.is_some() => of(value, span, false),
            BufferOp::Take(_) | BufferOp::Empty | BufferOp::TakeUnknown => {}
        }
    }
    all
}

/// Pairs one value's calls; false where there is no way to.
fn pair_up(story: &Story<'_>, traffic: &Traffic, pairs: &mut Vec<Pair>) -> bool {
    if traffic.takes.len() > traffic.puts.len() {
        return false;
    }
    let takes = traffic.takes.iter().copied().chain(std::iter::repeat((NEVER, NEVER, NO_CALL)));
    for ((put_from, put_by, put), (take_from, take_by, take)) in traffic.puts.iter().copied().zip(takes) {
        if take_by < put_from {
            return false;
        }
        let happened = put == NO_CALL || story.calls[put as usize].complete.is_some();
        if happened || take != NO_CALL {
            let value = traffic.value;
            let mut pair = Pair { value, put, take, put_from, put_by, take_from, take_by };
            pair.narrow();
            pairs.push(pair);
        }
    }
    true
}

/// The calls in a legal order. Where nothing was found empty, puts as early as possible will do, and then
/// hardly anything is to be sorted.
fn order(pairs: &Pairs, moments: &[u64]) -> Vec<usize> {
    let late = !moments.is_empty();
    // At one moment takes go first, then what found nothing, then puts; but a take whose put is at the same
    // moment follows it.
    const TAKE: u8 = 0;
    const EMPTY: u8 = 1;
    const PUT: u8 = 2;
    const TAKE_AT_ONCE: u8 = 3;
    let mut timed: Vec<(u64, u8, u32)> = Vec::with_capacity(2 * pairs.pairs.len() + moments.len());
    for pair in &pairs.pairs {
        let put = if late { pair.put_by.min(pair.take_from) } else { pair.put_from };
        if pair.put != NO_CALL {
            timed.push((put, PUT, pair.put));
        }
        if pair.is_taken() {
            let kind = if pair.take_from == put { TAKE_AT_ONCE } else { TAKE };
            timed.push((pair.take_from, kind, pair.take));
        }
    }
    let found = pairs.empties.iter().zip(moments);
    timed.extend(found.map(|(empty, moment)| (*moment, EMPTY, empty.call)));
    timed.sort_unstable();
    timed.into_iter().map(|(.., call)| call as usize).collect()
}
