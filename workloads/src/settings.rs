//! What workloads make of their settings.

use ordalia_checker::Stats;
use ordalia_history::{Event, Value};
use ordalia_node::{ErrorCode, Key};
use ordalia_workload::{Generator, Op, WorkloadSettings, generators};

/// Apart from the choice of operations, so that pacing draws from numbers of its own.
const PACE_SEED: u64 = 0x7061_6365;

/// The load at the rate that was asked for.
pub(crate) fn paced(settings: &WorkloadSettings, load: impl Generator + 'static) -> Box<dyn Generator> {
    match settings.rate {
        None => Box::new(load),
        Some(rate) => Box::new(generators::stagger(mean_gap_ns(rate), settings.seed ^ PACE_SEED, load)),
    }
}

/// The mean time between operations at that rate a second. A rate that is none does not pace.
fn mean_gap_ns(rate: f64) -> u64 {
    if rate > 0.0 { (1e9 / rate) as u64 } else { 0 }
}

/// The operation's key as text.
pub(crate) fn key_text(op: &Op) -> String {
    match &op.key {
        Some(Value::String(name)) => name.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// The operation's key as the wire has it.
pub(crate) fn request_key(op: &Op) -> Key {
    Key(key_text(op))
}

/// Whether an operation failed since what it was about is no longer held: lost with its session, or never had.
pub(crate) fn is_gone(event: &Event) -> bool {
    const GONE: [ErrorCode; 3] =
        [ErrorCode::PreconditionFailed, ErrorCode::KeyDoesNotExist, ErrorCode::SessionExpired];
    let gone = |kind: &str| GONE.iter().any(|code| code.name() == kind);
    event.error.as_ref().is_some_and(|error| gone(&error.kind))
}

/// Demands little of how often each kind of operation is ok: who waits for a lock in a long line is given up again and
/// again, and that is no fault of the system.
pub(crate) fn seldom() -> Stats {
    Stats { min_answered: 2, min_ok: 1, ..Stats::default() }
}
