//! etcd on trial: how its servers are started, and a client of its JSON gateway.
//!
//! The servers are those that Debian's package `etcd-server` (3.4) installs, unmodified. They can be killed and paused.
//! Links are not hurt: a member's name derives from the addresses that all are told, so each would have to be told the
//! same address for a peer, and no proxy could tell who speaks.
//!
//! Left out: leases, watches, authentication.

mod base64;
mod gateway;
mod register;
mod target;

pub use target::{Etcd, INFO};
