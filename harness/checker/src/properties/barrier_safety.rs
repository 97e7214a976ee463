//! `barrier-safety`: no sensor goes on before the round was released, and a release waits for all that it expects.
//!
//! Source: the barrier of the sensors' documents; double barriers in Hunt et al., *ZooKeeper*, USENIX ATC 2010, §2.4.
//!
//! Assumes the acts `measure`, `wait`, `release` and `session`; that the invocation of a release is on record before it
//! leaves its node; that rounds are released one after the other; and that a sensor measures only as a member
//! by its own session. Then:
//! - a sensor passes round r only after a release of r was begun that did not fail;
//! - nobody begins to measure round r + 1 before a release of r was begun;
//! - a sensor that measured r goes on to a later round only after it passed r, unless its session ended;
//! - a release has a value of each sensor that it expects and that was a member without a break.
//!
//! Without it a mean is made of some measurements only, or sensors drift apart by rounds.
//!
//! A release of unknown outcome may have taken effect, so it allows passing. A sensor may rightly be left out when its
//! session ended, which it hears late or, where it crashed, never. So a missing value counts only against proof
//! that the session lived: the sensor had measured into an earlier release, or never had another session, and
//! wrote to the ensemble under the same session after the release was begun. A pass is no such proof. What
//! is left out cannot be told of the last round, nor of a sensor that did nothing afterwards. Rounds
//! that may have been released before the record begins are not judged.

use ordalia_history::{Operation, Outcome, Value};

use super::acts::{Acts, Step, begun, ended, name, seconds, sensor};
use super::findings::{Findings, Place};
use super::wording::events;
use crate::{Budget, Checker, History, Judgement};

/// Checks that the barrier holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct BarrierSafety;

impl Checker for BarrierSafety {
    fn name(&self) -> &str {
        "barrier-safety"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["early_pass", "early_start", "unpassed", "left_out"]);
        let acts = Acts::of(&history.operations);
        check_passes(&acts, &mut findings);
        check_starts(&acts, &mut findings);
        check_own_passes(&acts, &mut findings);
        check_values(&acts, &mut findings);
        let passes = acts.steps.iter().filter(|step| step.is("wait", Outcome::Ok)).count();
        let released = acts.releases.values().flatten().filter(|one| one.outcome == Outcome::Ok);
        let together = released.clone().filter(|one| expected(one).nth(1).is_some()).count();
        if released.clone().count() == 0 {
            findings.unknown("no_release", || "no release was ok, so no barrier was lifted".to_owned());
        } else if together == 0 {
            findings.unknown("alone", || "no release expected two sensors or more".to_owned());
        }
        if passes == 0 {
            findings.unknown("no_pass", || "no sensor passed a barrier".to_owned());
        }
        findings.detail("releases", released.count());
        findings.detail("passes", passes);
        findings.conclude()
    }
}

