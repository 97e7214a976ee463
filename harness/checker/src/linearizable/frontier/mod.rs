//! The frontier engine: from event to event with all configurations that can be reached, after Lowe's
//! just-in-time linearization (*Testing for linearizability*, 2017).
//!
//! A configuration says which of the operations under way are placed, which crashed calls are used, and what the
//! object then holds. An invocation occupies a slot, the lowest that is free. A completion demands that its
//! operation is placed: configurations where it is not are expanded, one mutator after the other, until it is,
//! and the slot is free again. Where no configuration is left the history is illegal. Cost and memory are
//! linear in the length of a history, and exponential only in the mutators that are under way together.
//!
//! What is pruned, and why nothing is lost:
//! - *Nothing is placed before it must be.* Take a legal order and cut it behind each operation that completes:
//!   what comes ahead of the cut is placed when the completion is passed. So the last operation placed is
//!   always the one that completes.
//! - *Observations* that are legal now are placed at once: they change no state, so whatever can follow can
//!   follow still. They are not even logged; [`replay`] finds their places again.
//! - *Identical operations* under way: the one that completes first goes first, for in any legal order the two
//!   can change places. A crashed call goes after all completed ones that are identical to it and under way, and
//!   of identical crashed calls the eldest goes first, so that a count for each class says which are used.
//! - *Dominance*: of two configurations with the same mutators placed and in the same state, the one with more
//!   observations placed and no more crashed calls used does for both. With more mutators placed it would not:
//!   a mutator that is not placed yet may be what a later read needs.
//! - *Crashed calls must be noticed*: one that changes nothing is left out, and so is one where the next operation
//!   would come out the same without it. An order with the fewest crashed calls has none of either kind. As the
//!   last operation placed is a completed one, none waits to be noticed from one completion to the next.
//!
//! These are exact. Beside them the first passes keep few configurations: the history of a right system mostly
//! has an order among those that place the fewest operations ahead of time. Such a pass may say legal. Where it
//! can pass no further after it cut anything off, it goes back a little ([`checkpoint`]) and keeps more for a
//! while. If that does not help either, it asks whether the completion could be passed at all, whatever the
//! configurations were a little ahead of it ([`refute`]): if not, the history is illegal. Failing that, a wider
//! pass begins anew, and the last one cuts nothing. So illegal is only said of what all configurations, or more
//! than all, cannot pass.
//!
//! A pass that keeps eight configurations is a greedy probe already. Clients saturated, five values, time of one
//! core: 100,000 operations of 16 clients take it 0.13 s, and the depth-first search ([`Wgl`](super::Wgl)) 0.30 s;
//! 10,000 of 40 clients 0.02 s and 1.0 s. So no other probe goes ahead of it.
//!
//! States and classes of identical operations are numbered, and each step of the model is remembered
//! ([`objects`]). What no configuration refers to is dropped when it has doubled: states, counts of crashed calls,
//! and the branches of the log of mutators, whose common beginning is all that grows with the history.
//!
//! Left out: a single history is searched on one core.

mod checkpoint;
mod crashes;
mod events;
mod expand;
mod index;
mod layer;
mod log;
mod mask;
mod objects;
mod paid;
mod pending;
mod refute;
mod replay;
mod search;
mod steps;
#[cfg(test)]
mod tests;

use super::{Algorithm, Finding, Limit, Meter, Model, Task};
use mask::{Mask, Wide};
use search::{Search, Stop};

/// The search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frontier;

/// How many configurations are kept in one pass after the other, if those before cut too much.
const WIDTHS: [usize; 4] = [8, 64, 1024, usize::MAX];

impl<M: Model> Algorithm<M> for Frontier {
    fn name(&self) -> &'static str {
        "frontier"
    }

    fn search(&self, model: &M, task: &Task<M>, meter: &Meter) -> Finding<M::State> {
        if task.calls.len() >= u32::MAX as usize / 2 {
            let limit = Limit::Unsuited("so many operations have no numbers in 32 bits");
            return Finding::Exhausted { limit, placed: 0, at: None };
        }
        let mut told = 0;
        let passes = [pass::<M, u64>, pass::<M, u128>, pass::<M, Wide<8>>, pass::<M, Wide<64>>];
        let mut narrow = 0;
        let mut width = 0;
        loop {
            let Some(pass) = passes.get(narrow) else {
                let limit = Limit::Unsuited("more than 4096 operations are under way at a time");
                return Finding::Exhausted { limit, placed: 0, at: None };
            };
            match pass(model, task, meter, WIDTHS[width], &mut told) {
                Ok(finding) => return finding,
                Err(Stop::TooNarrow) => narrow += 1,
                Err(_) => width = (width + 1).min(WIDTHS.len() - 1),
            }
        }
    }
}

/// One pass. Where the budget runs out, that is what is found.
fn pass<M: Model, K: Mask>(
    model: &M,
    task: &Task<M>,
    meter: &Meter,
    width: usize,
    told: &mut u64,
) -> Result<Finding<M::State>, Stop> {
    let exhausted = |limit, placed, at| Ok(Finding::Exhausted { limit, placed, at });
    let mut search = match Search::<M, K>::begin(model, task, meter, width) {
        Ok(search) => search,
        Err(limit) => return exhausted(limit, 0, None),
    };
    match search.run(told) {
        Err(Stop::Spent(limit)) => {
            let (placed, at) = search.reached();
            exhausted(limit, placed, Some(at))
        }
        other => other,
    }
}
