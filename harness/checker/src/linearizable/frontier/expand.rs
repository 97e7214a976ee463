//! From one configuration to the next ones.

use crate::linearizable::{Limit, Model};

use super::index::NONE;
use super::layer::Configuration;
use super::mask::Mask;
use super::search::Search;

impl<M: Model, K: Mask> Search<'_, M, K> {
    /// Reaches what lies one mutator beyond a configuration. Returns in how many of the new ones the
    /// operation in a slot is placed.
    pub(super) fn expand(&mut self, one: Configuration<K>, slot: usize) -> Result<usize, Limit> {
        let mut done = 0;
        let legal = self.pending.legal(one.state, &mut self.objects)?;
        for next in legal.and(self.pending.mutators).without(one.placed).slots() {
            let operation = self.pending.at(next);
            let (call, class) = (operation.call, operation.class);
            if !one.placed.covers(operation.elders) {
                continue;
            }
            let after = self.objects.step(one.state, class)?;
            if one.blind != NONE && self.objects.step(one.blind, class)? == after {
                continue;
            }
            let seen = self.pending.legal(after, &mut self.objects)?.and(self.pending.observations);
            let placed = one.placed.or(K::only(next)).or(seen);
            let new = Configuration { placed, state: after, blind: NONE, ..one };
            done += usize::from(self.reach(new, call)? && placed.has(slot));
        }
        let mut at = 0;
        while let Some(class) = self.crashes.open(at) {
            done += usize::from(self.expand_crashed(one, class, slot)?);
            at += 1;
        }
        Ok(done)
    }

    /// Adds a configuration that comes about by that call.
    fn reach(&mut self, new: Configuration<K>, call: u32) -> Result<bool, Limit> {
        let added = self.layer.add(new, self.pending.mutators, &self.crashes)?;
        if added {
            self.layer.note(self.log.add(new.node, call)?);
        }
        Ok(added)
    }

    /// Makes use of a crashed call, if anything can notice it. Returns whether it was reached that the
    /// operation in a slot is placed.
    fn expand_crashed(&mut self, one: Configuration<K>, class: u32, slot: usize) -> Result<bool, Limit> {
        let after = self.objects.step(one.state, class)?;
        let idle = after == NONE || after == one.state || after == one.blind;
        if idle || !one.placed.covers(self.crashes.twins(class)) {
            return Ok(false);
        }
        if one.blind != NONE && self.objects.step(one.blind, class)? == after {
            return Ok(false);
        }
        let seen = self.pending.legal(after, &mut self.objects)?.and(self.pending.observations);
        let seen = seen.without(one.placed);
        let blind = if seen.is_empty() { one.state } else { NONE };
        if seen.is_empty() && !self.is_noticed(one, class, after)? {
            return Ok(false);
        }
        let Some((call, used)) = self.crashes.take(one.used, class)? else { return Ok(false) };
        let placed = one.placed.or(seen);
        let new = Configuration { placed, state: after, used, blind, ..one };
        Ok(self.reach(new, call)? && blind == NONE && placed.has(slot))
    }

    /// Whether there is an operation that comes out differently for a crashed call ahead of it.
    fn is_noticed(&mut self, one: Configuration<K>, class: u32, after: u32) -> Result<bool, Limit> {
        let before = self.pending.legal(one.state, &mut self.objects)?;
        let legal = self.pending.legal(after, &mut self.objects)?;
        let open = legal.and(self.pending.mutators).without(one.placed);
        if !before.covers(open) {
            return Ok(true);
        }
        for next in open.slots() {
            let class = self.pending.at(next).class;
            if self.objects.step(one.state, class)? != self.objects.step(after, class)? {
                return Ok(true);
            }
        }
        self.opens(one.state, class, after)
    }

    /// Whether another crashed call may come out differently for that one ahead of it.
    fn opens(&mut self, state: u32, class: u32, after: u32) -> Result<bool, Limit> {
        if let Some(known) = self.openings.get(state, class) {
            return Ok(known == 1);
        }
        let mut opens = false;
        for next in 0..self.crashes.classes() as u32 {
            let then = self.objects.step(after, next)?;
            if then != NONE && then != after && then != state && then != self.objects.step(state, next)? {
                opens = true;
                break;
            }
        }
        self.openings.fit(self.objects.states())?;
        self.openings.put(state, class, u32::from(opens));
        Ok(opens)
    }
}