/// The sensors that a release expects.
fn expected(release: &Operation) -> impl Iterator<Item = &str> {
    release.input.get("expected").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn has_value(release: &Operation, sensor: &str) -> bool {
    release.input.get("values").and_then(|values| values.get(sensor)).is_some()
}

fn check_passes(acts: &Acts<'_>, findings: &mut Findings) {
    // Of each round, who was the last to write a measurement.
    let mut last = std::collections::BTreeMap::<u64, Step<'_>>::new();
    for step in acts.steps.iter().filter(|step| step.is("measure", Outcome::Ok)) {
        let known = last.entry(step.round).or_insert(*step);
        if known.operation.completed_ns < step.operation.completed_ns {
            *known = *step;
        }
    }
    for step in acts.steps.iter().filter(|step| step.is("wait", Outcome::Ok) && acts.on_record(step.round)) {
        let passed = step.operation.completed_ns.unwrap_or(u64::MAX);
        let release = acts.first_release(step.round);
        if release.is_some_and(|release| release.invoked_ns <= passed) {
            continue;
        }
        findings.broken_at("early_pass", &[step.place()], || {
            let (round, who, when) = (step.round, step.sensor, ended(step.operation));
            let late = last.get(&round).filter(|other| other.operation.completed_ns.unwrap_or(0) > passed);
            let before = late.map_or(String::new(), |other| {
                format!(" and {} had written its measurement ({})", other.sensor, ended(other.operation))
            });
            let never = || "no release of it is on record".to_owned();
            let by =
                release.map_or_else(never, |one| format!("{} began to release it {}", name(one), begun(one)));
            format!("round {round}: {who} passed {when}, before it was released{before}; {by}")
        });
    }
}

fn check_starts(acts: &Acts<'_>, findings: &mut Findings) {
    for step in acts.steps.iter().filter(|step| step.operation.f == "measure") {
        let Some(before) = step.round.checked_sub(1).filter(|before| acts.on_record(*before)) else {
            continue;
        };
        let release = acts.first_release(before);
        if release.is_some_and(|release| release.invoked_ns <= step.operation.invoked_ns) {
            continue;
        }
        findings.broken_at("early_start", &[step.place()], || {
            let (round, who, when) = (step.round, step.sensor, begun(step.operation));
            let never = || "never".to_owned();
            let by = release.map_or_else(never, |one| format!("by {} only {}", name(one), begun(one)));
            format!("round {round}: {who} began to measure {when}, before round {before} was released: {by}")
        });
    }
}

fn check_own_passes(acts: &Acts<'_>, findings: &mut Findings) {
    // The last measurement of each sensor from which it may go on by passing alone.
    let mut bound = std::collections::BTreeMap::<&str, Step<'_>>::new();
    for step in &acts.steps {
        let operation = step.operation;
        if operation.f == "wait" {
            // An open or failed wait says that the session or the life ended.
            bound.remove(step.sensor);
        }
        if operation.f != "measure" {
            continue;
        }
        if let Some(last) = bound.remove(step.sensor) {
            let kept = acts.unbroken(step.sensor, last.operation.invoked_ns, operation.invoked_ns);
            if step.round > last.round && kept {
                findings.broken_at("unpassed", &[last.place()], || {
                    let (who, round, later) = (step.sensor, last.round, step.round);
                    let (now, then) = (begun(operation), ended(last.operation));
                    format!("round {round}: {who}, which had measured {then}, began round {later} {now} without having passed")
                });
            }
        }
        if operation.outcome == Outcome::Ok {
            bound.insert(step.sensor, *step);
        }
    }
}

fn check_values(acts: &Acts<'_>, findings: &mut Findings) {
    let mut proofs = std::collections::BTreeMap::<&str, Vec<Step<'_>>>::new();
    let mut measured = std::collections::BTreeMap::<(u64, &str), Vec<Step<'_>>>::new();
    for step in
        acts.steps.iter().filter(|step| step.operation.outcome == Outcome::Ok && step.operation.f != "wait")
    {
        proofs.entry(step.sensor).or_default().push(*step);
        if step.operation.f == "measure" {
            measured.entry((step.round, step.sensor)).or_default().push(*step);
        }
    }
    // When the sensor last measured into a release, by sensor: it was a member by that session from then on.
    let mut member = std::collections::BTreeMap::<&str, u64>::new();
    for (round, releases) in &acts.releases {
        for release in releases {
            for who in expected(release).filter(|who| !has_value(release, who)) {
                let since = member.get(who).copied().or_else(|| only_session(acts, who, release));
                let after = proofs.get(who).map_or(&[][..], |of| of.as_slice());
                let next = after.partition_point(|step| step.operation.invoked_ns <= release.invoked_ns);
                let (Some(since), Some(proof)) = (since, after.get(next)) else { continue };
                let until = proof.operation.completed_ns.unwrap_or(u64::MAX);
                if acts.unbroken(who, since, until) {
                    let own = measured.get(&(*round, who)).and_then(|of| of.last());
                    let place = Place { round: Some(*round), sensor: Some(who) };
                    findings.broken_at("left_out", &[place], || left_out(acts, *round, release, who, own));
                }
            }
        }
        for release in releases {
            for who in expected(release).filter(|who| has_value(release, who)) {
                let before = |step: &&Step<'_>| step.operation.invoked_ns <= release.invoked_ns;
                if let Some(step) = measured.get(&(*round, who)).and_then(|of| of.iter().rev().find(before)) {
                    member.insert(step.sensor, step.operation.invoked_ns);
                }
            }
        }
    }
}

/// Since when the sensor has the only session that it ever had, if that is so at the release.
fn only_session(acts: &Acts<'_>, who: &str, release: &Operation) -> Option<u64> {
    match acts.boundaries_until(who, release.invoked_ns) {
        // A record that begins later may lack the end of an earlier one.
        [opened] if acts.on_record(1) => Some(*opened),
        _ => None,
    }
}

fn left_out(acts: &Acts<'_>, round: u64, release: &Operation, who: &str, own: Option<&Step<'_>>) -> String {
    let wrote = own.map_or("it wrote none".to_owned(), |step| match step.operation.completed_ns {
        Some(time) => format!("written at {}, {}", seconds(time), events(step.operation)),
        None => "it wrote none".to_owned(),
    });
    let first = acts.steps.iter().find(|step| step.round == round && step.is("wait", Outcome::Ok));
    let passed =
        first.map_or(String::new(), |step| format!("; {} passed {}", step.sensor, ended(step.operation)));
    let (leader, when) = (sensor(release).unwrap_or("the leader"), begun(release));
    format!(
        "round {round}: {leader} released it {when} without the measurement of {who} ({wrote}), whose session lived all the time{passed}"
    )
}
