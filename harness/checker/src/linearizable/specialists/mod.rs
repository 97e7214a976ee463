//! Decisions of polynomial cost, one kind of object a module.

mod zones;

pub use zones::Zones;
