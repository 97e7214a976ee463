//! Properties of a history beside linearizability, one checker a module.
//!
//! Each module opens with the property's name, its source, what it assumes of the history and what breaks
//! without it. All answer `unknown` with the reason where a history proves nothing or does not fit, and none
//! needs more than a sort of the history, but for [`Sequential`], whose search is bounded by the budget.

mod bank;
mod convergence;
mod counter;
mod findings;
mod long_fork;
mod monotonic;
mod registry;
mod sequential;
mod session;
mod set_full;
mod total_queue;
mod unique_ids;
mod wording;

pub use bank::Bank;
pub use convergence::Convergence;
pub use counter::Counter;
pub use long_fork::LongFork;
pub use monotonic::Monotonic;
pub use registry::{PROPERTIES, PropertyInfo, property};
pub use sequential::Sequential;
pub use session::{Guarantee, SessionGuarantee};
pub use set_full::SetFull;
pub use total_queue::TotalQueue;
pub use unique_ids::UniqueIds;
