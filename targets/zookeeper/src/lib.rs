//! Apache ZooKeeper on trial: how its servers are started, and a client of its protocol.
//!
//! The servers are those that Debian's package `zookeeper` (3.8) installs, unmodified, each a process of its own. They
//! can be killed and paused. They dial each other's addresses as they are told them, so no proxy can stand between
//! them, and links are not hurt.
//!
//! The client is the project's own, over the runtime that carries all clients: a benchmark beside other systems then
//! measures the servers, and an operation is `fail` exactly where nothing was sent or the server refused.
//!
//! With the [`bridge`] a target of this project's own has these servers as its ensemble ([`WithZookeeper`]). It has a
//! client of its own, with watches and with sessions that move from server to server, which would only weigh on
//! the registers'.
//!
//! Left out: access control, read-only servers.

pub mod bridge;
mod connection;
mod ensemble;
mod jute;
mod register;
mod target;

pub use connection::{Code, Connection, ConnectionError, Op, Outcome};
pub use ensemble::WithZookeeper;
pub use jute::Malformed;
pub use target::{INFO, Zookeeper};
