//! A coordination service like ZooKeeper, on the Raft core that targets share.
//!
//! The first nodes of the cluster are the *ensemble*: each has the whole [`tree`], with its sessions and
//! watches, as a replicated state machine. The other nodes are *agents*: they take the clients and ask
//! the ensemble. [`Ensemble`] is one member, for any node to [`embed`]; [`Coordination`] is the node of the
//! harness, a member or an agent. A [`client`] has sessions with the ensemble, and [`recipes`] are what can
//! be built from them.
//!
//! Source: Hunt, Konar, Junqueira and Reed, *ZooKeeper: Wait-free coordination for Internet-scale
//! systems*, USENIX ATC 2010. Unlike there, any member answers reads linearizably unless local reads are
//! asked for, watches outlive the member that a session spoke to, and heartbeats stand in no log.

pub mod agent;
pub mod bugs;
pub mod client;
pub mod embed;
pub mod ensemble;
pub mod message;
mod node;
pub mod options;
pub mod recipes;
pub mod tree;

pub use ensemble::Ensemble;
pub use message::Message;
pub use node::{Coordination, Timer};
pub use tree::Tree;
