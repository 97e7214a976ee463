//! A made-up run: five nodes, faults, leaders, eight keys, and one stale read. The same on every call.

#![allow(clippy::unwrap_used, reason = "a test may end where it cannot go on")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ordalia_checker::{Judgement, TestVerdict, Verdict};
use ordalia_history::{
    Event, EventType, FaultPhase, OpError, Operation, Outcome, Process, fault_event_value, pair,
};
use ordalia_node::{NodeId, Status};
use ordalia_record::{
    FaultRecord, HealInfo, LinkTotals, NodeDeath, Phase, RunFolder, RunInfo, StatusSample, TargetSettings,
    write_json,
};
use serde_json::{Value, json};

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;
const CLIENTS: u64 = 10;

/// What a hostile node would like to put on the page.
pub const HOSTILE: &str = "<script>alert(\"x\")</script>";

/// A fault: kind, label, from and to in milliseconds, as resolved, and what shows it.
type Trouble = (&'static str, &'static str, u64, u64, Value, Value);

fn troubles() -> Vec<Trouble> {
    let cut = json!({"links": {"links": [["n4","n1"],["n1","n4"]], "change": {"cut": "drop"}}});
    let counter = json!({"link": "n1→n4", "messages_before": 812, "messages_after": 812, "dropped": 140});
    vec![
        (
            "kill",
            "kill leader (n2)",
            2_400,
            4_300,
            json!({"kill": ["n2"]}),
            json!({"n2": {"pid": 4711, "signal": 9}}),
        ),
        ("partition", "partition halves n4 n5 | n1 n2 n3", 6_100, 8_700, cut.clone(), counter.clone()),
        ("delay", "delay 40 ms ± 10 ms on 6 links", 7_600, 11_200, Value::Null, json!({"held_ms": 41})),
        (
            "pause",
            "pause n3",
            10_300,
            12_000,
            json!({"pause": ["n3"]}),
            json!({"n3": {"state": "T (stopped)"}}),
        ),
        (
            "kill",
            "kill n1",
            13_900,
            15_200,
            json!({"kill": ["n1"]}),
            json!({"n1": {"pid": 4710, "signal": 9}}),
        ),
        (
            "kill",
            "kill n5",
            14_200,
            15_900,
            json!({"kill": ["n5"]}),
            json!({"n5": {"pid": 4714, "signal": 9}}),
        ),
        ("partition", "partition majorities-ring", 16_800, 18_900, cut, counter),
    ]
}

/// Numbers that look random and are the same on every call.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Writes the run's files into a folder.
pub fn write(root: &Path) -> RunFolder {
    fs::create_dir_all(root).unwrap();
    write_json(&root.join("run.json"), &info()).unwrap();
    let (events, stale) = history();
    lines(&root.join("history.jsonl"), &events);
    let run = RunFolder::open(root).unwrap();
    lines(&run.faults(), &fault_records());
    lines(&run.status(), &status());
    write_json(&run.links(), &links()).unwrap();
    write_json(&run.verdict(), &verdict(&pair(&events).unwrap(), stale)).unwrap();
    for node in NodeId::all(5) {
        fs::create_dir_all(run.node(node)).unwrap();
        let log = format!(
            "12:00:00.010 listening\n12:00:02.411 term 3: voted for n4\n12:00:03 peer said {HOSTILE}\n"
        );
        fs::write(run.node(node).join("log"), log).unwrap();
    }
    run
}

fn lines<T: serde::Serialize>(path: &Path, values: &[T]) {
    let mut text = String::new();
    for value in values {
        writeln!(text, "{}", serde_json::to_string(value).unwrap()).unwrap();
    }
    fs::write(path, text).unwrap();
}

