//! Decisions of polynomial cost, one kind of object a module.

mod buffers;
mod counter;
mod holds;
mod set;
mod versions;
mod zones;

pub use buffers::{BagRules, QueueRules, StackRules};
pub use counter::CounterRules;
pub use holds::Holds;
pub use set::SetRules;
pub use versions::VersionRules;
pub use zones::Zones;
