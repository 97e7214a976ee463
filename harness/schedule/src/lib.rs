//! Faults and fault schedules, as pure data.
//!
//! A [`Schedule`] is a list of timed [`Fault`]s over the nodes of a cluster of a given size. It is
//! [generated](generate) from a seed and a [`Profile`], independent of the target, saved with the run and
//! accepted back, so that two targets can face the same trial. Faults may name a role instead of nodes; the
//! role is resolved when the fault fires ([`Fault::resolve`]). A fault may also wait for an [`Occasion`],
//! such as a new leader, instead of firing at a fixed time. What the changes of several faults on one
//! link come to is [`compose`].
//!
//! This crate knows nothing of how a fault is carried out.

mod check;
mod deck;
mod dice;
mod fault;
mod figure_8;
mod file;
mod generate;
mod kinds;
mod label;
mod link_state;
mod presets;
mod profile;
mod resolve;
mod schedule;
mod script;
mod shape;
mod sight;

pub use check::{Flaw, Misfit};
pub use fault::{
    CutMode, DiskIll, DiskSort, Fault, FaultKind, Injection, Link, LinkChange, PartitionShape, Role, Roles,
    Targets,
};
pub use file::ScheduleError;
pub use generate::{generate, generate_among};
pub use link_state::{LinkState, compose};
pub use presets::{Preset, PresetInfo, presets};
pub use profile::{Aim, Profile, ProfileError};
pub use schedule::{Occasion, Schedule, TimedFault};
pub use sight::{Leader, Sight, is_new_leader};
