//! The completed operations that are under way, each in a slot.

use crate::linearizable::{Limit, Meter, Model};

use super::index::NONE;
use super::mask::Mask;
use super::objects::Objects;
use super::paid::Paid;

/// An operation that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<K> {
    /// Its position in the task.
    pub(super) call: u32,
    /// Its class.
    pub(super) class: u32,
    /// Its completion.
    pub(super) complete: u64,
    /// The identical operations that complete before it, and are tried before it.
    pub(super) elders: K,
}

/// What is known to be legal in a state.
#[derive(Clone, Copy, Debug)]
struct Row<K> {
    /// How many invocations had been by the time that it was known.
    epoch: u64,
    legal: K,
}

/// The operations under way.
pub(super) struct Pending<'a, K> {
    slots: Paid<'a, Slot<K>>,
    occupied: K,
    /// Those that change no state.
    pub(super) observations: K,
    /// Those that may.
    pub(super) mutators: K,
    /// The slots of the latest invocations, as many as there are slots, each at its number modulo that.
    latest: Paid<'a, u32>,
    epoch: u64,
    rows: Paid<'a, Row<K>>,
}

/// What was under way at some time.
pub(super) struct Underway<'a, K> {
    slots: Paid<'a, Slot<K>>,
    occupied: K,
    observations: K,
    mutators: K,
}

impl<'a, K: Mask> Pending<'a, K> {
    /// None.
    pub(super) fn new(meter: &'a Meter) -> Self {
        Self {
            slots: Paid::new(meter),
            occupied: K::EMPTY,
            observations: K::EMPTY,
            mutators: K::EMPTY,
            latest: Paid::new(meter),
            epoch: 0,
            rows: Paid::new(meter),
        }
    }

    /// The operation in a slot that is occupied.
    pub(super) fn at(&self, slot: usize) -> &Slot<K> {
        &self.slots[slot]
    }

    /// Puts a call into the lowest free slot. `None`: there is none.
    ///
    /// # Errors
    /// There is no memory left.
    pub(super) fn begin(
        &mut self,
        call: usize,
        class: u32,
        complete: u64,
        observes: bool,
    ) -> Result<Option<usize>, Limit> {
        let vacant = (0..self.slots.len()).find(|slot| !self.occupied.has(*slot));
        let slot = vacant.unwrap_or(self.slots.len());
        if slot >= K::SLOTS {
            return Ok(None);
        }
        let mut elders = K::EMPTY;
        for other in self.occupied.slots() {
            let twin = &mut self.slots[other];
            if twin.class != class {
                continue;
            }
            if twin.complete <= complete {
                elders = elders.or(K::only(other));
            } else {
                twin.elders = twin.elders.or(K::only(slot));
            }
        }
        let new = Slot { call: call as u32, class, complete, elders };
        match self.slots.get_mut(slot) {
            Some(free) => *free = new,
            None => self.slots.push(new)?,
        }
        self.occupied = self.occupied.or(K::only(slot));
        let kind = if observes { &mut self.observations } else { &mut self.mutators };
        *kind = kind.or(K::only(slot));
        self.note(slot)?;
        Ok(Some(slot))
    }

    fn note(&mut self, slot: usize) -> Result<(), Limit> {
        let at = self.epoch as usize % K::SLOTS;
        self.epoch += 1;
        match self.latest.get_mut(at) {
            Some(former) => *former = slot as u32,
            None => self.latest.push(slot as u32)?,
        }
        Ok(())
    }

    /// Frees a slot.
    pub(super) fn end(&mut self, slot: usize) {
        let gone = K::only(slot);
        self.occupied = self.occupied.without(gone);
        self.observations = self.observations.without(gone);
        self.mutators = self.mutators.without(gone);
        for other in self.occupied.slots() {
            let elders = &mut self.slots[other].elders;
            *elders = elders.without(gone);
        }
    }

    /// The operations under way that are legal in a state. What else the set has means nothing.
    ///
    /// # Errors
    /// There is no memory left for the states that they leave.
    #[inline]
    pub(super) fn legal<M: Model>(&mut self, state: u32, objects: &mut Objects<'_, M>) -> Result<K, Limit> {
        match self.rows.get(state as usize) {
            Some(row) if row.epoch == self.epoch => Ok(row.legal),
            _ => self.find_legal(state, objects),
        }
    }

    fn find_legal<M: Model>(&mut self, state: u32, objects: &mut Objects<'_, M>) -> Result<K, Limit> {
        if self.rows.len() <= state as usize {
            self.rows.resize(objects.states().max(state as usize + 1), Row { epoch: 0, legal: K::EMPTY })?;
        }
        let mut row = self.rows[state as usize];
        let mut judge = |slot: usize, class: u32| -> Result<(), Limit> {
            let legal = objects.step(state, class)? != NONE;
            row.legal = row.legal.without(K::only(slot));
            if legal {
                row.legal = row.legal.or(K::only(slot));
            }
            Ok(())
        };
        if (self.epoch - row.epoch) as usize >= K::SLOTS.min(self.occupied.count() + 1) {
            for slot in self.occupied.slots() {
                judge(slot, self.slots[slot].class)?;
            }
        } else {
            for epoch in row.epoch..self.epoch {
                let slot = self.latest[epoch as usize % K::SLOTS] as usize;
                judge(slot, self.slots[slot].class)?;
            }
        }
        row.epoch = self.epoch;
        self.rows[state as usize] = row;
        Ok(row.legal)
    }

    /// A copy of what is under way.
    ///
    /// # Errors
    /// There is no memory left for it.
    pub(super) fn underway(&self, meter: &'a Meter) -> Result<Underway<'a, K>, Limit> {
        let mut slots = Paid::new(meter);
        slots.copy(&self.slots)?;
        let Self { occupied, observations, mutators, .. } = *self;
        Ok(Underway { slots, occupied, observations, mutators })
    }

    /// Has under way what was so when the copy was made. What was known to be legal since is forgotten.
    ///
    /// # Errors
    /// There is no memory left for it.
    pub(super) fn restore(&mut self, copy: &Underway<'a, K>) -> Result<(), Limit> {
        self.slots.truncate(0);
        self.slots.copy(&copy.slots)?;
        (self.occupied, self.observations, self.mutators) = (copy.occupied, copy.observations, copy.mutators);
        self.latest.resize(K::SLOTS, 0)?;
        self.epoch += K::SLOTS as u64;
        Ok(())
    }

    /// Follows the states to their new numbers.
    pub(super) fn keep_states(&mut self, marks: &[u32]) {
        let mut kept = 0;
        for (at, mark) in marks.iter().enumerate().take(self.rows.len()) {
            if *mark != NONE {
                self.rows[kept] = self.rows[at];
                kept += 1;
            }
        }
        self.rows.truncate(kept);
    }
}