fn info() -> RunInfo {
    let phase = |name: &str, start: u64, end: u64| Phase {
        name: name.into(),
        start_ns: start * MS,
        end_ns: end * MS,
    };
    RunInfo {
        version: "0.1.0".into(),
        binary: "9f3c01ab".into(),
        command: "ordalia run raft-kv --reads local --workload register --nodes 5 --concurrency 10 --time-limit 20s --faults kill,pause,partition,delay --seed 42".into(),
        started: "2026-01-02T03:04:05Z".into(),
        target: TargetSettings {
            name: "raft-kv".into(),
            options: BTreeMap::from([("reads".to_owned(), "local".to_owned())]),
            bugs: Vec::new(),
        },
        workload: "register".into(),
        seed: 42,
        nodes: 5,
        concurrency: CLIENTS as usize,
        rate: Some(400.0),
        time_limit_ms: 20_000,
        client_timeout_ms: 1_000,
        faults: vec!["kill".into(), "pause".into(), "partition".into(), "delay".into()],
        fault_interval_ms: 3_000,
        proxied: true,
        simulated: false,
        phases: vec![phase("load", 0, 20_000), phase("heal", 20_000, 20_180), phase("closing", 20_180, 20_700)],
        heal: Some(HealInfo { took_ms: 180, problems: Vec::new() }),
        deaths: vec![NodeDeath {
            time: 19_950 * MS,
            node: "n2".into(),
            how: "ended with status 101".into(),
            log_tail: vec![format!("panicked: {HOSTILE}")],
        }],
        ended_early: None,
    }
}

/// What is being built of a history.
struct Writer {
    events: Vec<Event>,
    values: BTreeMap<u64, Value>,
    dice: Dice,
}

/// The events, and the position of the stale read among the operations' invocations.
fn history() -> (Vec<Event>, u64) {
    let mut writer = Writer { events: Vec::new(), values: BTreeMap::new(), dice: Dice(7) };
    let mut processes: Vec<(u64, u64)> = (0..CLIENTS).map(|client| (client, client * 2 * MS)).collect();
    let mut fresh = CLIENTS;
    while let Some(at) = (0..processes.len()).min_by_key(|at| processes[*at].1) {
        let (process, time) = processes[at];
        if time > 20 * SECOND {
            break;
        }
        let (free_at, lost) = writer.operate(process, time);
        processes[at] = (if lost { fresh } else { process }, free_at);
        fresh += u64::from(lost);
    }
    for (fault, (kind, label, from, to, ..)) in troubles().into_iter().enumerate() {
        for (phase, time) in [
            (FaultPhase::Start, from),
            (FaultPhase::Started, from + 4),
            (FaultPhase::Heal, to),
            (FaultPhase::Healed, to + 9),
        ] {
            let value = fault_event_value(fault as u64, phase, label);
            writer.push(time * MS, Process::Nemesis, EventType::Info, kind, None, value);
        }
    }
    writer.events.sort_by_key(|event| event.time);
    let stale = make_stale(&mut writer.events);
    for (index, event) in writer.events.iter_mut().enumerate() {
        event.index = index as u64;
    }
    (writer.events, stale as u64)
}

