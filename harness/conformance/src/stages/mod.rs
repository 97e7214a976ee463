//! The drivers there are.

mod host;
mod sim;

pub use host::HostStage;
pub use sim::SimStage;
