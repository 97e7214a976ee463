//! The virtual world: the same nodes, clients and faults as with real processes, in one thread and in virtual
//! time.
//!
//! [`simulate`] runs one test. Everything in it derives from one seed: there is no wall clock, no thread, and
//! no collection whose order is not fixed, so the same settings give the same run, event by event. The
//! driver of a node does what the real host does (`ordalia-host`), effect by effect: what was persisted is
//! durable before anything after it leaves, and timers come after the messages that waited.
//!
//! | part | is |
//! |---|---|
//! | `queue` | what is to happen, in a total order |
//! | `world/` | nodes, clients, faults and phases on that queue |
//! | `network`, `disk`, `clock` | what can be hurt |
//! | `trace` | what happened, event by event |
//! | `swarm` | the test that a seed stands for |
//! | `verdict` | what the run comes to |
//! | `sweep`, `shrink` | many tests, and small ones |

mod clock;
mod dice;
mod disk;
mod network;
mod panics;
mod queue;
mod run;
mod settings;
mod shrink;
mod swarm;
mod sweep;
mod trace;
mod verdict;
mod world;

/// One driver of this world under a script, for the conformance suite.
#[doc(hidden)]
pub mod testing {
    pub use crate::world::testing::{Bench, Event};
}

use ordalia_node::Node;
use ordalia_workload::Workload;

pub use run::{Effort, SimRun, first_difference};
pub use settings::{Latency, Nature, SimSettings};
pub use shrink::{ShrinkBudget, Shrunk, shrink};
pub use swarm::{Draw, Swarm};
pub use sweep::{Go, sweep};
pub use trace::{Happened, TraceEvent};
pub use verdict::LIVENESS;

/// What is kept of a run beside its history: each costs time and memory, and none changes the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// What the nodes say of themselves, five times a second.
    pub status: bool,
    /// What happened, event by event.
    pub trace: bool,
}

/// A function that simulates one kind of node: what a target gives to the command line.
pub type Simulate = fn(&SimSettings, &dyn Workload, Watch) -> SimRun;

/// Runs one test in a world of its own.
pub fn simulate<N: Node>(settings: &SimSettings, workload: &dyn Workload, watch: Watch) -> SimRun {
    world::World::<N>::new(settings, workload, watch).run()
}
