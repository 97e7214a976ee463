//! What sensors, their leader and agents wrote into the history, in the terms of the properties.
//!
//! Order between nodes is that of times. Boundaries are what ends the hold of a sensor on the ensemble or may have: any
//! `session` act, and any act that ended in `info`, as all do that are open when a life ends.

use std::collections::BTreeMap;

use ordalia_history::{FaultWindow, Operation, Outcome, Value};

use super::findings::Place;
use super::wording::events;

/// One of `measure`, `wait` and `increment`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a> {
    pub(super) sensor: &'a str,
    pub(super) round: u64,
    pub(super) operation: &'a Operation,
}

impl<'a> Step<'a> {
    /// Where it stands among the rounds.
    pub(super) fn place(&self) -> Place<'a> {
        Place { round: Some(self.round), sensor: Some(self.sensor) }
    }

    pub(super) fn is(&self, f: &str, outcome: Outcome) -> bool {
        self.operation.f == f && self.operation.outcome == outcome
    }
}

/// The acts of all sensors.
#[derive(Debug, Default)]
pub(super) struct Acts<'a> {
    /// All steps, in order of invocation.
    pub(super) steps: Vec<Step<'a>>,
    /// The releases of each round that did not fail, in order of invocation.
    pub(super) releases: BTreeMap<u64, Vec<&'a Operation>>,
    /// When each sensor began with something of which round, in order.
    rounds: BTreeMap<&'a str, Vec<(u64, u64)>>,
    /// When something ended or may have ended, by sensor, in order.
    boundaries: BTreeMap<&'a str, Vec<u64>>,
    /// The last round that may have been released before the record begins.
    before: Option<u64>,
}

impl<'a> Acts<'a> {
    pub(super) fn of(operations: &'a [Operation]) -> Self {
        let mut acts = Self::default();
        for operation in operations {
            let round = number(operation, "round");
            let who = sensor(operation);
            match (operation.f.as_str(), round, who) {
                ("measure" | "wait" | "increment", Some(round), Some(sensor)) => {
                    acts.steps.push(Step { sensor, round, operation });
                    acts.rounds.entry(sensor).or_default().push((operation.invoked_ns, round));
                }
                ("release", Some(round), _) if operation.outcome != Outcome::Fail => {
                    acts.releases.entry(round).or_default().push(operation);
                }
                _ => {}
            }
            if let Some(who) = who {
                acts.boundaries.entry(who).or_default().extend(boundary(operation));
            }
        }
        acts.boundaries.values_mut().for_each(|times| times.sort_unstable());
        acts.before = acts.released_before();
        acts
    }

    /// What was released before the record begins, as far as the sensors' first steps tell: who begins with
    /// measuring a round passed the one before, who begins with anything later of a round perhaps that round.
    fn released_before(&self) -> Option<u64> {
        let first =
            self.releases.iter().flat_map(|(round, of)| of.iter().map(|one| (one.invoked_ns, *round)));
        let first = first.min();
        let mut seen: BTreeMap<&str, Option<u64>> = BTreeMap::new();
        for step in &self.steps {
            if first.is_none_or(|(time, _)| step.operation.invoked_ns < time) {
                let began = step.operation.f == "measure";
                let known = if began { step.round.checked_sub(1) } else { Some(step.round) };
                seen.entry(step.sensor).or_insert(known);
            }
        }
        if seen.is_empty() {
            first.and_then(|(_, round)| round.checked_sub(1))
        } else {
            seen.into_values().flatten().max()
        }
    }

    /// Whether a release of that round would have to be in the record.
    pub(super) fn on_record(&self, round: u64) -> bool {
        self.before.is_none_or(|before| round > before)
    }

