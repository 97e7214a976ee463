//! The service under a virtual network: golden scenarios, what sessions and watches promise
//! under random faults, and what nobody
//! well-meaning sends.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

mod agents;
mod hostile;
mod network;
mod regressions;
mod scenarios;
mod sessions;
