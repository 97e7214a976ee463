//! Who led, in which term, and when nodes were dead or stopped.

use ordalia_history::FaultPhase;
use ordalia_node::NodeId;
use ordalia_record::{FaultRecord, StatusSample};
use ordalia_schedule::{Fault, Injection, Targets};

/// What a node was in one span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It answered, with this role.
    Role(String),
    /// It did not answer, and no fault accounts for it.
    Silent,
    /// It was stopped by a fault.
    Paused,
    /// It was killed by a fault.
    Dead,
}

/// A span in which a node's state and term stayed the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// From, in nanoseconds since the start of the load.
    pub start_ns: u64,
    /// To.
    pub end_ns: u64,
    /// What the node was.
    pub state: State,
    /// Its term, where it has one.
    pub term: Option<u64>,
}

/// A span in which a fault kept a node from running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    /// The node.
    pub node: NodeId,
    /// Dead or paused.
    pub state: State,
    /// From the moment that the fault was in force.
    pub start_ns: u64,
    /// To the moment that it was healed, or the end of the run.
    pub end_ns: u64,
}

/// A span in which a node said that it led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reign {
    /// The node.
    pub node: NodeId,
    /// The term, where it has one.
    pub term: Option<u64>,
    /// When it was first seen to lead.
    pub start_ns: u64,
    /// When it was no longer seen to lead.
    pub end_ns: u64,
}

/// The nodes that a resolved fault kills or stops, and which of the two.
fn stopped_nodes(record: &FaultRecord) -> Option<(Vec<NodeId>, State)> {
    if let Ok(fault) = serde_json::from_value::<Fault>(record.resolved.clone()) {
        return match fault {
            Fault::Kill { targets: Targets::Nodes(nodes) } => Some((nodes, State::Dead)),
            Fault::Pause { targets: Targets::Nodes(nodes) } => Some((nodes, State::Paused)),
            _ => None,
        };
    }
    match serde_json::from_value::<Injection>(record.resolved.clone()) {
        Ok(Injection::Kill(nodes)) => Some((nodes, State::Dead)),
        Ok(Injection::Pause(nodes)) => Some((nodes, State::Paused)),
        _ => None,
    }
}

/// The outages that the faults brought, in order of their faults' first record with a resolution.
pub(crate) fn outages(records: &[FaultRecord], end_ns: u64) -> Vec<Outage> {
    let mut outages = Vec::new();
    let mut seen = Vec::new();
    for record in records {
        if seen.contains(&record.fault) {
            continue;
        }
        let Some((nodes, state)) = stopped_nodes(record) else { continue };
        seen.push(record.fault);
        let time = |phase| {
            records.iter().find(|r| r.fault == record.fault && r.phase == phase).map(|record| record.time)
        };
        let start_ns = time(FaultPhase::Started).unwrap_or(record.time);
        let end_ns = time(FaultPhase::Healed).unwrap_or(end_ns);
        outages.extend(nodes.into_iter().map(|node| Outage { node, state: state.clone(), start_ns, end_ns }));
    }
    outages
}

/// The states of one node over the run: what it said, overlaid with its outages.
///
/// A sample holds until the next one; nothing is claimed ahead of the first.
pub(crate) fn segments(
    node: NodeId,
    samples: &[StatusSample],
    outages: &[Outage],
    end_ns: u64,
) -> Vec<Segment> {
    let mut said: Vec<Segment> = Vec::new();
    for sample in samples.iter().filter(|sample| sample.node == node) {
        let (state, term) = match &sample.status {
            Some(status) => (State::Role(status.role.clone()), status.term),
            None => (State::Silent, None),
        };
        if let Some(last) = said.last_mut() {
            last.end_ns = sample.time;
            if last.state == state && last.term == term {
                continue;
            }
        }
        said.push(Segment { start_ns: sample.time, end_ns: sample.time, state, term });
    }
    if let Some(last) = said.last_mut() {
        last.end_ns = end_ns.max(last.start_ns);
    }
    let own = outages.iter().filter(|outage| outage.node == node);
    own.fold(said, overlay)
}