impl Writer {
    fn push(
        &mut self,
        time: u64,
        process: Process,
        kind: EventType,
        f: &str,
        key: Option<Value>,
        value: Value,
    ) {
        let (index, error, node, intended) = (0, None, None, None);
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

    /// One operation; returns when its client is free again, and whether its outcome stays unknown.
    fn operate(&mut self, process: u64, time: u64) -> (u64, bool) {
        let troubled =
            troubles().iter().any(|(_, _, from, to, ..)| (from * MS..(to + 300) * MS).contains(&time));
        let outage = troubles().iter().any(|(_, _, from, ..)| (from * MS..(from + 350) * MS).contains(&time));
        let number = self.dice.roll(8);
        let mut latency = 300_000 + self.dice.roll(900_000) + self.dice.roll(30).pow(3) * 300;
        if troubled {
            latency += self.dice.roll(40) * MS;
        }
        if outage {
            latency = 120 * MS + self.dice.roll(230) * MS;
        }
        let lost = outage && self.dice.roll(4) == 0;
        let failed = troubled && self.dice.roll(14) == 0;
        let latency = if lost { SECOND } else { latency };
        let (f, input, output) = self.choose(number);
        let key = Some(json!(format!("k{number}")));
        self.push(time, Process::Client(process), EventType::Invoke, f, key.clone(), input.clone());
        let at = self.events.len() - 1;
        self.events[at].intended = Some(time.saturating_sub(self.dice.roll(5) * MS));
        self.events[at].node = Some(format!("n{}", process % 5 + 1).into());
        let (kind, value, error) = match (lost, failed, &output) {
            (true, ..) => (EventType::Info, input, Some(OpError::new("timeout"))),
            (_, true, _) => (EventType::Fail, input, Some(OpError::with_text("not-leader", HOSTILE))),
            (_, _, None) => (EventType::Fail, input, Some(OpError::new("precondition-failed"))),
            (_, _, Some(output)) => (EventType::Ok, output.clone(), None),
        };
        if kind == EventType::Ok && f != "read" {
            self.values.insert(number, value.get(1).unwrap_or(&value).clone());
        }
        self.push(time + latency, Process::Client(process), kind, f, key, value);
        let at = self.events.len() - 1;
        self.events[at].error = error;
        (time + latency + 2 * MS + self.dice.roll(18) * MS, lost)
    }

    /// A request on a key, and its answer; no answer stands for a precondition that does not hold.
    fn choose(&mut self, number: u64) -> (&'static str, Value, Option<Value>) {
        let current = self.values.get(&number).cloned().unwrap_or(Value::Null);
        let next = json!(self.dice.roll(9));
        match self.dice.roll(10) {
            0..5 => ("read", Value::Null, Some(current)),
            5..8 => ("write", next.clone(), Some(next)),
            8 => ("cas", json!([current, next]), Some(json!([current, next]))),
            _ => ("cas", json!([next, 1]), None),
        }
    }
}

/// Turns a read during the first partition into a stale one and returns the position of its invocation.
fn make_stale(events: &mut [Event]) -> usize {
    let is_read = |event: &Event| event.kind == EventType::Ok && event.f == "read" && event.time > 8 * SECOND;
    let at = events.iter().position(is_read).unwrap();
    events[at].value = json!(77);
    let process = events[at].process;
    events[..at]
        .iter()
        .rposition(|event| event.process == process && event.kind == EventType::Invoke)
        .unwrap()
}

fn verdict(operations: &[Operation], stale: u64) -> TestVerdict {
    let culprit = operations.iter().find(|operation| operation.invoke_index == stale).unwrap();
    let own = operations.iter().filter(|operation| {
        operation.key == culprit.key && operation.completed_ns.is_some_and(|end| end < culprit.invoked_ns)
    });
    let order: Vec<u64> = own.filter(|o| o.outcome == Outcome::Ok).map(|o| o.invoke_index).collect();
    let mut linearizable = Judgement::new(Verdict::Valid);
    let reason = format!(
        "key {}: read by process {} returned 77, but every order of the operations leaves the register at 5 by then; the value 77 had been overwritten by write 5, which completed 12.3 ms before this read began",
        culprit.key.as_ref().and_then(Value::as_str).unwrap_or("k"),
        culprit.process
    );
    linearizable.because(Verdict::Invalid, reason);
    linearizable.detail("model", "cas-register");
    linearizable.detail("keys_checked", 8);
    linearizable.detail("operations", operations.len());
    linearizable.detail("key", &culprit.key);
    linearizable.detail("operation", json!({"invoke_index": stale, "process": culprit.process, "f": "read"}));
    linearizable.detail("legal", ["read 5", "write of any value", "cas 5→x"]);
    linearizable.detail("states", [5]);
    linearizable.detail("prefix_length", order.len());
    linearizable.detail("linearized", &order[order.len().saturating_sub(200)..]);
    let (start, end) = (culprit.invoked_ns - 120 * MS, culprit.invoked_ns + 90 * MS);
    linearizable.detail("window", json!({"start_ns": start, "end_ns": end}));
    linearizable.detail("failing_keys", [&culprit.key]);
    linearizable.detail("failing_key_count", 1);
    let mut availability = Judgement::new(Verdict::Valid);
    availability.detail("ok_fraction", 0.957);
    availability.detail("longest_gap_ns", 340 * MS);
    availability.detail(
        "gaps",
        [
            json!({"start_ns": 2_410 * MS, "end_ns": 2_750 * MS}),
            json!({"start_ns": 13_900 * MS, "end_ns": 14_200 * MS}),
        ],
    );
    let mut stats = Judgement::new(Verdict::Valid);
    stats.because(Verdict::Unknown, format!("only 3 transfer operations were ok; expected 10 {HOSTILE}"));
    let checkers = [
        ("linearizable", linearizable),
        ("availability", availability),
        ("recovery", recovery()),
        ("stats", stats),
    ];
    TestVerdict::compose(checkers.into_iter().map(|(name, judgement)| (name.to_owned(), judgement)).collect())
}

fn recovery() -> Judgement {
    let mut recovery = Judgement::new(Verdict::Valid);
    let recoveries = troubles().into_iter().enumerate().map(|(fault, (kind, label, _, to, ..))| {
        let taken = (fault != 5).then_some((fault as u64 * 37 + 2) * MS);
        json!({"fault": fault, "kind": kind, "label": label, "healed_ns": to * MS,
               "first_ok_ns": taken.map(|taken| to * MS + taken), "recovery_ns": taken})
    });
    recovery.detail("recoveries", recoveries.collect::<Vec<_>>());
    recovery
}

fn fault_records() -> Vec<FaultRecord> {
    let mut records = Vec::new();
    for (fault, (kind, label, from, to, resolved, evidence)) in troubles().into_iter().enumerate() {
        let record = |phase, at: u64| FaultRecord {
            time: at * MS,
            fault: fault as u64,
            kind: kind.into(),
            phase,
            label: label.into(),
            resolved: resolved.clone(),
            effective: (phase == FaultPhase::Started).then_some(fault != 2),
            evidence: if phase == FaultPhase::Started { evidence.clone() } else { Value::Null },
            error: None,
        };
        records.extend([
            record(FaultPhase::Start, from),
            record(FaultPhase::Started, from + 4),
            record(FaultPhase::Heal, to),
            record(FaultPhase::Healed, to + 9),
        ]);
    }
    records.sort_by_key(|record| record.time);
    records
}

/// Who leads from which millisecond, in which term; node 0 is nobody.
const LEADERS: [(u64, u64, u16); 8] = [
    (0, 1, 0),
    (180, 2, 2),
    (2_410, 3, 0),
    (2_700, 3, 4),
    (6_300, 4, 1),
    (13_910, 5, 0),
    (14_200, 5, 3),
    (17_100, 6, 4),
];

fn status() -> Vec<StatusSample> {
    let mut samples = Vec::new();
    for at in (0..20_700).step_by(100) {
        let (_, term, leader) = LEADERS.into_iter().rfind(|(from, ..)| *from <= at).unwrap();
        for node in NodeId::all(5) {
            let cut_off = node.number() == 4 && (6_300..8_700).contains(&at);
            let role = match (leader == node.number() || cut_off, leader) {
                (true, _) => "leader",
                (false, 0) if node.number() == 4 => "candidate",
                _ => "follower",
            };
            let fields = BTreeMap::from([
                ("commit_index".to_owned(), json!(at / 3)),
                ("motto".to_owned(), json!(HOSTILE)),
            ]);
            let term = if cut_off { 3 } else { term };
            let status = Status { role: role.into(), term: Some(term), leader: None, fields };
            let dead = troubles().iter().any(|(kind, label, from, to, ..)| {
                *kind == "kill" && label.contains(&node.to_string()) && (*from..to + 80).contains(&at)
            });
            samples.push(StatusSample { time: at * MS, node, status: (!dead).then_some(status) });
        }
    }
    samples
}

fn links() -> Vec<LinkTotals> {
    let mut dice = Dice(3);
    let mut links = Vec::new();
    for from in NodeId::all(5) {
        for to in NodeId::all(5).into_iter().filter(|to| *to != from) {
            let messages = 900 + dice.roll(21_000);
            links.push(LinkTotals {
                from: from.to_string(),
                to: to.to_string(),
                messages,
                bytes: messages * (90 + dice.roll(120)),
                dropped: dice.roll(3) * dice.roll(400),
                duplicated: 0,
                connections: 1 + dice.roll(4),
            });
        }
    }
    links
}
