//! Raft under a virtual network: golden scenarios, invariants under random faults, and what no
//! peer sends.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod hostile;
mod invariants;
mod network;
mod scenarios;
