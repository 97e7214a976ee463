//! Made-up rounds are drawn, and the drawing is held against what happened.

#![allow(clippy::unwrap_used, reason = "a test may end where it cannot go on")]

mod plant;

use std::fs;

use ordalia_checker::{Budget, Checker, History, Judgement, TestVerdict, Verdict, properties};
use ordalia_history::{Event, EventType};
use ordalia_record::{RunFolder, write_json};
use ordalia_report::draw;
use plant::Plant;
use serde_json::{Value, json};

/// Draws a history; the page, the picture, and the closer look if there is one.
fn drawn(events: &[Event], verdict: Option<&TestVerdict>) -> (String, String, Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let run = plant::write(folder.path(), events);
    if let Some(verdict) = verdict {
        write_json(&run.verdict(), verdict).unwrap();
    }
    let page = fs::read_to_string(draw(&run).unwrap()).unwrap();
    let file = |run: &RunFolder, name: &str| fs::read_to_string(run.report().join(name)).ok();
    let (whole, close) = (file(&run, "rounds.svg"), file(&run, "rounds-close.svg"));
    (page, whole.unwrap_or_default(), close)
}

/// The group of a class, from its begin to its end.
fn group<'a>(svg: &'a str, class: &str) -> &'a str {
    let start = svg.find(&format!("<g class=\"{class}\"")).expect(class);
    let (mut depth, mut at) = (0, start);
    loop {
        let next = at + svg[at..].find("<").unwrap();
        depth += i32::from(svg[next..].starts_with("<g ") || svg[next..].starts_with("<g>"));
        depth -= i32::from(svg[next..].starts_with("</g>"));
        at = next + 1;
        if depth == 0 {
            return &svg[start..next];
        }
    }
}

/// How often an element stands in a group.
fn count(svg: &str, class: &str, element: &str) -> usize {
    group(svg, class).matches(&format!("<{element} ")).count()
}

/// A verdict whose judgement of the means names round 7.
fn verdict() -> TestVerdict {
    let mut means = Judgement::new(Verdict::Valid);
    means.because(Verdict::Invalid, "round 7: the API recorded 21.65, but the mean of the values is 21.25");
    means.detail("findings", json!([{"round": 7, "sensor": "n4"}]));
    TestVerdict::compose([("means".to_owned(), means)].into())
}

#[test]
fn each_bar_and_mark_stands_for_what_a_sensor_did() {
    let (page, svg, close) = drawn(&plant::five(), Some(&verdict()));
    // Twelve rounds of five sensors, without n2 in round 6; n5 measured in round 9 and did not pass.
    assert_eq!(count(&svg, "measuring", "rect"), 59);
    assert_eq!(count(&svg, "waiting", "rect"), 58);
    assert_eq!(count(&svg, "passed", "rect"), 58);
    // n2 crashed while it measured, and the record ends while n1 does; n5 lost its session while it waited.
    assert_eq!((count(&svg, "measuring-undone", "rect"), count(&svg, "waiting-undone", "rect")), (2, 1));
    assert_eq!(count(&svg, "cut-short", "path"), 2);
    assert!(group(&svg, "passed").contains("n3 passed round 4 at 3.238 s, and the counter came to 23"));
    assert!(group(&svg, "measuring").contains("n1, round 1: measured 21.75, 0.104 s to 0.557 s"));
    assert!(
        group(&svg, "measuring-undone")
            .contains("n2, round 6: measured until it crashed, 4.108 s to 4.600 s")
    );
    assert!(close.is_none(), "twelve rounds can be read as they are");
    assert!(page.contains("id=\"rounds\"") && page.contains("href=\"#rounds\""));
    assert!(page.contains("There are no operations to draw."), "acts are no operations of clients");
}

#[test]
fn leaders_releases_and_absences_are_drawn() {
    let (_, svg, _) = drawn(&plant::five(), None);
    let leaders = group(&svg, "leader");
    assert!(leaders.contains("n2 leads epoch 1, 0.060 s to 4.600 s"), "{leaders}");
    assert!(leaders.contains("n4 leads epoch 2, 5.500 s to"), "{leaders}");
    assert_eq!((count(&svg, "leader", "rect"), count(&svg, "tenure", "path")), (2, 2));
    assert_eq!((count(&svg, "release", "path"), count(&svg, "released-by", "circle")), (12, 12));
    assert_eq!(count(&svg, "round", "text"), 12);
    let absent = group(&svg, "absent");
    assert!(absent.contains("n2: down, or not heard of, 4.600 s to 5.420 s"), "{absent}");
    assert!(absent.contains("n5: without a session, 9.250 s to 9.600 s"), "{absent}");
    assert!(absent.contains("n5: its session expired at 9.250 s"), "{absent}");
    assert!(svg.contains("partition n5 | n1 n2 n3 n4") && svg.contains("kill n2"));
}

