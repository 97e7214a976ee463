//! The properties of the sensor barrier against a small simulation of its protocol: what sensors that crash, lose
//! their sessions, join late and change their leader did rightly breaks nothing, and each planted violation is
//! found, with the words that name the culprit.

// Helpers of tests are not tests to the lint; a panic is their way to fail.
#![allow(clippy::unwrap_used)]

mod plant;

use ordalia_checker::properties::{PassesCounted, Progress, SessionsKept, property};
use ordalia_checker::{Budget, Checker, History, Judgement, Verdict};
use ordalia_history::{Event, EventType};
use plant::Plant;
use proptest::prelude::*;
use serde_json::{Value, json};

const NAMES: [&str; 7] =
    ["barrier-safety", "one-leader", "means", "passes-counted", "configuration", "sessions-kept", "progress"];

fn checker(name: &str) -> Box<dyn Checker> {
    match name {
        // Faults are many in the plant, so that its quiet spans are short.
        "sessions-kept" => Box::new(SessionsKept { timeout: plant::TIMEOUT }),
        "progress" => Box::new(Progress { bound: plant::BOUND, min_rounds: 3 }),
        "configuration" => Box::new(ordalia_checker::properties::Configuration { bound: plant::BOUND }),
        _ => (property(name).unwrap().make)(&Value::Null),
    }
}

fn judge(name: &str, events: &[Event]) -> Judgement {
    let history = History::new(events.to_vec()).unwrap();
    checker(name).check(&history, &Budget::default())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_the_protocol_did_is_never_alarmed(seed: u64) {
        let events = Plant::run(seed, 11, true);
        for name in NAMES {
            let judgement = judge(name, &events);
            prop_assert!(judgement.valid != Verdict::Invalid, "{name}: {:#?}", judgement.reasons);
        }
    }

    #[test]
    fn nor_is_a_record_that_begins_in_the_midst_of_it(seed: u64, from in 0u64..6_000) {
        let events = plant::cut(&Plant::run(seed, 8, true), from * 1_000_000);
        for name in NAMES {
            let judgement = judge(name, &events);
            prop_assert!(judgement.valid != Verdict::Invalid, "{name}: {:#?}", judgement.reasons);
        }
    }
}

#[test]
fn a_calm_plant_is_valid_by_all_properties() {
    for seed in 0..50 {
        let events = Plant::run(seed, 12, false);
        for name in NAMES {
            let judgement = judge(name, &events);
            assert_eq!(judgement.valid, Verdict::Valid, "{seed} {name}: {:#?}", judgement.reasons);
        }
    }
}

/// Many more of both: `cargo test --release -p ordalia-checker --test sensors -- --ignored`.
#[test]
#[ignore = "runs for a minute; the command is above"]
fn no_alarm_in_ten_thousand() {
    for seed in 0..10_000 {
        let events = Plant::run(seed, 11, true);
        let late = plant::cut(&events, seed % 6_000 * 1_000_000);
        for name in NAMES {
            for events in [&events, &late] {
                let judgement = judge(name, events);
                assert!(judgement.valid != Verdict::Invalid, "{seed} {name}: {:#?}", judgement.reasons);
            }
        }
    }
}

/// Where the event is: of that name, type, round and sensor.
fn find(events: &[Event], f: &str, kind: EventType, round: u64, who: Option<&str>) -> usize {
    let fits = |event: &&Event| {
        event.f == f
            && event.kind == kind
            && event.value["round"] == round
            && who.is_none_or(|who| event.value["sensor"] == who)
    };
    let event = events.iter().find(fits).unwrap_or_else(|| panic!("{f} {round}"));
    events.iter().position(|other| std::ptr::eq(event, other)).unwrap()
}

/// Gives events their order and their numbers again.
fn settle(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|event| event.time);
    for (index, event) in (0..).zip(&mut events) {
        event.index = index;
    }
    events
}

