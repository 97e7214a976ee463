//! What clients do, as pure values: the [`Workload`] trait, and the [`Generator`]s that Jepsen's users know.
//!
//! Nothing here reads a clock, draws from a global source of randomness or speaks to a network, so the
//! runner with real processes and the simulator in virtual time drive the same workload. This crate
//! knows nothing of targets.

mod generator;
pub mod generators;
mod interpreter;
mod routing;
mod workload;

pub use generator::{Context, Generator, Next, Op, Thread};
pub use interpreter::{Interpreter, Invocation, Poll};
pub use routing::Routing;
pub use workload::{Completion, Reply, Workload, WorkloadSettings};
