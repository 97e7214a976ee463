//! Algorithms of polynomial cost, each for one kind of object and for those histories that qualify.

use super::{Limit, Meter, Model, Task};

/// What a [`Specialist`] concludes. Calls are named by their position in [`Task::calls`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// All completed calls can be placed.
    Legal {
        /// One legal order: every completed call once, and those crashed ones that took effect.
        order: Vec<usize>,
    },
    /// They cannot.
    Illegal {
        /// Calls that cannot be ordered even on their own; few, and chosen such that leaving out all others
        /// is sound under the rules of [`Tie`](super::Tie).
        core: Vec<usize>,
    },
    /// The history does not qualify, for this reason.
    Abstain(&'static str),
}

/// A decision procedure for the histories that qualify.
pub trait Specialist<M: Model>: Send + Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Decides, or abstains.
    ///
    /// # Errors
    /// The meter's budget ran out.
    fn decide(&self, model: &M, task: &Task<M>, meter: &Meter) -> Result<Decision, Limit>;
}
