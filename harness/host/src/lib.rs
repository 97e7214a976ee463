//! One real node: TCP, timers and durable storage around an [`ordalia_node::Node`], and the
//! [`client`] that speaks to it.
//!
//! Two threads share the work. The *network* thread accepts, reads lines, parses and writes. The
//! *core* thread owns the node, its timers and its storage: it takes all waiting inputs, steps the
//! node for each, makes everything that was persisted durable with one fsync, and only then lets
//! the effects out that were written after it (group commit). The rule that no effect leaves before
//! what was persisted ahead of it is durable is kept here, once, for every node.
//!
//! A failed write or fsync ends the node: afterwards nobody could say what is durable.
//!
//! This crate does not know which node it hosts.

pub mod client;
mod clock;
mod connect;
mod driver;
mod error;
mod host;
mod network;
mod settings;
pub mod storage;
mod throttle;
mod timers;

pub use error::HostError;
pub use host::{Host, run};
pub use settings::HostSettings;
