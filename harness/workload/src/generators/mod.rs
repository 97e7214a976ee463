//! The combinators that Jepsen's users know, as pure values.
//!
//! ```
//! use ordalia_history::Value;
//! use ordalia_workload::{Op, generators};
//!
//! let write = |number: u64| Op { f: "write", key: None, value: number.into() };
//! let writes = generators::ops((0..).map(write));
//! let paced = generators::stagger(1_000_000, 7, writes);
//! let test = generators::time_limit(60_000_000_000, paced);
//! # let _: Box<dyn ordalia_workload::Generator> = Box::new(test);
//! ```
//!
//! Times are in nanoseconds and count from the start of the phase.

mod change;
mod choose;
mod dialogue;
mod keys;
mod pace;
mod rotation;
mod sequence;
mod source;
#[cfg(test)]
mod testing;
mod threads;

pub use change::{filter, map, until_ok};
pub use choose::{any, flip_flop, mix};
pub use dialogue::{Dialogue, dialogues};
pub use keys::{concurrent_keys, sequential_keys};
pub use pace::{delay, sleep, stagger, time_limit};
pub use sequence::{chain, cycle, limit, phases, synchronize, then};
pub use source::{once, ops, repeat};
pub use threads::{each_thread, on_threads, reserve};
