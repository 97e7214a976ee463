//! What every driver of a [`Node`](ordalia_node::Node) must do alike, as scenarios that run over each of them.
//!
//! A finding of the simulator is worth what its driver has in common with the real one. So one [`Probe`], a
//! node that does what its inputs tell it, is put on a [`Stage`] of each driver: [`HostStage`] is the driver
//! of `ordalia-host` over a disk in memory, [`SimStage`] a world of `ordalia-sim`. Both stages keep the same
//! virtual time: a write takes [`SYNC`], a start takes [`BOOT`]. What happens at a node is written down in
//! order, line by line, and [`SCENARIOS`](scenarios::scenarios) say what must stand there. A test with random
//! scripts holds the two journals against each other beyond that.
//!
//! What is meant to differ, and is therefore in no scenario:
//! - A host handles at most 1024 inputs in a batch and keeps 16 Ki waiting; the simulator has no such limit.
//! - A host's timers are as late as its operating system makes them; the simulator's are exact.
//! - A host is asked for its status in turn with its inputs, and answers when what was persisted ahead is
//!   durable; the simulator looks at a node from outside at any moment.
//! - A host writes traces to its log as it releases a batch; the simulator has them in order with messages.
//! - A process of the simulator listens when it has recovered; the socket of a host that starts takes
//!   connections a moment before, and what they carry waits.
//! - A bit flipped in the last record of a log is a torn write to a host, which cuts it off. The simulator
//!   finds all damage.
//! - In another life a host may give a ticket's number again; in the simulator numbers never return. A node
//!   that keeps tickets across lives breaks its contract, and may answer the wrong request in a host.

mod probe;
pub mod scenarios;
mod stage;
mod stages;

pub use probe::{Deed, Probe, Script, Told};
pub use stage::{BOOT, SYNC, Setup, Stage, acted, config_of, durable, posts, replied, sent};
pub use stages::{HostStage, SimStage};
