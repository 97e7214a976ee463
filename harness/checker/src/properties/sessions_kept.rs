//! `sessions-kept`: a session ends only where a fault was in force.
//!
//! Source: the sensors' documents, whose report admits that long periods lose the session; sessions as in Hunt et al.,
//! *ZooKeeper*, USENIX ATC 2010, §2.3.
//!
//! Assumes the act `session` with state `opened`, `expired` or `closed`, and that all faults are in the history. A session
//! that is heard to have expired while no fault was in force, and none had been for twice the session time-out,
//! ended for want of heartbeats. Without it a sensor that only waits is taken for dead.
//!
//! Nor does a session end, whatever is in force, while its owner may still rely on it: where the act tells for how long
//! the owner had been silent (`silent_ms`, since the sending of its last sign of life that was answered), that must
//! be the time-out. A tenth is forgiven, and with clock faults nobody knows for how long anybody was silent.
//!
//! The end of a session is heard after it came, at the next heartbeat or answer; twice the time-out allows for
//! that. A node that crashed never tells, and is not judged. Of time in which faults are always in
//! force nothing can be said: the verdict is unknown where no session was open in a quiet span of three time-outs.

use std::time::Duration;

use ordalia_history::{FaultWindow, Operation, Outcome, fault_windows};

use super::acts::{Acts, begun, end_ns, in_round, number, quiet, quiet_until, seconds, sensor, text};
use super::findings::{Findings, Place};
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
        let mut findings = Findings::of(&["lost", "early"]);
        let faults = fault_windows(&history.events);
        let timeout = u64::try_from(self.timeout.as_nanos()).unwrap_or(u64::MAX);
        let sessions =
            || history.operations.iter().filter(|one| one.f == "session" && one.outcome == Outcome::Ok);
        let state = |one: &Operation, name: &str| text(one, "state") == Some(name);
        let clocks = faults.iter().any(|fault| fault.kind.starts_with("clock"));
        let acts = Acts::of(&history.operations);
        let expired: Vec<&Operation> = sessions().filter(|one| state(one, "expired")).collect();
        for one in &expired {
            let from = one.invoked_ns.saturating_sub(timeout.saturating_mul(2));
            let place = sensor(one).map(|who| acts.place_at(who, one.invoked_ns));
            let place = place.unwrap_or(Place { round: None, sensor: None });
            if quiet(&faults, from, one.invoked_ns) {
                findings.broken_at("lost", &[place], || lost(one, place, from, &faults));
            }
            let silent = number(one, "silent_ms").filter(|_| !clocks).map(|ms| ms.saturating_mul(1_000_000));
            if let Some(silent) = silent.filter(|silent| *silent < timeout - timeout / 10) {
                findings.broken_at("early", &[place], || early(one, place, silent, timeout));
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

/// Whose session it is.
fn owner(one: &Operation) -> &str {
    text(one, "sensor").or_else(|| text(one, "owner")).or(one.node.as_deref()).unwrap_or("a client")
}

fn early(one: &Operation, place: Place<'_>, silent: u64, timeout: u64) -> String {
    let (who, when, round) = (owner(one), begun(one), in_round(place));
    let session = number(one, "session").map_or(String::new(), |session| format!(" {session}"));
    let (silent, timeout) = (seconds(silent), seconds(timeout));
    format!(
        "{who} heard {when}{round} that its session{session} had expired, {silent} after it sent its last confirmed sign of life; expected {timeout}"
    )
}

fn lost(one: &Operation, place: Place<'_>, from: u64, faults: &[FaultWindow]) -> String {
    let who = owner(one);
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
    let (when, round) = (begun(one), in_round(place));
    format!("{who} heard {when}{round} that its session{session} had expired, though {since}")
}
