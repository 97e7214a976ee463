//! The network shim: one listener and one rule for each directed link between nodes.
//!
//! Node `from` is told [`Network::address`]`(from, to)` as the address of `to`. What it sends there
//! is carried to where `to` really listens ([`Network::set_upstream`]) under the [`Rule`] of the
//! link. When [`Network::set_rule`] has returned, the rule is in force on every connection of the
//! link: nothing that is sent afterwards gets through against it.
//!
//! A connection through a link carries messages in one direction, `from` to `to`, as frames that
//! end in a newline. Bytes in the other direction are passed on too, and shaped by nothing; a link
//! that is cut (`Drop`, `Reject`) is cut for them as well.
//!
//! | part | holds |
//! |---|---|
//! | `network` | the listeners, the rules, the counters: what callers see |
//! | `link` | what a link's connections share; accepting, connecting, ending |
//! | `pump` | one direction of one connection: reads, queues and writes under the rule |
//! | `frames` | the only part that knows messages: cuts the stream, decides each one's fate |
//! | `queue`, `bucket` | pieces with due times; the token bucket |
//!
//! A mode for plain byte streams replaces `frames` alone.
//!
//! What a shim cannot imitate: a cut link still acknowledges bytes up to the buffers of its sockets
//! (a few hundred KB on loopback), and a connection made while the link is cut is established, if
//! unanswered. A sender learns of a cut by silence, not by a send that fails. Due times are kept to
//! about a millisecond.
//!
//! This crate knows nothing of processes.

mod bucket;
mod counters;
mod error;
mod frames;
mod link;
mod network;
mod pump;
mod queue;
mod rule;

pub use counters::LinkCounters;
pub use error::ProxyError;
pub use network::Network;
pub use rule::{MAX_DELAY, Mode, Rule, RuleError};
