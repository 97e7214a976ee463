//! Raft under a virtual network: golden scenarios, and invariants under random faults.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod invariants;
mod network;
mod scenarios;
