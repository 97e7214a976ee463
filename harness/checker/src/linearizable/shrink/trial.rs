//! Whether some of the operations fail on their own.

use std::time::Duration;

use super::super::{Algorithm, Auto, Decision, Finding, Limit, Meter, Model, Task};
use super::{Piece, Pieces};

/// How long one trial may take. Most take far less, and one that takes longer counts as not failing.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tries parts of a history.
pub(super) struct Trial<'a, M: Model> {
    pub(super) model: &'a M,
    pub(super) pieces: &'a Pieces<M>,
    meter: &'a Meter,
}

impl<'a, M: Model> Trial<'a, M> {
    pub(super) fn new(model: &'a M, pieces: &'a Pieces<M>, meter: &'a Meter) -> Self {
        Self { model, pieces, meter }
    }

    pub(super) fn piece(&self, at: usize) -> &Piece<M::Op> {
        &self.pieces.pieces[at]
    }

    /// How far an operation is from another in time, in events; nothing from itself.
    pub(super) fn distance(&self, at: usize, from: usize) -> (bool, u64) {
        let begun = |at: usize| self.piece(at).call.invoke;
        (at != from, begun(at).abs_diff(begun(from)))
    }

    /// Whether the pieces, given in order, certainly fail.
    ///
    /// # Errors
    /// There is no time left.
    pub(super) fn fails(&self, kept: &[usize]) -> Result<bool, Limit> {
        self.meter.check_time()?;
        let task = self.pieces.task(kept);
        let slice = self.slice();
        for specialist in self.model.specialists() {
            match specialist.decide(self.model, &task, &slice) {
                Ok(Decision::Legal { .. }) => return Ok(false),
                Ok(Decision::Illegal { .. }) => return Ok(true),
                Ok(Decision::Abstain(_)) | Err(_) => {}
            }
        }
        Ok(matches!(self.search(&task), Finding::NotLinearizable(_)))
    }

    /// What a search finds.
    pub(super) fn search(&self, task: &Task<M>) -> Finding<M::State> {
        Auto.search(self.model, task, &self.slice())
    }

    /// The calls that a specialist names as the reason, by positions in what was kept.
    pub(super) fn suspects(&self, kept: &[usize]) -> Vec<usize> {
        let (task, slice) = (self.pieces.task(kept), self.slice());
        for specialist in self.model.specialists() {
            if let Ok(Decision::Illegal { core }) = specialist.decide(self.model, &task, &slice) {
                return core.into_iter().filter_map(|call| kept.get(call).copied()).collect();
            }
        }
        Vec::new()
    }

    fn slice(&self) -> Meter {
        self.meter.slice(PATIENCE, self.meter.budget().memory_bytes)
    }
}
