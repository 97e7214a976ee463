//! The sensors in the simulator: golden scenarios of rounds, and many sensors at once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

mod many;
mod play;
mod regressions;
mod scenarios;
