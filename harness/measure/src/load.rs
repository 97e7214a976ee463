//! The part of a run that figures are of: the load, without the closing operations.

use std::borrow::Cow;

use ordalia_history::Operation;
use ordalia_record::RunInfo;

/// The clients' operations of the load, and how long it lasted.
pub(crate) struct Load<'a> {
    /// In order of invocation.
    pub(crate) operations: Cow<'a, [Operation]>,
    /// In nanoseconds; at least 1.
    pub(crate) length_ns: u64,
}

impl<'a> Load<'a> {
    /// Where the phases are not known, because the controller was killed, everything is the load.
    pub(crate) fn of(info: &RunInfo, operations: &'a [Operation]) -> Self {
        let phase = info.phases.iter().find(|phase| phase.name == "load");
        let end_ns = phase.map_or(u64::MAX, |phase| phase.end_ns);
        let belongs = |operation: &Operation| !operation.is_act() && operation.invoked_ns <= end_ns;
        let operations = match operations.iter().all(belongs) {
            true => Cow::Borrowed(operations),
            false => Cow::Owned(operations.iter().filter(|one| belongs(one)).cloned().collect()),
        };
        let last = operations.iter().map(|one| one.completed_ns.unwrap_or(one.invoked_ns)).max().unwrap_or(0);
        // After the time limit the load only waits for what is under way, until that times out.
        let limit_ns = info.time_limit_ms.saturating_mul(1_000_000);
        let length_ns = phase.map_or(last, |phase| phase.end_ns).min(limit_ns).max(1);
        Self { operations, length_ns }
    }
}
