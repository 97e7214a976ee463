//! The seam between what is asked of one key's history and how the answer is found.

use super::{Limit, Meter, Model};

/// An operation with the span in which it took effect, in indices of events.
///
/// Events are ordered by their index alone: histories of other tools have times that are coarse or
/// absent, and a recorder numbers what it sees in the order in which it sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<Op> {
    /// What it did.
    pub op: Op,
    /// Its invocation.
    pub invoke: u64,
    /// Its completion; `None` for one that may take effect at any later time, or never.
    pub complete: Option<u64>,
}

/// One object's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task<M: Model> {
    /// What the object holds at first.
    pub init: M::State,
    /// The operations, in order of invocation.
    pub calls: Vec<Call<M::Op>>,
}

impl<M: Model> Task<M> {
    /// How many of the calls have a completion, and must be placed.
    pub fn completed(&self) -> usize {
        self.calls.iter().filter(|call| call.complete.is_some()).count()
    }
}

/// What a search found. Calls are named by their position in [`Task::calls`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding<S> {
    /// All completed calls can be placed.
    Linearizable {
        /// One legal order.
        order: Vec<usize>,
    },
    /// They cannot.
    NotLinearizable(Deadlock<S>),
    /// The budget did not suffice.
    Exhausted {
        /// What ran out.
        limit: Limit,
        /// How many completed calls were placed at best.
        placed: usize,
        /// Where the search stood, where it goes from event to event.
        at: Option<Reached>,
    },
}

/// Where a search that goes from event to event stood when its budget ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The event that it was about to pass.
    pub event: u64,
    /// How many configurations it held there.
    pub configurations: usize,
}

/// The furthest point that any order of the calls can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock<S> {
    /// A longest legal order that leads there.
    pub prefix: Vec<usize>,
    /// The call that completes next and cannot be placed by then.
    pub stuck: usize,
    /// States that the object can be in there, at most [`Deadlock::MAX_STATES`]; the one that the
    /// prefix leaves is the first.
    pub states: Vec<S>,
}

impl<S> Deadlock<S> {
    /// How many states are kept: enough for a person to see the point.
    pub const MAX_STATES: usize = 16;
}

/// A way to decide whether a history is linearizable.
pub trait Algorithm<M: Model>: Send + Sync {
    /// Its name in the judgement.
    fn name(&self) -> &'static str;

    /// Decides, within what the meter has left.
    fn search(&self, model: &M, task: &Task<M>, meter: &Meter) -> Finding<M::State>;

    /// Decides, and names the algorithm that did; of interest where this one delegates.
    fn decide(&self, model: &M, task: &Task<M>, meter: &Meter) -> (Finding<M::State>, &'static str) {
        (self.search(model, task, meter), self.name())
    }
}
