//! Faults as they stand in a history: events of the nemesis, and the spans they bound.
//!
//! Each fault writes up to four events of type `info`, whose `f` is the kind of fault (`kill`,
//! `partition`, …) and whose value is
//! `{"fault": 3, "phase": "started", "label": "kill n2", …}`; the phases are those of
//! [`FaultPhase`]. Further members of the value hold the evidence.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Event, Process};

/// Where a fault stands when its event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultPhase {
    /// Its injection is being carried out.
    Start,
    /// It is in force.
    Started,
    /// Its healing is being carried out.
    Heal,
    /// It is no longer in force.
    Healed,
}

/// The span in which one fault was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultWindow {
    /// The fault's number in its schedule.
    pub fault: u64,
    /// The kind: `kill`, `partition`, …
    pub kind: String,
    /// For a person: `kill n2`.
    pub label: String,
    /// When its injection began, in nanoseconds since the start of the load.
    pub start_ns: u64,
    /// When it was healed; `None` if it never was.
    pub end_ns: Option<u64>,
}

/// The value of a nemesis event, to be extended with evidence.
pub fn fault_event_value(fault: u64, phase: FaultPhase, label: &str) -> Value {
    json!({"fault": fault, "phase": phase, "label": label})
}

/// The fields that every nemesis event of a fault carries.
#[derive(Deserialize)]
struct Mark {
    fault: u64,
    phase: FaultPhase,
    #[serde(default)]
    label: String,
}

/// The windows of all faults in a history, in order of their start.
///
/// A window opens with the fault's first event and closes with its `healed` event. Nemesis events
/// of another shape (of another tool, say) are left out.
pub fn fault_windows(events: &[Event]) -> Vec<FaultWindow> {
    let mut windows: Vec<FaultWindow> = Vec::new();
    for event in events.iter().filter(|event| event.process == Process::Nemesis) {
        let Ok(mark) = Mark::deserialize(&event.value) else { continue };
        let known = windows.iter().position(|window| window.fault == mark.fault);
        let at = known.unwrap_or_else(|| {
            windows.push(FaultWindow {
                fault: mark.fault,
                kind: event.f.to_string(),
                label: mark.label.clone(),
                start_ns: event.time,
                end_ns: None,
            });
            windows.len() - 1
        });
        // The label of a role-based fault is known only once the role is resolved.
        if !mark.label.is_empty() {
            windows[at].label = mark.label;
        }
        if mark.phase == FaultPhase::Healed {
            windows[at].end_ns = Some(event.time);
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventType;

    fn nemesis(time: u64, phase: FaultPhase, label: &str) -> Event {
        Event {
            index: time,
            time,
            process: Process::Nemesis,
            kind: EventType::Info,
            f: "kill".into(),
            key: None,
            value: fault_event_value(3, phase, label),
            error: None,
            node: None,
            intended: None,
        }
    }

    #[test]
    fn a_window_spans_start_to_healed() {
        let events = [
            nemesis(10, FaultPhase::Start, "kill leader"),
            nemesis(12, FaultPhase::Started, "kill leader (n2)"),
            nemesis(30, FaultPhase::Heal, ""),
        ];
        let open = fault_windows(&events);
        assert_eq!((open[0].start_ns, open[0].end_ns), (10, None));
        assert_eq!(open[0].label, "kill leader (n2)");
        let healed = [&events[..], &[nemesis(35, FaultPhase::Healed, "")]].concat();
        assert_eq!(fault_windows(&healed)[0].end_ns, Some(35));
    }
}
