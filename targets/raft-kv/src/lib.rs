//! A key–value store replicated by Raft, as a node without input or output of its own.
//!
//! [`ordalia_raft`] is the consensus protocol, for any state machine; [`kv`] is the state machine;
//! [`RaftKv`] joins the two to the harness's [`Node`](ordalia_node::Node). Options and
//! defects are the protocol's: [`ordalia_raft::options`], [`ordalia_raft::bugs`].

pub mod kv;
mod node;

pub use node::RaftKv;
