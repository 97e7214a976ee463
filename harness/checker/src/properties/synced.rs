//! `synced`: who reads at a node that synced reads nothing older than what was acknowledged before the `sync`.
//!
//! Source: `sync` in Hunt et al., *ZooKeeper*, USENIX ATC 2010, §2.3 and §4.4: the asked server applies all that was
//! committed before, so that a fast local read after it is not stale.
//!
//! Assumes `write` (completes with the key's new version, which rises with every write) and `sync`, and `read`, which completes
//! with `[value, version]` or null where nothing was written yet. Without it nobody can ask a service that reads
//! locally for the truth.
//!
//! A read is judged where the operation of its process right before it was a `sync` that was ok, and both were answered
//! by the same node: the version read is at least that of every write of the key that was ok before the `sync` began. What a
//! node has applied goes with its life, so a pair that overlaps with a kill or a fault of a disk is not judged. Agents
//! that ask members for their clients may change the member between the two.

use std::collections::BTreeMap;

use ordalia_history::{FaultWindow, Operation, Outcome, Value, fault_windows};

use super::acts::{begun, ended};
use super::findings::Findings;
use super::wording::{by_key, of_key, told};
use crate::{Budget, Checker, History, Judgement};

/// Checks that a sync is followed by fresh reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Synced;

/// The writes of one key by completion, each with the highest version up to it and the write that made it.
type Written<'a> = Vec<(u64, u64, &'a Operation)>;

impl Checker for Synced {
    fn name(&self) -> &str {
        "synced"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["stale"]);
        let faults = fault_windows(&history.events);
        let before = before(&history.operations);
        let mut judged = 0_u64;
        for of in by_key(&history.operations) {
            let written = written(&of.operations);
            for read in of.operations.iter().filter(|one| one.f == "read" && one.outcome == Outcome::Ok) {
                let sync = before.get(&read.invoke_index).filter(|sync| fits(sync, read, &faults));
                let Some(sync) = sync else { continue };
                judged += 1;
                check_read(of.key, sync, read, &written, &mut findings);
            }
        }
        if judged == 0 {
            findings.unknown("nothing", || "no read followed a sync at the same node".to_owned());
        }
        findings.detail("judged", judged);
        findings.conclude()
    }
}

/// What each process had done right before an operation, by the operation's first event.
fn before(operations: &[Operation]) -> BTreeMap<u64, &Operation> {
    let mut last = BTreeMap::new();
    let mut before = BTreeMap::new();
    for one in operations.iter().filter(|one| !one.is_act()) {
        if let Some(earlier) = last.insert(one.process, one) {
            before.insert(one.invoke_index, earlier);
        }
    }
    before
}

/// Whether the two are a pair that says something.
fn fits(sync: &Operation, read: &Operation, faults: &[FaultWindow]) -> bool {
    let upsets = |fault: &&FaultWindow| matches!(fault.kind.as_str(), "kill" | "disk");
    let during = |fault: &FaultWindow| {
        let end = read.completed_ns.unwrap_or(u64::MAX);
        fault.start_ns <= end && fault.end_ns.is_none_or(|healed| healed >= sync.invoked_ns)
    };
    sync.f == "sync"
        && sync.outcome == Outcome::Ok
        && sync.node.is_some()
        && sync.node == read.node
        && !faults.iter().filter(upsets).any(during)
}

fn written<'a>(operations: &[&'a Operation]) -> Written<'a> {
    let ok = operations.iter().filter(|one| one.f == "write" && one.outcome == Outcome::Ok);
    let mut written: Written<'a> =
        ok.filter_map(|one| Some((one.completed_ns?, one.output.as_u64()?, *one))).collect();
    written.sort_by_key(|(time, version, _)| (*time, *version));
    for at in 1..written.len() {
        if written[at].1 < written[at - 1].1 {
            (written[at].1, written[at].2) = (written[at - 1].1, written[at - 1].2);
        }
    }
    written
}

fn check_read(
    key: Option<&Value>,
    sync: &Operation,
    read: &Operation,
    written: &Written<'_>,
    findings: &mut Findings,
) {
    let known = written.partition_point(|(time, ..)| *time < sync.invoked_ns).checked_sub(1);
    let Some((_, version, write)) = known.and_then(|at| written.get(at)) else { return };
    let seen = read.output.get(1).and_then(Value::as_u64);
    if seen.is_some_and(|seen| seen >= *version) {
        return;
    }
    findings.broken("stale", || {
        let (of, what, node) = (of_key(key), told(read), read.node.as_deref().unwrap_or("a node"));
        let found = seen.map_or("nothing".to_owned(), |seen| format!("version {seen}"));
        let (synced, wrote) = (begun(sync), ended(write));
        format!(
            "{of}{what} found {found} at {node}, which had answered a sync begun {synced}; version {version} had been acknowledged {wrote}"
        )
    });
}
