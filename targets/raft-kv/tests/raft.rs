//! Raft under a virtual network: golden scenarios, and invariants under random faults.

mod invariants;
mod network;
mod scenarios;
