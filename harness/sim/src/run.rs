//! What a simulated test leaves behind: the same records as a real one.

use ordalia_history::Event;
use ordalia_record::{DiskTotals, FaultRecord, LinkTotals, RunInfo, StatusSample};

use crate::TraceEvent;

/// Everything that is known of a simulated test.
#[derive(Clone, Debug, PartialEq)]
pub struct SimRun {
    /// Settings, phases, heal, deaths. What only the caller knows (version, command) is left empty.
    pub info: RunInfo,
    /// The history. Times count from the start of the load.
    pub events: Vec<Event>,
    /// What each fault did.
    pub faults: Vec<FaultRecord>,
    /// What the nodes said of themselves, five times a second; empty unless asked for.
    pub status: Vec<StatusSample>,
    /// The totals of each link.
    pub links: Vec<LinkTotals>,
    /// The totals of each disk.
    pub disks: Vec<DiskTotals>,
    /// By how much the highest term grew in the load; `None` of nodes without terms.
    pub elections: Option<u64>,
    /// What happened, event by event; empty unless asked for. Times count from the start of the world.
    pub trace: Vec<TraceEvent>,
    /// When the load began, in nanoseconds since the start of the world.
    pub load_start_ns: u64,
    /// A checksum over all that happened, in order: equal for equal runs.
    pub digest: u64,
    /// How much happened.
    pub effort: Effort,
}

/// How much a simulated test took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Virtual time, in nanoseconds.
    pub virtual_ns: u64,
    /// Events of the world.
    pub events: u64,
    /// Messages that nodes took in.
    pub messages: u64,
    /// Operations that clients invoked.
    pub operations: u64,
}

/// Where two runs first differ, for a person; `None` if they are the same in everything. With their traces kept
/// it names the event.
pub fn first_difference(first: &SimRun, second: &SimRun) -> Option<String> {
    let events = first.trace.iter().zip(&second.trace).enumerate();
    if let Some((at, (one, other))) = events.into_iter().find(|(_, (one, other))| one != other) {
        return Some(format!("event {at} is first {one:?}, and then {other:?}"));
    }
    if first.trace.len() != second.trace.len() {
        return Some(format!("first {} events happen, and then {}", first.trace.len(), second.trace.len()));
    }
    let parts = [
        ("the histories", first.events == second.events),
        ("the faults", first.faults == second.faults),
        ("what the nodes say of themselves", first.status == second.status),
        ("the totals of the links", first.links == second.links),
        ("the checksums", first.digest == second.digest),
    ];
    let part = parts.iter().find(|(_, same)| !same).map(|(what, _)| *what);
    part.or_else(|| (first != second).then_some("the records of the runs"))
        .map(|what| format!("{what} differ"))
}