    /// When a release of the round was first begun.
    pub(super) fn first_release(&self, round: u64) -> Option<&'a Operation> {
        self.releases.get(&round).and_then(|of| of.first()).copied()
    }

    /// The round that the sensor had begun with last at that time.
    pub(super) fn round_at(&self, sensor: &str, time_ns: u64) -> Option<u64> {
        let begun = self.rounds.get(sensor)?;
        let at = begun.partition_point(|(time, _)| *time <= time_ns).checked_sub(1)?;
        begun.get(at).map(|(_, round)| *round)
    }

    /// Where a sensor stood at that time.
    pub(super) fn place_at(&self, sensor: &'a str, time_ns: u64) -> Place<'a> {
        Place { round: self.round_at(sensor, time_ns), sensor: Some(sensor) }
    }

    /// Whether nothing of the sensor ended after the one time and up to the other.
    pub(super) fn unbroken(&self, sensor: &str, after_ns: u64, until_ns: u64) -> bool {
        let Some(times) = self.boundaries.get(sensor) else { return true };
        let next = times.partition_point(|time| *time <= after_ns);
        times.get(next).is_none_or(|time| *time > until_ns)
    }

    /// The boundaries of the sensor up to that time.
    pub(super) fn boundaries_until(&self, sensor: &str, until_ns: u64) -> &[u64] {
        let times = self.boundaries.get(sensor).map_or(&[][..], Vec::as_slice);
        &times[..times.partition_point(|time| *time <= until_ns)]
    }
}

fn boundary(operation: &Operation) -> Option<u64> {
    match (operation.f.as_str(), operation.outcome) {
        ("session", _) => Some(operation.invoked_ns),
        (_, Outcome::Info) => operation.completed_ns,
        _ => None,
    }
}

/// A member of the completion's value, else of the invocation's.
pub(super) fn field<'a>(operation: &'a Operation, name: &str) -> Option<&'a Value> {
    operation.output.get(name).or_else(|| operation.input.get(name))
}

pub(super) fn number(operation: &Operation, name: &str) -> Option<u64> {
    field(operation, name).and_then(Value::as_u64)
}

pub(super) fn text<'a>(operation: &'a Operation, name: &str) -> Option<&'a str> {
    field(operation, name).and_then(Value::as_str)
}

pub(super) fn sensor(operation: &Operation) -> Option<&str> {
    text(operation, "sensor")
}

/// The sensor's name, or that of the process where there is none.
pub(super) fn name(operation: &Operation) -> String {
    sensor(operation).map_or_else(|| format!("process {}", operation.process), str::to_owned)
}

/// Where an act stands among the rounds, as far as it tells.
pub(super) fn place(operation: &Operation) -> Place<'_> {
    Place { round: number(operation, "round"), sensor: sensor(operation) }
}

/// `, in round 12`, or nothing where the round is not known.
pub(super) fn in_round(place: Place<'_>) -> String {
    place.round.map_or(String::new(), |round| format!(", in round {round}"))
}

/// Nanoseconds for a person: `3.204 s`.
pub(super) fn seconds(ns: u64) -> String {
    format!("{:.3} s", ns as f64 / 1e9)
}

/// When it ended, or began where it did not end, and where it stands: `at 3.204 s (events 7–9)`.
pub(super) fn ended(operation: &Operation) -> String {
    let time = operation.completed_ns.unwrap_or(operation.invoked_ns);
    format!("at {} ({})", seconds(time), events(operation))
}

/// When it began, and where it stands.
pub(super) fn begun(operation: &Operation) -> String {
    format!("at {} ({})", seconds(operation.invoked_ns), events(operation))
}

/// Whether no fault was in force at any time of the span.
pub(super) fn quiet(faults: &[FaultWindow], from_ns: u64, until_ns: u64) -> bool {
    !faults.iter().any(|fault| fault.start_ns <= until_ns && fault.end_ns.is_none_or(|end| end >= from_ns))
}

/// The earliest time from there on at which that long nothing was in force; `None` where a fault never ends.
pub(super) fn quiet_until(faults: &[FaultWindow], from_ns: u64, span_ns: u64) -> Option<u64> {
    // Faults come in order of their start.
    let mut begin = from_ns;
    for fault in faults {
        let touches = fault.start_ns <= begin.saturating_add(span_ns);
        if touches && fault.end_ns.is_none_or(|end| end >= begin) {
            begin = fault.end_ns?.saturating_add(1);
        }
    }
    Some(begin.saturating_add(span_ns))
}

/// The last time of which something in the record says that the test went on.
pub(super) fn end_ns(operations: &[Operation]) -> u64 {
    let ok =
        |one: &Operation| one.completed_ns.filter(|_| one.outcome == Outcome::Ok).unwrap_or(one.invoked_ns);
    operations.iter().map(ok).max().unwrap_or(0)
}
