//! Illegal for a reason near at hand.
//!
//! A pass that keeps few configurations cannot tell an illegal history from one that it lost its way in. But whether
//! a completion can be passed hardly ever hangs on what was long ago. So the search begins once more a little
//! ahead of it, with every configuration that there could be: each state that any operations lead to, with
//! each set of the mutators then under way, all observations placed and no crashed call used. Whatever the
//! true configurations are at that place, one of these dominates each. Where even they cannot pass the
//! completion the history is illegal, and as the pass came to that completion, it fails there and not before.

use crate::linearizable::{Limit, Meter, Model, Task};

use super::events::Event;
use super::index::NONE;
use super::layer::Configuration;
use super::mask::Mask;
use super::objects::Objects;
use super::search::{Search, Stop};

/// More states than this are not tried.
const MOST_STATES: usize = 64;

/// More steps than this are not made to find the states.
const MOST_STEPS: usize = 1 << 16;

/// More configurations than this are not begun with.
const MOST_CONFIGURATIONS: usize = 1 << 17;

/// Every state that any operations of the classes known lead to; `None` where they are too many.
///
/// # Errors
/// There is no memory left for them.
pub(super) fn states<M: Model>(
    objects: &mut Objects<'_, M>,
    init: M::State,
) -> Result<Option<Vec<u32>>, Limit> {
    let mut states = vec![objects.number(init)?];
    let mut at = 0;
    while at < states.len() {
        if states.len() > MOST_STATES || objects.classes() * states.len() > MOST_STEPS {
            return Ok(None);
        }
        for class in 0..objects.classes() as u32 {
            let after = objects.step(states[at], class)?;
            if after != NONE && !states.contains(&after) {
                states.push(after);
            }
        }
        at += 1;
    }
    Ok(Some(states))
}

/// Whether the completion of a call can be passed from none of those states, ahead of the invocation of the
/// call at `start`. False where that is not found out.
pub(super) fn refutes<M: Model, K: Mask>(
    (model, task, meter): (&M, &Task<M>, &Meter),
    states: &[M::State],
    start: usize,
    stuck: usize,
) -> Result<bool, Stop> {
    let mut search = Search::<M, K>::begin(model, task, meter, usize::MAX)?;
    let Some(first) = task.calls.get(start) else { return Ok(false) };
    for (at, call) in task.calls[..start].iter().enumerate() {
        if call.complete.is_none_or(|complete| complete.max(call.invoke) >= first.invoke) {
            search.invoke(at)?;
        }
    }
    search.events.begin_at(start);
    if !search.take_all(states)? {
        return Ok(false);
    }
    while let Some(event) = search.events.next(&task.calls) {
        match event {
            Event::Invoke(call) => search.invoke(call)?,
            Event::Complete(slot) => {
                let last = search.pending.at(slot).call as usize == stuck;
                let passed = search.complete(slot)?;
                if last || !passed {
                    return Ok(last && !passed);
                }
            }
        }
    }
    Ok(false)
}

impl<M: Model, K: Mask> Search<'_, M, K> {
    /// Begins from those states with every set of the mutators under way. False: they are too many.
    fn take_all(&mut self, states: &[M::State]) -> Result<bool, Limit> {
        let mutators = self.pending.mutators;
        let most = MOST_CONFIGURATIONS / states.len().max(1);
        let mut sets = vec![self.pending.observations];
        for slot in mutators.slots() {
            if 2 * sets.len() > most {
                return Ok(false);
            }
            let with: Vec<K> = sets.iter().map(|set| set.or(K::only(slot))).collect();
            sets.extend(with);
        }
        let in_turn =
            |set: &K| set.and(mutators).slots().all(|slot| set.covers(self.pending.at(slot).elders));
        sets.retain(in_turn);
        self.frontier.clear();
        for state in states {
            let state = self.objects.number(state.clone())?;
            for set in &sets {
                self.frontier.push(Configuration::new(*set, state))?;
            }
        }
        Ok(true)
    }
}
