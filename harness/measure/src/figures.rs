//! The figures of one run.

use std::time::Duration;

use ordalia_checker::{Answers, Gap, gaps, is_answered};
use ordalia_history::{FaultWindow, Operation, Outcome};
use ordalia_record::{DiskTotals, LinkTotals, RunInfo, StatusSample};
use serde::{Deserialize, Serialize};

use crate::faults::{AfterFault, after};
use crate::latency::{Latency, latency};
use crate::load::Load;

/// The least length of a span without an answer that counts as unavailable. Verdicts take half a second; elections
/// are over sooner, and comparing them is what figures are for.
pub const MIN_GAP: Duration = Duration::from_millis(100);

/// What a run recorded, as far as figures are made of it.
#[derive(Clone, Copy, Debug)]
pub struct RunRecord<'a> {
    /// Its settings and phases.
    pub info: &'a RunInfo,
    /// All operations, in order of invocation; acts of nodes are left out of all figures.
    pub operations: &'a [Operation],
    /// The spans of its faults, in order of their start.
    pub faults: &'a [FaultWindow],
    /// What the nodes said of themselves, in time order; may be empty.
    pub status: &'a [StatusSample],
    /// The totals of its links; empty where they are not known.
    pub links: &'a [LinkTotals],
    /// The totals of its disks; empty where they are not known.
    pub disks: &'a [DiskTotals],
    /// The elections of the load, where they were counted as they happened; else they are taken from `status`.
    pub elections: Option<u64>,
}

/// How one run went, in numbers. Where nothing else is said they are of the clients' operations that were invoked
/// in the load: the closing operations are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Operations that happened.
    pub ok: u64,
    /// Operations that did not happen.
    pub fail: u64,
    /// Operations of which nobody knows.
    pub info: u64,
    /// The length of the load in seconds: the time limit, unless the load ended sooner.
    pub load_s: f64,
    /// `ok` over `load_s`.
    pub ok_per_s: f64,
    /// Of the ok operations; `None` if there were none.
    pub latency: Option<Latency>,
    /// How long in all nobody was answered though somebody waited, in milliseconds: the sum of the spans of at
    /// least [`MIN_GAP`]. A refusal for the object's state is an answer.
    pub unavailable_ms: u64,
    /// The longest of these spans, in milliseconds; 0 if there was none.
    pub longest_outage_ms: u64,
    /// The part of the operations that were answered, 0 to 1; 0 of none.
    pub availability: f64,
    /// What came after each fault and each heal, in time order.
    pub after: Vec<AfterFault>,
    /// How long the cluster took to be whole after everything was healed, in milliseconds; `None` if the run did
    /// not get so far.
    pub heal_ms: Option<u64>,
    /// Messages between the nodes, in the whole run, for each ok operation of the whole run.
    pub messages_per_op: Option<f64>,
    /// Bytes between the nodes, likewise.
    pub bytes_per_op: Option<f64>,
    /// Fsyncs of all nodes, likewise.
    pub fsyncs_per_op: Option<f64>,
    /// Whether a node was killed, so that there may have been more fsyncs than are known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fsyncs_at_least: bool,
    /// By how much the highest term grew in the load: the elections that were begun. `None` of systems without
    /// terms.
    pub elections: Option<u64>,
}

/// The figures of a run.
pub fn figures(run: &RunRecord<'_>) -> Figures {
    let load = Load::of(run.info, run.operations);
    let operations = &*load.operations;
    let count = |outcome| operations.iter().filter(|one| one.outcome == outcome).count() as u64;
    let ok = count(Outcome::Ok);
    let load_s = load.length_ns as f64 / 1e9;
    let answered = operations.iter().filter(|one| is_answered(one)).count();
    let outages = gaps(operations, run.faults, MIN_GAP);
    let lengths = || outages.iter().map(Gap::length_ns);
    let per_op = PerOp::of(run);
    Figures {
        ok,
        fail: count(Outcome::Fail),
        info: count(Outcome::Info),
        load_s,
        ok_per_s: ok as f64 / load_s,
        latency: latency(operations.iter()),
        unavailable_ms: lengths().sum::<u64>() / 1_000_000,
        longest_outage_ms: lengths().max().unwrap_or(0) / 1_000_000,
        availability: answered as f64 / operations.len().max(1) as f64,
        after: after(run.faults, &Answers::new(&answerable(run)), &outages, load.length_ns),
        heal_ms: run.info.heal.as_ref().map(|heal| heal.took_ms),
        messages_per_op: per_op.of_all(run.links.iter().map(|link| link.messages).sum()),
        bytes_per_op: per_op.of_all(run.links.iter().map(|link| link.bytes).sum()),
        fsyncs_per_op: per_op.of_all(run.disks.iter().map(|disk| disk.fsyncs).sum()),
        fsyncs_at_least: run.disks.iter().any(|disk| disk.at_least),
        elections: run.elections.or_else(|| elections(run.info, run.status)),
    }
}

/// The clients' operations of the whole run: the last faults are healed when the load is over, and the closing
/// operations show that the system came back.
fn answerable(run: &RunRecord<'_>) -> Vec<Operation> {
    run.operations.iter().filter(|one| !one.is_act()).cloned().collect()
}

/// Divides totals of a whole run by its ok operations.
struct PerOp {
    ok: u64,
}

impl PerOp {
    fn of(run: &RunRecord<'_>) -> Self {
        let ok = |one: &&Operation| !one.is_act() && one.outcome == Outcome::Ok;
        Self { ok: run.operations.iter().filter(ok).count() as u64 }
    }

    /// A total of 0 says that nobody counted.
    fn of_all(&self, total: u64) -> Option<f64> {
        (total > 0 && self.ok > 0).then(|| total as f64 / self.ok as f64)
    }
}

/// By how much the highest term grew in the load, as far as the nodes were asked.
fn elections(info: &RunInfo, status: &[StatusSample]) -> Option<u64> {
    let end_ns = info.phases.iter().find(|phase| phase.name == "load").map_or(u64::MAX, |phase| phase.end_ns);
    let of_load = || status.iter().take_while(|sample| sample.time <= end_ns);
    let term = |sample: &StatusSample| sample.status.as_ref()?.term;
    // All nodes are asked in one round, and one of them may not have heard yet what the others know.
    let nodes = usize::from(info.nodes);
    let at_first = of_load().filter_map(term).take(nodes).max()?;
    of_load().filter_map(term).max().map(|at_last| at_last - at_first)
}