#[test]
fn means_and_configuration_stand_beneath() {
    let (page, svg, _) = drawn(&plant::five(), None);
    assert_eq!((count(&svg, "true-mean", "path"), count(&svg, "attempt", "path")), (12, 1));
    let classes = ["same", "differs", "repeated", "unreleased"];
    let found = classes.map(|class| svg.matches(&format!("<circle class=\"{class}\"")).count());
    assert_eq!(found, [11, 1, 1, 0]);
    assert!(svg.contains("round 7: 21.4 instead of 21</text>"), "{}", group(&svg, "recorded-mean"));
    assert!(page.contains("round 7 <strong>21.4</strong> instead of 21"));
    assert_eq!(count(&svg, "change", "path"), 11);
    assert!(svg.contains(">sampling_period_ms = 400</text>"));
    assert!(svg.contains("sampling_period_ms = soon refused by n1 at 6.200 s"));
}

#[test]
fn what_the_verdict_names_is_marked_and_nothing_else() {
    let (page, marked, _) = drawn(&plant::five(), Some(&verdict()));
    assert_eq!((count(&marked, "marked-round", "rect"), count(&marked, "marked", "rect")), (1, 2));
    assert!(page.contains("<strong class=\"bad\">round 7</strong> (means)"));
    // The same words without details mark nothing.
    let mut silent = verdict();
    silent.checkers.values_mut().for_each(|judgement| judgement.details.clear());
    let (_, bare, _) = drawn(&plant::five(), Some(&silent));
    assert_eq!((count(&bare, "marked-round", "rect"), count(&bare, "marked", "rect")), (0, 0));
}

/// The checker's own findings, and not only made-up ones, are what the picture marks.
#[test]
fn what_a_property_finds_is_marked_where_it_was_found() {
    let events = plant::five();
    let history = History::new(events.clone()).unwrap();
    let means = properties::Means.check(&history, &Budget::default());
    assert_eq!(means.valid, Verdict::Invalid, "{:?}", means.reasons);
    let verdict = TestVerdict::compose([("means".to_owned(), means)].into());
    let (page, marked, _) = drawn(&events, Some(&verdict));
    assert!(page.contains("<strong class=\"bad\">round 7</strong> (means)"));
    assert_eq!(count(&marked, "marked-round", "rect"), 1);
    // The leader's measuring and waiting in that round.
    assert_eq!(count(&marked, "marked", "rect"), 2);
}

#[test]
fn thirty_sensors_over_a_minute_stay_readable() {
    let (page, whole, close) = drawn(&plant::many(30, 60, 1_000), None);
    assert_eq!(count(&whole, "passed", "rect"), 1_800);
    assert!(whole.len() < 1_500_000, "{}", whole.len());
    let close = close.unwrap();
    // Four rounds on either side of the longest, the thirtieth.
    assert_eq!(count(&close, "release", "path"), 9);
    assert!(close.contains("n7 passed round 30 at") && !close.contains("passed round 35 at"));
    let passed = group(&close, "passed");
    assert!((26..=34).all(|round| passed.matches(&format!("passed round {round} ")).count() == 30));
    assert!(page.contains("Round 30, which took longest, and the rounds about it."));
}

#[test]
fn two_hundred_sensors_with_a_hundred_rounds_are_small_enough() {
    let (page, whole, close) = drawn(&plant::many(200, 100, 600), None);
    assert!(whole.len() < 3_000_000, "{}", whole.len());
    assert_eq!(count(&whole, "passed", "path"), 200);
    assert!(group(&whole, "passed").contains("n200: 100 rounds passed, from 1 to 100"));
    let close = close.unwrap();
    assert!(close.len() < 1_000_000, "{}", close.len());
    assert!(close.contains("n7 passed round 50 at"), "the sensor that was late is drawn");
    assert!(page.contains("Of 200 sensors 40 are drawn"));
}

#[test]
fn the_closer_look_goes_to_what_the_verdict_names() {
    let mut verdict = verdict();
    for judgement in verdict.checkers.values_mut() {
        judgement.details = json!({"rounds": [33]}).as_object().cloned().unwrap();
    }
    let (page, whole, close) = drawn(&plant::many(6, 40, 500), Some(&verdict));
    assert_eq!(count(&whole, "marked-round", "rect"), 1);
    assert!(page.contains("Round 33, which the verdict names, and the rounds about it."));
    let close = close.unwrap();
    assert!(close.contains("n6 passed round 33 at") && !close.contains("n6 passed round 20 at"));
}

