//! A coordination service like ZooKeeper, on the Raft core that targets share.

pub mod message;
pub mod tree;

pub use message::Message;
pub use tree::Tree;
