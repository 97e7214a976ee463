//! Refused cas, put into an order of everything else.

use super::clock::{Clock, Moment};
use super::clusters::Clusters;
use crate::linearizable::{Account, Call, Limit};
use crate::models::RegisterOp;

/// A refused cas, and the places ahead of which it may stand: its time allows none but these.
struct Refusal {
    call: usize,
    places: std::ops::RangeInclusive<usize>,
    end: Moment,
}

/// The order with all refused cas in it, each where the register held another value; `None` where this order
/// has no room for one. Another may have, so this proves nothing.
pub(super) fn insert(
    calls: &[Call<RegisterOp>],
    clock: Clock,
    clusters: &Clusters,
    order: &[usize],
    account: &mut Account<'_>,
) -> Result<Option<Vec<usize>>, Limit> {
    account.charge((order.len() + 1) * 2 * size_of::<Moment>())?;
    account.charge(clusters.refused * (size_of::<Refusal>() + 2 * size_of::<(usize, usize)>()))?;
    let refusals = refusals(calls, clock, order);
    // Ends and places of those that began earlier, to which later ones must not go back.
    let mut by_end: Vec<usize> = (0..refusals.len()).collect();
    by_end.sort_unstable_by_key(|at| refusals[*at].end);
    let mut ended = by_end.into_iter().peekable();
    let mut floor = 0;
    let mut chosen: Vec<(usize, usize)> = Vec::with_capacity(refusals.len());
    for refusal in &refusals {
        let begin = clock.begin(&calls[refusal.call]);
        while let Some(before) = ended.next_if(|at| refusals[*at].end < begin) {
            floor = floor.max(chosen.get(before).map_or(0, |(place, _)| *place));
        }
        let Some(place) = choose(calls, clusters, refusal, floor) else { return Ok(None) };
        chosen.push((place, refusal.call));
    }
    // Stable: at one place they stay in order of invocation.
    chosen.sort_by_key(|(place, _)| *place);
    account.charge((order.len() + chosen.len()) * size_of::<usize>())?;
    Ok(Some(merge(order, &chosen)))
}

/// The refused cas in order of invocation. One must stand after all that ended before it began, and before all
/// that began after it ended.
fn refusals(calls: &[Call<RegisterOp>], clock: Clock, order: &[usize]) -> Vec<Refusal> {
    let mut last_begin: Vec<Moment> = order.iter().map(|call| clock.begin(&calls[*call])).collect();
    for at in 1..last_begin.len() {
        last_begin[at] = last_begin[at].max(last_begin[at - 1]);
    }
    let mut first_end: Vec<Moment> = order.iter().map(|call| clock.end(&calls[*call])).collect();
    for at in (1..first_end.len()).rev() {
        first_end[at - 1] = first_end[at - 1].min(first_end[at]);
    }
    let refused = calls
        .iter()
        .enumerate()
        .filter(|(_, call)| matches!(call.op, RegisterOp::Refused(..)) && call.complete.is_some());
    refused
        .map(|(at, call)| {
            let (begin, end) = (clock.begin(call), clock.end(call));
            let from = first_end.partition_point(|other| *other < begin);
            let to = last_begin.partition_point(|other| *other <= end);
            Refusal { call: at, places: from..=to, end }
        })
        .collect()
}

/// The first place from a floor on at which the register holds another value than the cas would replace.
fn choose(calls: &[Call<RegisterOp>], clusters: &Clusters, refusal: &Refusal, floor: usize) -> Option<usize> {
    let place = floor.max(*refusal.places.start());
    let RegisterOp::Refused(from, _) = calls[refusal.call].op else { return Some(place) };
    let place = match clusters.held(from) {
        Some((first, last)) if (first..=last).contains(&place) => last + 1,
        _ => place,
    };
    refusal.places.contains(&place).then_some(place)
}

fn merge(order: &[usize], chosen: &[(usize, usize)]) -> Vec<usize> {
    let mut merged = Vec::with_capacity(order.len() + chosen.len());
    let mut chosen = chosen.iter().peekable();
    for place in 0..=order.len() {
        while let Some((_, call)) = chosen.next_if(|(at, _)| *at == place) {
            merged.push(*call);
        }
        merged.extend(order.get(place));
    }
    merged
}
