//! Points of a pass to which it can go back.

use crate::linearizable::{Limit, Meter, Model};

use super::events::Events;
use super::layer::Configuration;
use super::mask::Mask;
use super::paid::Paid;
use super::pending::Underway;
use super::search::{Search, Stop};

/// How many completions lie between two points.
const SPACING: u64 = 64;

/// Where a pass stood between two events.
pub(super) struct Checkpoint<'a, K> {
    pub(super) frontier: Paid<'a, Configuration<K>>,
    underway: Underway<'a, K>,
    events: Events,
    cut: bool,
    passed: u64,
}

/// The two latest points. A pass goes back to the earlier one, which is never too near.
pub(super) struct Checkpoints<'a, K> {
    pub(super) earlier: Option<Checkpoint<'a, K>>,
    pub(super) later: Option<Checkpoint<'a, K>>,
    next: u64,
}

impl<K> Checkpoints<'_, K> {
    /// None.
    pub(super) fn new() -> Self {
        Self { earlier: None, later: None, next: 0 }
    }
}

impl<'a, M: Model, K: Mask> Search<'a, M, K> {
    /// Notes where the pass stands, if the last note is old enough. Returns whether it did.
    pub(super) fn note_point(&mut self, meter: &'a Meter) -> Result<bool, Limit> {
        if self.passed < self.points.next {
            return Ok(false);
        }
        let mut frontier = Paid::new(meter);
        frontier.copy(&self.frontier)?;
        let new = Checkpoint {
            frontier,
            underway: self.pending.underway(meter)?,
            events: self.events.clone(),
            cut: self.cut,
            passed: self.passed,
        };
        if let Some(later) = self.points.later.take() {
            self.points.earlier = Some(later);
        }
        self.points.later = Some(new);
        self.points.next = self.passed + SPACING;
        Ok(true)
    }

    /// Goes back to the earlier point.
    pub(super) fn go_back(&mut self) -> Result<(), Stop> {
        let points = &mut self.points;
        if points.earlier.is_none() {
            points.earlier = points.later.take();
        }
        points.later = None;
        let Some(point) = &points.earlier else { return Err(Stop::Cut) };
        for call in (point.events.invoked()..self.events.invoked()).rev() {
            let invoked = &self.task.calls[call];
            if invoked.complete.is_none() && !self.model.is_observation(&invoked.op) {
                self.crashes.unbegin(self.objects.class_of(call)?);
            }
        }
        for slot in self.pending.mutators.slots() {
            self.crashes.end_twin(self.pending.at(slot).class, slot);
        }
        self.frontier.clear();
        self.frontier.copy(&point.frontier)?;
        self.pending.restore(&point.underway)?;
        self.events = point.events.clone();
        self.cut = point.cut;
        self.passed = point.passed;
        points.next = point.passed + SPACING;
        for slot in self.pending.mutators.slots() {
            self.crashes.begin_twin(self.pending.at(slot).class, slot);
        }
        Ok(())
    }
}
