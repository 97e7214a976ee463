//! Events' indices in four bytes.

use crate::linearizable::Call;

/// A moment of one key's history: the index of its event, from 1 for the first; 0 is before all.
pub(super) type Moment = u32;

/// The end of a call that never completed, after all others.
pub(super) const NEVER: Moment = Moment::MAX;

/// Turns indices of events into moments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    origin: u64,
}

impl Clock {
    /// The latest moment at which a call may begin; ends beyond it are all alike.
    const LATEST: u64 = NEVER as u64 - 2;

    /// A clock for calls in order of invocation; `None` where they span more events than it can count.
    pub(super) fn of<Op>(calls: &[Call<Op>]) -> Option<Self> {
        let origin = calls.first().map_or(0, |call| call.invoke);
        let span = calls.last().map_or(0, |call| call.invoke.saturating_sub(origin));
        (span < Self::LATEST).then_some(Self { origin })
    }

    /// When a call began.
    pub(super) fn begin<Op>(self, call: &Call<Op>) -> Moment {
        (call.invoke.saturating_sub(self.origin).min(Self::LATEST - 1) + 1) as Moment
    }

    /// When a call ended.
    pub(super) fn end<Op>(self, call: &Call<Op>) -> Moment {
        call.complete.map_or(NEVER, |end| (end.saturating_sub(self.origin).min(Self::LATEST) + 1) as Moment)
    }
}
