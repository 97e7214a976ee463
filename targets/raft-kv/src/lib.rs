//! A key–value store replicated by Raft, as a node without input or output of its own.
//!
//! [`raft`] is the consensus protocol, for any state machine; [`kv`] is the state machine;
//! [`RaftKv`] joins the two to the harness's [`Node`](ordalia_node::Node). Defects can be planted
//! with [`bugs`], each a small branch at the place where a real implementation would have it.

pub mod bugs;
pub mod kv;
mod node;
pub mod options;
pub mod raft;

pub use node::RaftKv;
