//! Tests of the sensors' workload.

use std::collections::BTreeMap;

use ordalia_history::{Event, EventType, OpError, Process};
use ordalia_node::Stat;
use ordalia_workload::generators::Dialogue;
use serde_json::json;

use super::plan::{ADDRESS, PERIOD};
use super::*;

fn sensors() -> Sensors {
    Sensors::new(&WorkloadSettings { seed: 1, threads: 3, rate: Some(100.0) })
}

/// How an operation ended, as the plan hears it.
fn ended(op: &Op, kind: EventType, value: Value) -> Event {
    Event {
        index: 0,
        time: 0,
        process: Process::Client(0),
        kind,
        f: op.f.into(),
        key: op.key.clone(),
        value,
        error: None,
        node: None,
        intended: None,
    }
}

/// The first operations of a seed, where the address is answered from the given question on.
fn told(seed: u64, count: usize, answered_from: usize) -> Vec<Op> {
    let (mut plan, mut last, mut asked, mut ops) = (Plan::new(seed), None, 0, Vec::new());
    while ops.len() < count {
        let op = plan.next(last.as_ref()).unwrap();
        let read = op.f == "configuration_read";
        asked += usize::from(read);
        last = Some(match read && asked < answered_from {
            true => ended(&op, EventType::Fail, Value::Null),
            false => ended(&op, EventType::Ok, json!(["http://api.sim/means?configured=9", 3])),
        });
        ops.push(op);
    }
    ops
}

#[test]
fn the_first_operations_of_a_seed_are_the_same_as_ever() {
    let text = |op: Op| format!("{} {} {}", op.f, op.key.unwrap(), op.value);
    assert_eq!(told(1, 8, 2).into_iter().map(text).collect::<Vec<_>>(), FIRST_OF_SEED_1);
}

const FIRST_OF_SEED_1: [&str; 8] = [
    r#"configuration_read "api_url" null"#,
    r#"configure "sampling_period_ms" 100"#,
    r#"configure "sampling_period_ms" 500"#,
    r#"configure "sampling_period_ms" 200"#,
    r#"configuration_read "api_url" null"#,
    r#"configure "api_url" {"url":"http://api.example"}"#,
    r#"configure "api_url" "http://api.sim/means?configured=5""#,
    r#"configure "api_url" "http://api.sim/means?configured=6""#,
];

#[test]
fn periods_are_mostly_short_and_now_and_then_long_and_addresses_keep_their_base() {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for op in told(3, 4_000, 1) {
        let of_address = op.key == Some(json!(ADDRESS));
        let kind = match (op.value.as_u64(), op.value.as_str()) {
            _ if op.f == "configuration_read" => "read",
            (Some(ms), _) if !of_address && (100..=500).contains(&ms) => "short",
            (Some(ms), _) if !of_address && (3_000..=6_000).contains(&ms) => "long",
            (_, Some(url)) if of_address && url.starts_with("http://api.sim/means?configured=") => "address",
            _ => "malformed",
        };
        *counts.entry(kind).or_default() += 1;
    }
    assert_eq!(counts["read"], 1);
    assert!((1_700..1_950).contains(&counts["short"]), "{counts:?}");
    assert!((380..530).contains(&counts["long"]), "{counts:?}");
    assert!((680..830).contains(&counts["address"]), "{counts:?}");
    assert!((900..1_100).contains(&counts["malformed"]), "{counts:?}");
}

#[test]
fn requests_go_to_the_tree_and_replies_mean_what_they_say() {
    let workload = sensors();
    let stat = Stat { version: 4, children_version: 0, created: 1, modified: 9, owner: None };
    let outcome = |op: &Op, reply: Reply| {
        let request = workload.request(op);
        let Completion { kind, value, error } = workload.complete(op, &request, reply);
        (kind, value, error.map(|error| error.kind))
    };
    let answer = |answer| Reply::Answer(Answer::Coordination(answer));
    let calm = plan::calm();
    let set = workload.request(&calm);
    let sent = serde_json::to_value(&set).unwrap();
    assert_eq!(sent, json!({"type": "set", "path": format!("/config/{PERIOD}"), "value": 200}));
    let done = answer(CoordinationAnswer::SetDone { stat });
    assert_eq!(outcome(&calm, done), (EventType::Ok, json!(4), None));
    let lost = Reply::Lost(OpError::new("timeout"));
    assert_eq!(outcome(&calm, lost), (EventType::Info, json!(200), Some("timeout".to_owned())));
    let read = Op { f: "counter_read", key: None, value: Value::Null };
    let got = answer(CoordinationAnswer::Got { value: json!(70), stat });
    assert_eq!(outcome(&read, got), (EventType::Ok, json!(70), None));
    let absent = Reply::Refused(Refusal::new(ErrorCode::KeyDoesNotExist, ""));
    assert_eq!(outcome(&read, absent).1, json!(0));
    let lost = Reply::Lost(OpError::new("timeout"));
    assert_eq!(outcome(&read, lost).0, EventType::Fail);
}
