//! Sets, queues, stacks and counters against brute force: on all tiny histories, on random ones with crashed
//! operations and duplicates, and on mutated ones.

// Helpers of tests are not tests to the lint; a panic is their way to fail.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod searches;
mod specialists;
mod worlds;
