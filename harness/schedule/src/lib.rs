//! Faults and fault schedules, as pure data.
//!
//! A [`Schedule`] is a list of timed [`Fault`]s over the nodes of a cluster of a given size. It is
//! generated from a seed and a profile, independent of the target, saved with the run and accepted back,
//! so that two targets can face the same trial. Faults may name a role instead of nodes; the role is
//! resolved when the fault fires ([`Fault::resolve`]).
//!
//! This crate knows nothing of how a fault is carried out.

mod fault;
mod schedule;

pub use fault::{
    CutMode, Fault, FaultKind, Injection, Link, LinkChange, PartitionShape, Role, Roles, Targets,
};
pub use schedule::{Schedule, TimedFault};
