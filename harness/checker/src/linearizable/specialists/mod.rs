//! Decisions of polynomial cost, one kind of object a module.

mod holds;
mod zones;

pub use holds::Holds;
pub use zones::Zones;
