//! Whether a system answered, as far as checkers of its liveness are concerned.

use ordalia_history::{Operation, Outcome};

/// The kinds of error that a working system gives on purpose: it looked, and the state did not allow it.
const REFUSALS: [&str; 2] = ["precondition-failed", "key-does-not-exist"];

/// Whether the operation failed because of the object's state.
pub(crate) fn is_refused(operation: &Operation) -> bool {
    let refusal = |kind: &str| REFUSALS.contains(&kind);
    operation.outcome == Outcome::Fail && operation.error.as_ref().is_some_and(|error| refusal(&error.kind))
}

/// Whether the operation was ok or refused because of the object's state.
pub fn is_answered(operation: &Operation) -> bool {
    operation.outcome == Outcome::Ok || is_refused(operation)
}

/// Nanoseconds as seconds, for a person.
pub(crate) fn seconds(span_ns: u64) -> String {
    format!("{:.2} s", span_ns as f64 / 1e9)
}
