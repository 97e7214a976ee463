//! What workloads make of their settings.

use ordalia_history::Value;
use ordalia_node::Key;
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
