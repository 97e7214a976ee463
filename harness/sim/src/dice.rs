//! Randomness: one seed, and a stream of its own for each purpose, so that drawing more for one leaves the
//! others as they are.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Latencies and losses of links.
    Network = 1,
    /// Latencies of disks, and what of a write survives a crash.
    Disk = 2,
    /// How long starts take, and the nodes' own seeds.
    Process = 3,
    /// Latencies between clients and nodes.
    Clients = 4,
    /// Which test a seed stands for.
    Swarm = 5,
    /// Latencies of posts, and what stands outside the cluster.
    Outside = 6,
}

/// A stream of numbers.
#[derive(Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(purpose as u64);
        Self(rng)
    }

    /// Any number.
    pub(crate) fn any(&mut self) -> u64 {
        self.0.random()
    }

    /// True with that probability, 0 to 1. An impossible one draws nothing.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.0.random::<f64>() < probability
    }

    /// A number up to and with `most`.
    pub(crate) fn up_to(&mut self, most: u64) -> u64 {
        if most == 0 { 0 } else { self.0.random_range(0..=most) }
    }

    /// A number between these, both among them.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.up_to(most.saturating_sub(least))
    }

    /// One of a list, which has at least one.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.up_to(list.len() as u64 - 1) as usize]
    }

    /// A latency.
    pub(crate) fn latency(&mut self, latency: crate::Latency) -> u64 {
        let spread = self.up_to(latency.spread_ns);
        // Now and then something takes much longer, as everywhere.
        let tail = if self.chance(latency.tail) { self.up_to(latency.tail_ns) } else { 0 };
        latency.least_ns.saturating_add(spread).saturating_add(tail)
    }
}
