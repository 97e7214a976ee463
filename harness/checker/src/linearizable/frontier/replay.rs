//! From the order of the mutators to the order of all operations.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::linearizable::{Limit, Meter, Model, Task};

use super::paid::Paid;

/// A call that is in no order.
const OUT: u32 = u32::MAX;

/// Puts the observations into an order of mutators, each at the first place where it is legal.
///
/// The search placed each somewhere between these mutators. To place each, in order of invocation, as early as
/// the model and those that completed before its invocation allow never comes later than the search did, and
/// so hinders none that follows. `observed` tells which completed observations the order has.
pub(super) struct Replay<'a, M: Model> {
    pub(super) model: &'a M,
    pub(super) task: &'a Task<M>,
    pub(super) mutators: Vec<u32>,
}

impl<M: Model> Replay<'_, M> {
    /// The order of all.
    ///
    /// # Errors
    /// There is no memory left.
    pub(super) fn order(&self, meter: &Meter, observed: impl Fn(usize) -> bool) -> Result<Vec<usize>, Limit> {
        let calls = &self.task.calls;
        let mut places = Paid::new(meter);
        places.resize(calls.len(), OUT)?;
        for (place, call) in (1u32..).zip(&self.mutators) {
            places[*call as usize] = place;
        }
        self.place_observations(&mut places, observed);
        places.account().charge(calls.len() * size_of::<usize>())?;
        // Sorted by counting. Observations come after the mutator that they follow, in order of invocation.
        let mut starts = Paid::new(meter);
        starts.resize(self.mutators.len() + 2, 0u32)?;
        for place in places.iter().filter(|place| **place != OUT) {
            starts[*place as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut order = vec![0; starts[self.mutators.len() + 1] as usize];
        for (place, call) in (1..).zip(&self.mutators) {
            order[starts[place] as usize] = *call as usize;
            starts[place] += 1;
            places[*call as usize] = OUT;
        }
        for (call, place) in places.iter().enumerate().filter(|(_, place)| **place != OUT) {
            order[starts[*place as usize] as usize] = call;
            starts[*place as usize] += 1;
        }
        Ok(order)
    }

    /// Gives each observation the number of mutators ahead of it.
    fn place_observations(&self, places: &mut [u32], observed: impl Fn(usize) -> bool) {
        let calls = &self.task.calls;
        let mut due: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
        // The states after so many mutators, from the first place on that is still open.
        let mut first = 0;
        let mut states = VecDeque::from([self.task.init.clone()]);
        for (at, call) in calls.iter().enumerate() {
            while let Some(Reverse((complete, place))) = due.peek().copied()
                && complete < call.invoke
            {
                due.pop();
                while first < place && (states.len() > 1 || self.extend(first, &mut states)) {
                    states.pop_front();
                    first += 1;
                }
            }
            let Some(complete) = call.complete else { continue };
            if places[at] == OUT && self.model.is_observation(&call.op) && observed(at) {
                places[at] = self.place(at, first, &mut states).unwrap_or(OUT);
            }
            if places[at] != OUT {
                due.push(Reverse((complete.max(call.invoke), places[at])));
            }
        }
    }

    /// Has the state after one more mutator than there are states, if there is one more.
    fn extend(&self, first: u32, states: &mut VecDeque<M::State>) -> bool {
        let Some(call) = self.mutators.get(first as usize + states.len() - 1) else { return false };
        let op = &self.task.calls[*call as usize].op;
        let after = states.back().and_then(|state| self.model.step(state, op));
        after.map(|after| states.push_back(after)).is_some()
    }

    /// The first place from `first` on where an observation is legal.
    fn place(&self, call: usize, first: u32, states: &mut VecDeque<M::State>) -> Option<u32> {
        let mut skip = 0;
        loop {
            if skip == states.len() && !self.extend(first, states) {
                return None;
            }
            if self.model.step(&states[skip], &self.task.calls[call].op).is_some() {
                return Some(first + skip as u32);
            }
            skip += 1;
        }
    }
}
