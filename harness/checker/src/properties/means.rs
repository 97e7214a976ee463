//! `means`: what is recorded of a round is the mean of exactly the measurements of its release, once.
//!
//! Source: the sensors' documents; the sink of this test records every post.
//!
//! Assumes the acts `measure` (completes with the value), `post` and `release` (invoked with the `values` by sensor), and
//! `posted` of the sink, whose `first` is false for a repetition that it did not record again. Then:
//! - each post's mean is that of its own values, and each value is one that the sensor measured in that round, in a
//!   measurement that did not fail and was begun before;
//! - the mean of each first record is that of the values of a release of the round that did not fail, or of a post of it where
//!   no release is on record;
//! - a round has one first record; a post that was ok has one at all.
//!
//! Without it plant operators are shown numbers that nobody measured, or one round counts twice.
//!
//! A measurement of unknown outcome may have written a value that the history does not tell; it is then not judged,
//! and neither are rounds from before the record. A post of unknown outcome may be recorded or not.
//! Posts that failed may be missing for good, for each is repeated once only; that is not held against anybody.

use std::collections::BTreeMap;

use ordalia_history::{Operation, Outcome, Value};

use super::acts::{Acts, begun, field, name, number, place};
use super::findings::{Findings, Place};
use super::wording::{events, show};
use crate::{Budget, Checker, History, Judgement};

/// How far two means may be apart, in proportion, for the order of a sum changes its last digits.
const TOLERANCE: f64 = 1e-9;

/// Checks the record of the sink.
#[derive(Clone, Copy, Debug, Default)]
pub struct Means;

/// The measurements of one sensor in one round that did not fail.
type Measured<'a> = BTreeMap<(u64, &'a str), Vec<&'a Operation>>;

impl Checker for Means {
    fn name(&self) -> &str {
        "means"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings =
            Findings::of(&["wrong_mean", "wrong_value", "recorded_twice", "unrecorded", "unposted"]);
        let acts = Acts::of(&history.operations);
        let mut measured = Measured::new();
        for step in acts.steps.iter().filter(|step| step.operation.f == "measure") {
            if step.operation.outcome != Outcome::Fail {
                measured.entry((step.round, step.sensor)).or_default().push(step.operation);
            }
        }
        let named = |f: &'static str| history.operations.iter().filter(move |one| one.f == f);
        let mut posts: BTreeMap<u64, Vec<&Operation>> = BTreeMap::new();
        for post in named("post") {
            check_post(post, &mut findings);
            if let Some(round) = number(post, "round") {
                posts.entry(round).or_default().push(post);
            }
        }
        let told = named("post").chain(acts.releases.values().flatten().copied());
        let unknown: usize = told.map(|one| check_values(one, &acts, &measured, &mut findings)).sum();
        let records = check_records(named("posted"), &acts, &posts, &mut findings);
        check_kept(&records, &acts, &posts, &mut findings);
        if records.is_empty() {
            findings.unknown("nothing", || "the sink recorded no mean".to_owned());
        }
        findings.detail("rounds_recorded", records.len());
        findings.detail("values_unknown", unknown);
        findings.conclude()
    }
}

/// The values that a post or a release was made with.
fn values(operation: &Operation) -> impl Iterator<Item = (&str, &Value)> {
    let values = field(operation, "values").and_then(Value::as_object).into_iter().flatten();
    values.map(|(sensor, value)| (sensor.as_str(), value))
}

fn mean(operation: &Operation) -> Option<f64> {
    let numbers: Option<Vec<f64>> = values(operation).map(|(_, value)| value.as_f64()).collect();
    let numbers = numbers.filter(|numbers| !numbers.is_empty())?;
    Some(numbers.iter().sum::<f64>() / numbers.len() as f64)
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= TOLERANCE * one.abs().max(other.abs()).max(1.0)
}

fn told_mean(operation: &Operation) -> Option<f64> {
    field(operation, "mean").and_then(Value::as_f64)
}

fn check_post(post: &Operation, findings: &mut Findings) {
    let (Some(round), Some(told), Some(right)) = (number(post, "round"), told_mean(post), mean(post)) else {
        let event = post.invoke_index;
        return findings.unknown("unfit", || {
            format!("event {event}: means expected a post with a round, a mean and values")
        });
    };
    if !near(told, right) {
        findings.broken_at("wrong_mean", &[place(post)], || {
            let (who, when, all) = (name(post), begun(post), shown(post));
            format!(
                "round {round}: {who} posted the mean {told} {when}, but that of its values is {right}: {all}"
            )
        });
    }
}

/// `n4 20.5, n5 21`
fn shown(operation: &Operation) -> String {
    super::wording::listed(values(operation).map(|(sensor, value)| format!("{sensor} {}", show(value))))
}