/// Plants something in many calm histories and demands that it is found, with these words, and with
/// the round and the sensor in its details, that the picture of rounds marks.
fn planted(name: &str, words: &[&str], plant: impl Fn(&mut Vec<Event>)) {
    for seed in 0..30 {
        let mut events = Plant::run(seed, 14, false);
        plant(&mut events);
        let judgement = judge(name, &settle(events));
        assert_eq!(judgement.valid, Verdict::Invalid, "{seed} {name} {words:?}");
        let told = judgement.reasons.join("\n");
        assert!(words.iter().all(|word| told.contains(word)), "{seed} {name} {words:?}: {told}");
        let findings = judgement.details["findings"].as_array().unwrap();
        let fits = |finding: &Value| finding["sensor"].is_string() || finding["round"].is_u64();
        assert!(findings.iter().all(fits) && findings.iter().any(is_place), "{seed} {name}: {findings:?}");
    }
}

/// Whether that names a round, and a sensor of it.
fn is_place(finding: &Value) -> bool {
    let sensor = finding["sensor"].as_str().and_then(|name| name.strip_prefix('n'));
    finding["round"].is_u64() && sensor.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Members of values of a round's posts and releases.
fn change(events: &mut [Event], fs: &[&str], round: u64, with: impl Fn(&mut Value)) {
    for event in
        events.iter_mut().filter(|event| fs.contains(&event.f.as_str()) && event.value["round"] == round)
    {
        with(&mut event.value);
    }
}

#[test]
fn a_sensor_that_passes_early_is_named_with_those_that_had_not_measured() {
    planted("barrier-safety", &["round 4: n2 passed at", "before it was released"], |events| {
        let release = find(events, "release", EventType::Invoke, 4, None);
        let pass = find(events, "wait", EventType::Ok, 4, Some("n2"));
        let waits = find(events, "wait", EventType::Invoke, 4, Some("n2"));
        events[pass].time = (events[release].time - 1).max(events[waits].time + 1);
        events[release].time = events[release].time.max(events[pass].time + 1);
    });
}

#[test]
fn a_round_begun_before_the_last_was_released_is_told() {
    planted("barrier-safety", &["round 5: n", "before round 4 was released"], |events| {
        events.retain(|event| event.f != "release" || event.value["round"] != 4);
    });
}

#[test]
fn a_sensor_that_never_passes_and_goes_on_is_told() {
    planted("barrier-safety", &["round 4: n2, which had measured", "without having passed"], |events| {
        events
            .retain(|event| event.f != "wait" || event.value["round"] != 4 || event.value["sensor"] != "n2");
    });
}

#[test]
fn a_measurement_left_out_is_told_with_its_sensor() {
    planted("barrier-safety", &["round 4: ", "without the measurement of n3", "passed at"], |events| {
        change(events, &["release"], 4, |value| drop(value["values"].as_object_mut().unwrap().remove("n3")));
    });
}

#[test]
fn a_measurement_left_out_by_a_sensor_that_was_slow_is_told() {
    planted("barrier-safety", &["round 4: ", "without the measurement of n3 (written at"], |events| {
        change(events, &["release"], 4, |value| drop(value["values"].as_object_mut().unwrap().remove("n3")));
        let release = find(events, "release", EventType::Ok, 4, None);
        let slow = find(events, "measure", EventType::Ok, 4, Some("n3"));
        let begun = find(events, "measure", EventType::Invoke, 4, Some("n3"));
        let late = events[release].time + 1 - events[slow].time;
        for (at, event) in events.iter_mut().enumerate() {
            if event.value["sensor"] == "n3"
                && event.value["round"] == 4
                && event.f != "posted"
                && at != begun
            {
                event.time += late;
            }
        }
    });
}

#[test]
fn two_sensors_in_one_epoch_are_named() {
    planted("one-leader", &["epoch 1: n1", "and n3", "both acted as its leader"], |events| {
        change(events, &["release"], 5, |value| value["sensor"] = json!("n3"));
    });
}

#[test]
fn a_stale_leaders_release_is_told() {
    planted(
        "one-leader",
        &["round 6: n1 released for epoch 1", "after n2 had released round 5 for epoch 2"],
        |events| {
            change(events, &["release"], 5, |value| {
                value["sensor"] = json!("n2");
                value["epoch"] = json!(2);
            });
        },
    );
}

#[test]
fn a_stale_leaders_post_is_told_where_it_was_awake() {
    planted("one-leader", &["round 7: n1 posted the mean first for epoch 1"], |events| {
        change(events, &["release"], 5, |value| {
            value["sensor"] = json!("n2");
            value["epoch"] = json!(2);
        });
        events.retain(|event| event.f != "release" || event.value["round"] == 5);
    });
}

#[test]
fn a_mean_that_is_off_by_one_is_told() {
    planted("means", &["round 4: n1 posted the mean"], |events| {
        change(events, &["post", "posted"], 4, |value| {
            value["mean"] = json!(value["mean"].as_f64().unwrap() + 1.0)
        });
    });
    planted(
        "means",
        &["round 4: ", "was recorded", "as the mean, but that of the release of n1"],
        |events| {
            change(events, &["posted"], 4, |value| {
                value["mean"] = json!(value["mean"].as_f64().unwrap() + 1.0)
            });
        },
    );
}

#[test]
fn a_value_that_nobody_measured_is_told() {
    planted("means", &["round 4: the release of n1", "of n2, which measured"], |events| {
        change(events, &["release"], 4, |value| value["values"]["n2"] = json!(1234.5));
    });
    planted("means", &["round 4: the release of n1", "of n9, which measured nothing"], |events| {
        change(events, &["release"], 4, |value| value["values"]["n9"] = json!(20.0));
    });
}

#[test]
fn a_mean_recorded_twice_or_not_at_all_is_told() {
    planted(
        "means",
        &["round 4: the mean that n1 posted was recorded", "though that of n1 had been"],
        |events| {
            let process = events.iter().map(plant::number).max().unwrap() + 1;
            let at = find(events, "posted", EventType::Ok, 4, None);
            for kind in [EventType::Invoke, EventType::Ok] {
                let mut again = events[at].clone();
                (again.process, again.kind) = (ordalia_history::Process::Client(process), kind);
                events.push(again);
            }
        },
    );
    planted(
        "means",
        &["round 4: the post of n1 was accepted", "no mean of the round is on record"],
        |events| {
            events.retain(|event| event.f != "posted" || event.value["round"] != 4);
        },
    );
}

#[test]
fn lost_doubled_and_missing_increments_are_told() {
    planted("passes-counted", &["the counter as read in the end was", "increments are lost"], |events| {
        let read = events.iter_mut().rfind(|event| event.f == "counter_read").unwrap();
        read.value = json!(read.value.as_u64().unwrap() - 1);
    });
    planted(
        "passes-counted",
        &["the counter as read in the end was", "more than was ever begun"],
        |events| {
            let read = events.iter_mut().rfind(|event| event.f == "counter_read").unwrap();
            read.value = json!(read.value.as_u64().unwrap() + 1);
        },
    );
    planted("passes-counted", &["round 4: the total of n2 was 1 ", "as was that of"], |events| {
        let at = find(events, "increment", EventType::Ok, 4, Some("n2"));
        events[at].value["total"] = json!(1);
    });
    planted("passes-counted", &["round 4: n2 passed at", "without counting its pass"], |events| {
        events.retain(|event| {
            event.f != "increment" || event.value["round"] != 4 || event.value["sensor"] != "n2"
        });
    });
}

#[test]
fn a_lost_increment_is_found_in_a_record_that_begins_late() {
    for seed in 0..30 {
        let mut events = plant::cut(&Plant::run(seed, 10, false), 1_200_000_000);
        let read = events.iter_mut().rfind(|event| event.f == "counter_read").unwrap();
        read.value = json!(read.value.as_u64().unwrap() - 1);
        let judgement = judge("passes-counted", &events);
        assert_eq!(judgement.valid, Verdict::Invalid, "{seed}");
        assert!(judgement.reasons[0].contains("since round "), "{:?}", judgement.reasons);
    }
    let read_high = PassesCounted { initial: Some(7) };
    let history = History::new(Plant::run(1, 8, false)).unwrap();
    assert_eq!(read_high.check(&history, &Budget::default()).valid, Verdict::Invalid);
}

#[test]
fn configurations_that_come_late_go_back_or_are_malformed_are_told() {
    planted("configuration", &["sampling_period_ms: ", "but n2 still had"], |events| {
        events.retain(|event| {
            event.f != "configured" || event.value["sensor"] != "n2" || event.value["version"] == 0
        });
    });
    planted("configuration", &["n2 had the malformed value \"soon\" in force from"], |events| {
        for event in
            events.iter_mut().filter(|event| event.f == "configured" && event.value["sensor"] == "n2")
        {
            event.value["value"] = json!("soon");
        }
    });
    planted("configuration", &["sampling_period_ms: n2 had 77 in force as version"], |events| {
        for event in
            events.iter_mut().filter(|event| event.f == "configured" && event.value["sensor"] == "n2")
        {
            event.value["value"] = json!(77);
        }
    });
    planted("configuration", &["sampling_period_ms: n2 went back to version 0"], |events| {
        let last = events.iter_mut().rfind(|event| event.f == "configured" && event.value["sensor"] == "n2");
        last.unwrap().value["version"] = json!(0);
    });
}

#[test]
fn a_session_that_expires_without_a_fault_is_told() {
    planted(
        "sessions-kept",
        &[
            "n2 heard at",
            ", in round ",
            "that its session",
            "had expired, though no fault had been in force at all",
        ],
        |events| {
            let opened = |event: &&Event| event.f == "session" && event.value["sensor"] == "n2";
            let opened = events.iter().find(opened).unwrap().clone();
            let process = events.iter().map(plant::number).max().unwrap() + 1;
            for kind in [EventType::Invoke, EventType::Ok] {
                let mut lost = opened.clone();
                (lost.time, lost.kind) = (3_000_000_000, kind);
                lost.process = ordalia_history::Process::Client(process);
                lost.value["state"] = json!("expired");
                events.push(lost);
            }
        },
    );
}

#[test]
fn rounds_that_do_not_go_on_are_told_with_those_who_wait() {
    let words = ["no round was reached for ", "after round 5 at ", "; by then ", "n2", " waited in round 6"];
    planted("progress", &words, |events| {
        let over = |event: &Event| match (event.value["round"].as_u64(), event.f.as_str(), event.kind) {
            (Some(6), "measure", _) | (Some(6), "wait", EventType::Invoke) => false,
            (Some(round), _, _) => round >= 6,
            _ => false,
        };
        events.retain(|event| !over(event));
        let read = events.iter_mut().rfind(|event| event.f == "counter_read").unwrap();
        read.time += 2 * u64::try_from(plant::BOUND.as_nanos()).unwrap();
    });
}

#[test]
fn without_releases_records_or_reads_nothing_is_shown() {
    for (name, f) in [
        ("barrier-safety", "release"),
        ("one-leader", "release"),
        ("means", "posted"),
        ("passes-counted", "counter_read"),
        ("configuration", "configure"),
        ("sessions-kept", "session"),
    ] {
        let mut events = Plant::run(3, 8, false);
        events.retain(|event| {
            event.f != f
                && (name != "barrier-safety" || event.value["round"] == Value::Null || event.f == "post")
        });
        let judgement = judge(name, &settle(events));
        assert_eq!(judgement.valid, Verdict::Unknown, "{name}: {:?}", judgement.reasons);
    }
}
