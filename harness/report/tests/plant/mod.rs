//! A made-up plant: sensors at a barrier, a change of leader, a crash with a restart, and a round that a partition holds
//! up. The same on every call.

#![allow(clippy::unwrap_used, reason = "a test may end where it cannot go on")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ordalia_history::{Event, EventType, FaultPhase, OpError, Process, fault_event_value};
use ordalia_record::RunFolder;
use serde_json::{Value, json};

pub const MS: u64 = 1_000_000;

/// The history of a plant in the making. Times are in milliseconds.
pub struct Plant {
    pub events: Vec<Event>,
    process: u64,
}

impl Plant {
    pub fn new() -> Self {
        Self { events: Vec::new(), process: 2_000_000_000 }
    }

    fn push(
        &mut self,
        at: u64,
        process: Process,
        kind: EventType,
        f: &str,
        value: Value,
        error: Option<&str>,
    ) {
        let error = error.map(OpError::new);
        let (index, time, key, node, intended) = (0, at * MS, None, None, None);
        self.events.push(Event {
            index,
            time,
            process,
            kind,
            f: f.into(),
            key,
            value,
            error,
            node,
            intended,
        });
    }

    /// An act from its begin to its end.
    pub fn act(&mut self, f: &str, from: u64, to: u64, kind: EventType, asked: Value, told: Value) {
        self.process += 1;
        let process = Process::Client(self.process);
        let error = match kind {
            EventType::Fail => Some("refused"),
            EventType::Info => Some("crashed"),
            _ => None,
        };
        self.push(from, process, EventType::Invoke, f, asked, None);
        self.push(to, process, kind, f, told, error);
    }

    /// An act that needed no time.
    pub fn note(&mut self, f: &str, at: u64, value: Value) {
        self.act(f, at, at, EventType::Ok, Value::Null, value);
    }

    /// A fault from its begin to its heal.
    pub fn fault(&mut self, number: u64, kind: &str, label: &str, from: u64, to: u64) {
        for (phase, at) in [
            (FaultPhase::Start, from),
            (FaultPhase::Started, from),
            (FaultPhase::Heal, to),
            (FaultPhase::Healed, to),
        ] {
            let value = fault_event_value(number, phase, label);
            self.push(at, Process::Nemesis, EventType::Info, kind, value, None);
        }
    }

    /// A sensor measures from its begin, waits, and passes at `passed`.
    pub fn round(&mut self, sensor: u64, round: u64, begin: u64, measured: u64, passed: u64) {
        let name = format!("n{sensor}");
        let asked = json!({"sensor": name, "round": round});
        let value = value(sensor, round);
        let held = json!({"sensor": name, "round": round, "value": value});
        self.act("measure", begin, measured, EventType::Ok, asked.clone(), held);
        self.act("wait", measured, passed, EventType::Ok, asked.clone(), asked.clone());
        let total = round * 5 + sensor;
        let told = json!({"sensor": name, "round": round, "total": total});
        self.act("increment", passed, passed + 3, EventType::Ok, asked, told);
    }

    /// The leader posts the mean, off by `error`, and releases the round.
    pub fn release(&mut self, leader: u64, epoch: u64, round: u64, sensors: &[u64], at: u64, error: f64) {
        let name = format!("n{leader}");
        let values: serde_json::Map<String, Value> =
            sensors.iter().map(|sensor| (format!("n{sensor}"), json!(value(*sensor, round)))).collect();
        let mean =
            sensors.iter().map(|sensor| value(*sensor, round)).sum::<f64>() / sensors.len() as f64 + error;
        let post = json!({"sensor": name, "epoch": epoch, "round": round, "mean": mean, "values": values, "attempt": 1});
        self.act("post", at.saturating_sub(40), at.saturating_sub(15), EventType::Ok, post.clone(), post);
        let posted = json!({"round": round, "mean": mean, "epoch": epoch, "sensor": name, "id": format!("r{round}"), "first": true});
        self.note("posted", at.saturating_sub(25), posted);
        let expected: Vec<String> = sensors.iter().map(|sensor| format!("n{sensor}")).collect();
        let release =
            json!({"sensor": name, "epoch": epoch, "round": round, "expected": expected, "values": values});
        self.act("release", at.saturating_sub(10), at, EventType::Ok, release.clone(), release);
    }

    /// The events in time order, numbered.
    pub fn history(mut self) -> Vec<Event> {
        self.events.sort_by_key(|event| event.time);
        for (index, event) in self.events.iter_mut().enumerate() {
            event.index = index as u64;
        }
        self.events
    }
}

/// What a sensor measures in a round.
pub fn value(sensor: u64, round: u64) -> f64 {
    20.0 + (sensor * 7 % 5) as f64 * 0.5 + (round * 3 % 7) as f64 * 0.25
}

/// Writes a history into a folder.
pub fn write(root: &Path, events: &[Event]) -> RunFolder {
    let mut text = String::new();
    for event in events {
        writeln!(text, "{}", serde_json::to_string(event).unwrap()).unwrap();
    }
    fs::write(root.join("run.json"), "{}").unwrap();
    fs::write(root.join("history.jsonl"), text).unwrap();
    RunFolder::open(root).unwrap()
}

