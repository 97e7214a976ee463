//! The client and the recipes against a real member of the ensemble, in a world of faults.
//!
//! Each property is tried with many seeds; the message of a failure names the seed. More of them:
//! `SEEDS=2000 cargo test -p ordalia-coordination --test recipes`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

mod counting;
mod holding;
mod lagging;
mod queueing;
mod scenarios;
mod waiting;
mod world;
mod writing;

use world::{Actor, Faults, World};

/// Tries a property with many seeds: the first without faults, every fourth without jumps of clocks.
fn with_seeds<A: Actor>(actors: impl Fn() -> Vec<A>, mut property: impl FnMut(&mut World<A>)) {
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(24);
    for seed in 0..seeds {
        let mut faults = if seed == 0 { Faults::NONE } else { Faults::of(seed) };
        if seed % 4 == 0 {
            faults.jumps = 0;
        }
        property(&mut World::new(seed, faults, actors()));
    }
}