/// Cuts an outage's span out of the segments and puts the outage there.
fn overlay(segments: Vec<Segment>, outage: &Outage) -> Vec<Segment> {
    let mut kept = Vec::with_capacity(segments.len() + 2);
    for segment in segments {
        if segment.start_ns < outage.start_ns {
            let end_ns = segment.end_ns.min(outage.start_ns);
            kept.push(Segment { end_ns, ..segment.clone() });
        }
        if segment.end_ns > outage.end_ns {
            let start_ns = segment.start_ns.max(outage.end_ns);
            kept.push(Segment { start_ns, ..segment });
        }
    }
    let (start_ns, end_ns) = (outage.start_ns, outage.end_ns);
    kept.push(Segment { start_ns, end_ns, state: outage.state.clone(), term: None });
    kept.sort_by_key(|segment| segment.start_ns);
    kept
}

/// The spans in which a node led.
pub(crate) fn reigns(node: NodeId, segments: &[Segment]) -> Vec<Reign> {
    let leads = |segment: &&Segment| matches!(&segment.state, State::Role(role) if role == "leader");
    let reign = |segment: &Segment| Reign {
        node,
        term: segment.term,
        start_ns: segment.start_ns,
        end_ns: segment.end_ns,
    };
    segments.iter().filter(leads).map(reign).collect()
}

/// The terms in which more than one node said that it led, with those nodes.
pub(crate) fn rivals(reigns: &[Reign]) -> Vec<(u64, Vec<NodeId>)> {
    let mut by_term: std::collections::BTreeMap<u64, Vec<NodeId>> = std::collections::BTreeMap::new();
    for reign in reigns {
        let Some(term) = reign.term else { continue };
        let nodes = by_term.entry(term).or_default();
        if !nodes.contains(&reign.node) {
            nodes.push(reign.node);
        }
    }
    by_term.into_iter().filter(|(_, nodes)| nodes.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_node::Status;
    use serde_json::json;

    fn said(time: u64, node: u16, role: &str, term: u64) -> StatusSample {
        let status = Status { role: role.into(), term: Some(term), ..Status::default() };
        StatusSample { time, node: NodeId::new(node), status: Some(status) }
    }

    fn record(time: u64, phase: FaultPhase, resolved: serde_json::Value) -> FaultRecord {
        let (kind, label) = ("kill".into(), "kill n1".into());
        let (effective, error, evidence) = (None, None, serde_json::Value::Null);
        FaultRecord { time, fault: 4, kind, phase, label, resolved, effective, evidence, error }
    }

    fn spans(segments: &[Segment]) -> Vec<(u64, u64, &str)> {
        let name = |state: &State| match state {
            State::Role(role) if role == "leader" => "leader",
            State::Role(_) => "other",
            State::Silent => "silent",
            State::Paused => "paused",
            State::Dead => "dead",
        };
        segments.iter().map(|s| (s.start_ns, s.end_ns, name(&s.state))).collect()
    }

    #[test]
    fn samples_merge_and_an_outage_cuts_through_them() {
        let n1 = NodeId::new(1);
        let mut samples = vec![said(0, 1, "follower", 1), said(10, 1, "leader", 2), said(20, 1, "leader", 2)];
        samples.push(StatusSample { time: 30, node: n1, status: None });
        samples.push(said(50, 1, "follower", 3));
        let kill = json!({"kind": "kill", "targets": {"nodes": ["n1"]}});
        let records = [
            record(23, FaultPhase::Start, kill),
            record(25, FaultPhase::Started, json!(null)),
            record(45, FaultPhase::Healed, json!(null)),
        ];
        let outages = outages(&records, 60);
        assert_eq!(outages, [Outage { node: n1, state: State::Dead, start_ns: 25, end_ns: 45 }]);
        let segments = segments(n1, &samples, &outages, 60);
        assert_eq!(
            spans(&segments),
            [(0, 10, "other"), (10, 25, "leader"), (25, 45, "dead"), (45, 50, "silent"), (50, 60, "other")]
        );
        let reigns = reigns(n1, &segments);
        assert_eq!((reigns[0].start_ns, reigns[0].end_ns, reigns[0].term), (10, 25, Some(2)));
    }

    #[test]
    fn an_injection_says_the_same_as_a_fault() {
        let outages = outages(&[record(5, FaultPhase::Started, json!({"pause": ["n2"]}))], 9);
        assert_eq!((outages[0].state.clone(), outages[0].end_ns), (State::Paused, 9));
    }

    #[test]
    fn two_leaders_of_one_term_are_rivals() {
        let reign = |node, term| Reign { node: NodeId::new(node), term: Some(term), start_ns: 0, end_ns: 1 };
        let rivals = rivals(&[reign(1, 2), reign(2, 3), reign(1, 3), reign(1, 3)]);
        assert_eq!(rivals, [(3, vec![NodeId::new(2), NodeId::new(1)])]);
    }
}
