//! A virtual network for tests: one thread, one seed, no real time.

mod reference;
mod server;
mod world;

pub use reference::{Identity, Reference, identity};
pub use server::{Server, config};
pub use world::{Plan, World};
