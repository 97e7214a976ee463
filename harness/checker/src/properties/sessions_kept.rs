//! `sessions-kept`: a session ends only where a fault was in force.
//!
//! Source: the sensors' documents, whose report admits that long periods lose the session; sessions as in Hunt et al.,
//! *ZooKeeper*, USENIX ATC 2010, §2.3.
//!
//! Assumes the act `session` with state `opened`, `expired` or `closed`, and that all faults are in the history. A session
//! that is heard to have expired while no fault was in force, and none had been for twice the session time-out,
//! ended for want of heartbeats. Without it a sensor that only waits is taken for dead.
//!
//! The end of a session is heard after it came, at the next heartbeat or answer; twice the time-out allows for
//! that. A node that crashed never tells, and is not judged. Of time in which faults are always in
//! force nothing can be said: the verdict is unknown where no session was open in a quiet span of three time-outs.

use std::time::Duration;

use ordalia_history::{FaultWindow, Operation, Outcome, fault_windows};

use super::acts::{begun, end_ns, number, quiet, quiet_until, seconds, text};
use super::findings::Findings;
use crate::{Budget, Checker, History, Judgement};

/// Checks that sessions expire with a reason only.
#[derive(Clone, Copy, Debug)]
pub struct SessionsKept {
    /// How long a session lives without a heartbeat.
    pub timeout: Duration,
}

impl Default for SessionsKept {
    /// Two seconds.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(2) }
    }
}

impl Checker for SessionsKept {
    fn name(&self) -> &str {
        "sessions-kept"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["lost"]);
        let faults = fault_windows(&history.events);
        let timeout = u64::try_from(self.timeout.as_nanos()).unwrap_or(u64::MAX);
        let sessions =
            || history.operations.iter().filter(|one| one.f == "session" && one.outcome == Outcome::Ok);
        let state = |one: &Operation, name: &str| text(one, "state") == Some(name);
        let expired: Vec<&Operation> = sessions().filter(|one| state(one, "expired")).collect();
        for one in &expired {
            let from = one.invoked_ns.saturating_sub(timeout.saturating_mul(2));
            if quiet(&faults, from, one.invoked_ns) {
                findings.broken("lost", || lost(one, from, &faults));
            }
        }
        let opened = sessions().filter(|one| state(one, "opened")).map(|one| one.invoked_ns).min();
        let rest = opened.and_then(|opened| quiet_until(&faults, opened, timeout.saturating_mul(3)));
        let end = end_ns(&history.operations);
        if opened.is_none() {
            findings.unknown("nothing", || "no session was opened".to_owned());
        } else if rest.is_none_or(|rest| rest > end) {
            findings.unknown("never_quiet", || {
                format!("no session was open for {} without a fault", seconds(timeout.saturating_mul(3)))
            });
        }
        findings.detail("expired", expired.len());
        findings.conclude()
    }
}

fn lost(one: &Operation, from: u64, faults: &[FaultWindow]) -> String {
    let who =
        text(one, "sensor").or_else(|| text(one, "owner")).or(one.node.as_deref()).unwrap_or("a client");
    let session = number(one, "session").map_or(String::new(), |session| format!(" {session}"));
    let last = faults
        .iter()
        .filter_map(|fault| fault.end_ns.map(|end| (end, fault)))
        .filter(|(end, _)| *end < from)
        .max_by_key(|(end, _)| *end);
    let since = last.map_or("no fault had been in force at all".to_owned(), |(end, fault)| {
        let label = if fault.label.is_empty() { &fault.kind } else { &fault.label };
        format!("the last fault ({label}) was healed at {}", seconds(end))
    });
    format!("{who} heard {} that its session{session} had expired, though {since}", begun(one))
}
