//! One real node: TCP, timers and durable storage around an [`ordalia_node::Node`], and the
//! [`client`] that speaks to it.
//!
//! One thread does it all, because what bounds a busy node is system calls and switches between
//! threads. The *network* accepts, reads lines, parses and writes. The *core* has its turn when every
//! socket that was ready has been read: it takes all waiting inputs, steps the node for each, makes
//! everything that was persisted durable with one fsync, and only then lets the effects out that were
//! written after it (group commit). While the fsync lasts, more inputs gather in the sockets, so that
//! batches grow with the load. The rule that no effect leaves before what was persisted ahead of it is
//! durable is kept here, once, for every node.
//!
//! A failed write or fsync ends the node: afterwards nobody could say what is durable.
//!
//! This crate does not know which node it hosts.

mod acts;
pub mod client;
mod clock;
mod connect;
mod driver;
mod error;
mod host;
mod inbox;
mod network;
mod post;
mod settings;
pub mod storage;
#[doc(hidden)]
pub mod testing;
mod throttle;
mod timers;

pub use acts::monotonic_ns;
pub use error::HostError;
pub use host::{Host, run};
pub use settings::HostSettings;
