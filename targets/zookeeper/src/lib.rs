//! Apache ZooKeeper on trial: how its servers are started, and a client of its protocol.
//!
//! The servers are those that Debian's package `zookeeper` (3.8) installs, unmodified, each a process of its own. They
//! can be killed and paused. They dial each other's addresses as they are told them, so no proxy can stand between
//! them, and links are not hurt.
//!
//! The client is the project's own, over the runtime that carries all clients: a benchmark beside other systems then
//! measures the servers, and an operation is `fail` exactly where nothing was sent or the server refused.
//!
//! Left out: access control, read-only servers, moving a session to another server.

mod connection;
mod jute;
mod register;
mod target;

pub use connection::{Code, Connection, ConnectionError, Op, Outcome};
pub use jute::Malformed;
pub use target::{INFO, Zookeeper};