/// When each of the twelve rounds of [`five`] begins and is released, in milliseconds.
fn times(round: u64) -> (u64, u64) {
    // The crash of the leader holds up round 6, the partition round 9.
    let held = if round > 6 { 900 } else { 0 } + if round > 9 { 1_700 } else { 0 };
    let begin = 100 + (round - 1) * 800 + held;
    let release = match round {
        6 => begin + 1_640,
        9 => begin + 2_430,
        _ => begin + 720,
    };
    (begin, release)
}

/// Five sensors and twelve rounds. The leader n2 crashes in round 6 and comes back, n4 leads from then on; a partition
/// holds up round 9 and costs n5 its session; the API records a wrong mean of round 7 and hears of round 3 twice.
pub fn five() -> Vec<Event> {
    let mut plant = Plant::new();
    plant.fault(0, "kill", "kill n2", 4_600, 5_200);
    plant.fault(1, "partition", "partition n5 | n1 n2 n3 n4", 7_700, 9_200);
    for sensor in 1..=5 {
        let name = format!("n{sensor}");
        plant.note("session", 20 + sensor, json!({"sensor": name, "session": sensor, "state": "opened"}));
        let period = |version: u64, ms: u64| json!({"sensor": name, "name": "sampling_period_ms", "value": ms, "version": version});
        plant.note("configured", 30 + sensor, period(0, 500));
        plant.note("configured", 2_600 + sensor * 9, period(1, 400));
    }
    plant.act(
        "configured",
        6_200,
        6_200,
        EventType::Fail,
        Value::Null,
        json!({"sensor": "n1", "name": "sampling_period_ms", "value": "soon"}),
    );
    plant.note("lead", 60, json!({"sensor": "n2", "epoch": 1}));
    plant.note("lead", 5_500, json!({"sensor": "n4", "epoch": 2}));
    for round in 1..=12 {
        let (begin, released) = times(round);
        let leader = if round < 6 { 2 } else { 4 };
        let sensors: &[u64] = match round {
            6 => &[1, 3, 4, 5],
            9 => &[1, 2, 3, 4],
            _ => &[1, 2, 3, 4, 5],
        };
        for sensor in sensors {
            plant.round(*sensor, round, begin + sensor * 4, begin + 420 + sensor * 37, released + sensor * 6);
        }
        let error = if round == 7 { 0.4 } else { 0.0 };
        plant.release(leader, leader / 2, round, sensors, released, error);
    }
    troubles(&mut plant);
    // The record ends while the next round is being measured.
    let next = json!({"sensor": "n1", "round": 13});
    plant.act("measure", 12_335, 12_400, EventType::Info, next, Value::Null);
    plant.history()
}

/// What goes wrong in [`five`].
fn troubles(plant: &mut Plant) {
    let second = json!({"sensor": "n2", "round": 6});
    plant.act("measure", 4_108, 4_600, EventType::Info, second, Value::Null);
    plant.note("session", 5_420, json!({"sensor": "n2", "session": 9, "state": "opened"}));
    let fifth = json!({"sensor": "n5", "round": 9});
    let held = json!({"sensor": "n5", "round": 9, "value": value(5, 9)});
    plant.act("measure", 7_420, 7_690, EventType::Ok, fifth.clone(), held);
    plant.act("wait", 7_690, 9_260, EventType::Fail, fifth.clone(), fifth);
    plant.note("session", 9_250, json!({"sensor": "n5", "session": 5, "state": "expired"}));
    plant.note("session", 9_600, json!({"sensor": "n5", "session": 11, "state": "opened"}));
    let again = json!({"round": 3, "mean": 21.2, "epoch": 1, "sensor": "n2", "id": "r3", "first": false});
    plant.note("posted", 2_500, again);
    let lost = json!({"sensor": "n4", "epoch": 2, "round": 9, "mean": 21.0, "values": {}, "attempt": 1});
    plant.act("post", 9_300, 9_600, EventType::Fail, lost.clone(), lost);
}

/// Many sensors and rounds; one sensor is late in a round in the middle.
pub fn many(sensors: u64, rounds: u64, period: u64) -> Vec<Event> {
    let mut plant = Plant::new();
    let all: Vec<u64> = (1..=sensors).collect();
    plant.note("lead", 1, json!({"sensor": "n3", "epoch": 1}));
    for round in 1..=rounds {
        let late = if round == rounds / 2 { period / 2 } else { 0 };
        let begin = 10 + (round - 1) * period + if round > rounds / 2 { period / 2 } else { 0 };
        let released = begin + period * 9 / 10 + late;
        for sensor in &all {
            let spread = (sensor * 37 + round * 11) % (period / 3);
            let late = if *sensor == 7 { late } else { 0 };
            plant.round(
                *sensor,
                round,
                begin + sensor % 8,
                begin + period / 2 + spread + late,
                released + sensor % 10,
            );
        }
        plant.release(3, 1, round, &all, released, 0.0);
    }
    plant.fault(
        0,
        "partition",
        "partition n7 | the others",
        period * (rounds / 2),
        period * (rounds / 2) + period,
    );
    plant.history()
}
