//! What a program under test is to Ordalia: a state machine without input or output of its own.
//!
//! A [`Node`] takes one [`Input`] at a time (a peer's message, a client's request, a timer) and
//! writes [`Effects`] (send, reply, set a timer, persist). Time and randomness reach it only
//! through [`Env`]. A driver does the rest: `ordalia-host` with sockets, files and fsync in a real
//! process, or the simulator in virtual time. The same node therefore runs in both, unchanged.
//!
//! Storage has one rule, which the driver enforces for all nodes: *no effect leaves before what was
//! persisted ahead of it is durable*. See [`Effects::persist`].
//!
//! The vocabulary of client requests ([`Request`], [`Answer`], [`Refusal`]) is Maelstrom's, and
//! [`wire`] gives it Maelstrom's JSON shape.
//!
//! This crate knows nothing of sockets, files, clocks or threads.

mod act;
mod effects;
mod env;
mod error;
mod group;
mod id;
mod info;
mod node;
mod outside;
mod status;
mod vocabulary;
pub mod wire;

pub use act::{Act, ActKind};
pub use effects::{Effect, Effects};
pub use env::{Env, Time};
pub use error::{ErrorCode, Refusal};
pub use group::{Anatomy, Group, MakeOutside};
pub use id::{NodeId, NodeIdError};
pub use info::{BugInfo, NodeInfo, OptionInfo};
pub use node::{Input, Node, NodeConfig, Recovered, StartError, Ticket};
pub use outside::{Outside, OutsideReply, PostError};
pub use status::Status;
pub use vocabulary::{
    Answer, Change, CoordinationAnswer, CoordinationRequest, CreateMode, Event, Key, Leadership,
    RecipeAnswer, RecipeRequest, Request, RequestKind, SessionNumber, Stat, WatchMode, WriteOp, Zxid,
};

pub use serde_json::Value;
