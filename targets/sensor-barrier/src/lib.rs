//! Sensors that measure in rounds, held together by a barrier in a coordination service.
//!
//! The first nodes of the cluster are the *ensemble* of the service ([`ordalia_coordination`]), the others
//! are *sensors*. In each round every sensor measures, writes what it measured as an ephemeral node, and waits
//! at the barrier; the leader, which the sensors elect from among themselves, reads the measurements, posts their
//! mean to an HTTP address, and opens the barrier; every sensor then adds one to a common counter. Sampling
//! period and address can be changed while it runs.
//!
//! ```text
//! /sensors/nN          ephemeral: who is there            /election/c-…   ephemeral, sequential: the candidates
//! /leader              {epoch, sensor}; its version fences all that a leader writes
//! /current             the number of the round            /counter        the passes of all
//! /rounds/R            {expected}                         /rounds/R/m-nN  ephemeral: a measurement
//! /rounds/R/mean       {mean, values, expected, id}       /rounds/R/p-nN  that nN's pass is counted
//! /rounds/R/released   {values}: the barrier is open      /config/NAME    sampling_period_ms, api_url
//! ```
//!
//! What holds it together:
//! - A round is released and the next one opened in one `multi`, so that nobody sees the one without the other.
//! - Whatever a leader writes goes with a check of `/leader`'s version, which every new leader raises. What it
//!   posts cannot be fenced: it carries the round as its `id`, which the API records once, and the mean is
//!   stored before it is posted, so that a new leader posts the same again and not another.
//! - A round waits for the sensors that were there when it opened, until they wrote or are gone.
//! - A pass is counted in one `multi` with a mark of its own, so that it counts once over lost sessions.
//!
//! Left out: a database behind the API; passes that were not yet counted when the sensor's process ended, or
//! whose session was lost for more than two rounds, which nobody counts.

pub mod bugs;
mod leader;
mod node;
pub mod options;
mod paths;
mod sensor;
pub mod sink;

pub use node::{SensorBarrier, Timer};