#[test]
fn acts_of_the_wrong_shape_are_counted_and_left_out() {
    let mut plant = Plant::new();
    plant.round(1, 1, 10, 20, 40);
    plant.release(1, 1, 1, &[1], 35, 0.0);
    let wrong: [(&str, Value); 13] = [
        ("measure", Value::Null),
        ("measure", json!({"sensor": "n1", "round": -1, "value": 2})),
        ("measure", json!({"sensor": "n1", "round": 2, "value": "warm"})),
        ("measure", json!({"sensor": "n1", "round": 2, "value": 1e300})),
        ("wait", json!({"sensor": 7, "round": 1})),
        ("increment", json!({"sensor": "n1", "round": 1, "total": []})),
        ("lead", json!({"sensor": "n1", "epoch": "first"})),
        ("post", json!({"sensor": "n1", "epoch": 1, "round": 1})),
        ("release", json!({"sensor": "n1", "epoch": 1, "round": 1, "values": {"n1": null}})),
        ("session", json!({"sensor": "n1", "state": "lost"})),
        ("configured", json!([1, 2])),
        ("posted", json!({"round": 1, "mean": 3, "first": "yes"})),
        ("posted", json!("<script>")),
    ];
    for (at, (f, value)) in wrong.iter().enumerate() {
        plant.act(f, 100 + at as u64, 100 + at as u64, EventType::Ok, Value::Null, value.clone());
    }
    let (page, svg, _) = drawn(&plant.history(), None);
    assert!(page.contains("13 acts are not of the shape"), "all of them are counted");
    assert_eq!((count(&svg, "measuring", "rect"), count(&svg, "passed", "rect")), (1, 1));
    assert_eq!(svg.matches("<circle class=\"same\"").count(), 1);
}

#[test]
fn hostile_names_and_extreme_numbers_are_drawn_as_text() {
    let mut plant = Plant::new();
    let name = "<script>alert(\"x\")</script>\u{0}";
    let far = json!({"sensor": name, "round": u64::MAX, "value": -1e12});
    plant.act("measure", 0, 18_000_000_000, EventType::Ok, far.clone(), far.clone());
    plant.act("wait", 5, 6, EventType::Info, far.clone(), far.clone());
    plant.note("lead", 7, json!({"sensor": name, "epoch": u64::MAX}));
    plant.note("configured", 8, json!({"sensor": name, "name": name, "value": [name]}));
    let values =
        json!({"sensor": name, "epoch": 0, "round": u64::MAX, "values": {name: 1e12}, "expected": 3});
    plant.act("release", 9, 9, EventType::Fail, values.clone(), values);
    plant.note("posted", 9, json!({"round": u64::MAX, "mean": -1e12, "first": true, "sensor": name}));
    let (page, svg, _) = drawn(&plant.history(), None);
    assert!(!svg.contains("<script") && !page.contains("<script>alert"));
    assert!(
        svg.contains("&lt;script") && !svg.contains('\u{0}') && !svg.contains("NaN") && !svg.contains("inf")
    );
}

#[test]
fn a_history_without_measuring_has_no_rounds() {
    let mut plant = Plant::new();
    plant.note("session", 3, json!({"sensor": "n1", "state": "opened"}));
    plant.note("lead", 4, json!({"sensor": "n1", "epoch": 1}));
    let (page, svg, close) = drawn(&plant.history(), None);
    assert!(!page.contains("id=\"rounds\"") && svg.is_empty() && close.is_none());
}

#[test]
#[ignore = "writes pictures to look at: ROUNDS_OUT=folder cargo test -p ordalia-report --test rounds -- --ignored"]
fn pictures_to_look_at() {
    let Some(out) = std::env::var_os("ROUNDS_OUT").map(std::path::PathBuf::from) else { return };
    for (name, events, verdict) in [
        ("five", plant::five(), Some(verdict())),
        ("thirty", plant::many(30, 60, 1_000), None),
        ("twohundred", plant::many(200, 100, 600), None),
    ] {
        let root = out.join(name);
        fs::create_dir_all(&root).unwrap();
        let run = plant::write(&root, &events);
        if let Some(verdict) = verdict {
            write_json(&run.verdict(), &verdict).unwrap();
        }
        draw(&run).unwrap();
    }
}
