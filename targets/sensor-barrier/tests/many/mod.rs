//! Many sensors, and three members of the ensemble.

use std::collections::{BTreeMap, BTreeSet};

use ordalia_checker::{Budget, Checker, History, Verdict, properties};
use ordalia_history::EventType;

use crate::play::Play;

/// Plays without faults for so long, and expects so many rounds of all sensors, with nothing amiss.
fn rounds_of(sensors: u16, for_ms: u64, period_ms: u64, least: usize) {
    let options = BTreeMap::from([("sampling-period-ms".to_owned(), period_ms.to_string())]);
    let events = Play { options, for_ms, ..Play::new(3 + sensors) }.run();
    let mut passes: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.f == "wait" && event.kind == EventType::Ok) {
        let (round, sensor) = (event.value["round"].as_u64(), event.value["sensor"].as_str());
        passes.entry(round.unwrap()).or_default().insert(sensor.unwrap().to_owned());
    }
    let sizes: Vec<(u64, usize)> = passes.iter().map(|(round, of)| (*round, of.len())).collect();
    let full = sizes.iter().filter(|(_, size)| *size == usize::from(sensors)).count();
    assert!(full >= least, "{full} rounds of all; each round and who passed: {sizes:?}");
    let history = History::new(events).unwrap();
    for property in [&properties::BarrierSafety as &dyn Checker, &properties::OneLeader, &properties::Means] {
        let judgement = property.check(&history, &Budget::default());
        assert_eq!(judgement.valid, Verdict::Valid, "{}: {judgement:?}", property.name());
    }
}

#[test]
fn thirty_sensors_keep_in_step() {
    rounds_of(30, 2_500, 100, 3);
}

/// `cargo test --release -p ordalia-sensor-barrier -- --ignored two_hundred`
#[test]
#[ignore = "takes long in a debug build"]
fn two_hundred_sensors_keep_in_step() {
    rounds_of(200, 20_000, 500, 5);
}