/// Holds the values against the measurements; returns how many cannot be judged.
fn check_values(of: &Operation, acts: &Acts<'_>, measured: &Measured<'_>, findings: &mut Findings) -> usize {
    let Some(round) =
        number(of, "round").filter(|round| round.checked_sub(1).is_none_or(|before| acts.on_record(before)))
    else {
        return 0;
    };
    let mut unknown = 0;
    for (who, value) in values(of) {
        let own = measured.get(&(round, who)).map_or(&[][..], Vec::as_slice);
        let early: Vec<&&Operation> = own.iter().filter(|one| one.invoked_ns <= of.invoked_ns).collect();
        if early.iter().any(|one| field(one, "value").is_some_and(|known| same(known, value))) {
            continue;
        }
        if early.iter().any(|one| field(one, "value").is_none()) {
            unknown += 1;
            continue;
        }
        let places = [Place { round: Some(round), sensor: Some(who) }, place(of)];
        findings.broken_at("wrong_value", &places, || {
            let (leader, f, when, value) = (name(of), &of.f, begun(of), show(value));
            let what = match own.last() {
                Some(one) => format!(
                    "which measured {} {}",
                    field(one, "value").map_or("nothing".into(), show),
                    begun(one)
                ),
                None => "which measured nothing in that round".to_owned(),
            };
            format!("round {round}: the {f} of {leader} {when} has {value} of {who}, {what}")
        });
    }
    unknown
}

fn same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().zip(other.as_f64()).is_some_and(|(one, other)| near(one, other))
}

/// Judges the first records, and returns them by round.
fn check_records<'a>(
    posted: impl Iterator<Item = &'a Operation>,
    acts: &Acts<'_>,
    posts: &BTreeMap<u64, Vec<&Operation>>,
    findings: &mut Findings,
) -> BTreeMap<u64, &'a Operation> {
    let mut records: BTreeMap<u64, &Operation> = BTreeMap::new();
    for record in
        posted.filter(|one| one.outcome == Outcome::Ok && field(one, "first") != Some(&Value::Bool(false)))
    {
        let (Some(round), Some(told)) = (number(record, "round"), told_mean(record)) else {
            let event = record.invoke_index;
            findings.unknown("unfit", || {
                format!("event {event}: means expected a record with a round and a mean")
            });
            continue;
        };
        if let Some(first) = records.get(&round) {
            findings.broken_at("recorded_twice", &[place(record), place(first)], || {
                let (who, earlier, now, then) = (name(record), name(first), begun(record), begun(first));
                format!("round {round}: the mean that {who} posted was recorded {now}, though that of {earlier} had been {then}")
            });
        }
        records.entry(round).or_insert(record);
        let releases = acts.releases.get(&round).map_or(&[][..], Vec::as_slice);
        let own = posts.get(&round).map_or(&[][..], Vec::as_slice);
        let sources = if releases.is_empty() { own } else { releases };
        if sources.iter().any(|source| mean(source).is_none_or(|right| near(right, told))) {
            continue;
        }
        let Some(source) = sources.last() else {
            if round.checked_sub(1).is_none_or(|before| acts.on_record(before)) {
                findings.broken_at("unposted", &[place(record)], || format!("round {round}: the mean {told} of {} was recorded {}, but nobody is on record to have posted it", name(record), begun(record)));
            }
            continue;
        };
        findings.broken_at("wrong_mean", &[place(record), place(source)], || {
            let (f, leader, when, all) = (&source.f, name(source), begun(source), shown(source));
            let right = mean(source).unwrap_or(f64::NAN);
            format!("round {round}: {told} was recorded {} as the mean, but that of the {f} of {leader} {when} is {right}: {all}", begun(record))
        });
    }
    records
}

/// A post that the sink accepted is on its record.
fn check_kept(
    records: &BTreeMap<u64, &Operation>,
    acts: &Acts<'_>,
    posts: &BTreeMap<u64, Vec<&Operation>>,
    findings: &mut Findings,
) {
    for (round, posts) in
        posts.iter().filter(|(round, _)| !records.contains_key(*round) && !records.is_empty())
    {
        let status =
            |post: &Operation| number(post, "status").is_none_or(|status| (200..300).contains(&status));
        // The record must reach back to ahead of the round's first post.
        let whole = match round.checked_sub(1) {
            Some(before) => {
                *round == 1 && acts.on_record(1)
                    || acts.first_release(before).is_some_and(|release| release.invoked_ns > 0)
            }
            None => acts.on_record(0),
        };
        let mut posts = posts.iter().filter(|_| whole);
        if let Some(post) = posts.find(|post| post.outcome == Outcome::Ok && status(post)) {
            findings.broken_at("unrecorded", &[place(post)], || {
                format!(
                    "round {round}: the post of {} was accepted ({}), but no mean of the round is on record",
                    name(post),
                    events(post)
                )
            });
        }
    }
}
