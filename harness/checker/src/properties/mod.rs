//! Properties of a history beside linearizability, one checker a module.
//!
//! Each module opens with the property's name, its source, what it assumes of the history and what breaks
//! without it. All answer `unknown` with the reason where a history proves nothing or does not fit, and none
//! needs more than a sort of the history, but for [`Sequential`], whose search is bounded by the budget.

mod acts;
mod bank;
mod barrier_safety;
mod configuration;
mod convergence;
mod counter;
mod ephemeral;
mod findings;
mod long_fork;
mod means;
mod membership;
mod monotonic;
mod office;
mod one_leader;
mod passes_counted;
mod presence;
mod progress;
mod registry;
mod sequential;
mod session;
mod sessions_kept;
mod set_full;
mod synced;
mod total_queue;
mod unique_ids;
mod watch;
mod wording;

pub use bank::Bank;
pub use barrier_safety::BarrierSafety;
pub use configuration::Configuration;
pub use convergence::Convergence;
pub use counter::Counter;
pub use ephemeral::Ephemeral;
pub use long_fork::LongFork;
pub use means::Means;
pub use membership::Membership;
pub use monotonic::Monotonic;
pub use office::Office;
pub use one_leader::OneLeader;
pub use passes_counted::PassesCounted;
pub use progress::Progress;
pub use registry::{PROPERTIES, PropertyInfo, property};
pub use sequential::Sequential;
pub use session::{Guarantee, SessionGuarantee};
pub use sessions_kept::SessionsKept;
pub use set_full::SetFull;
pub use synced::Synced;
pub use total_queue::TotalQueue;
pub use unique_ids::UniqueIds;
pub use watch::Watch;
