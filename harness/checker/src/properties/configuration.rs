//! `configuration`: what was configured is in force everywhere within a bound, and what is malformed never is.
//!
//! Source: the sensors' documents; configuration by watches as in Hunt et al., *ZooKeeper*, USENIX ATC 2010, §2.4.
//!
//! Assumes `configure` of clients, whose key is the name (`sampling_period_ms`, `api_url`), whose value is the new one and which
//! completes with its version; and the act `configured`, ok with name, value and version from when it is in
//! force, failed with the error `malformed` where it was refused. Then:
//! - after a configure that was ok, each sensor that is up has that version or a later one of that name in force
//!   within the bound, or has refused a later one, whose malformed value took its place before the sensor heard of it;
//! - the value in force under a version is the one that was configured with it;
//! - versions in force at a sensor do not go back within a session;
//! - no malformed value is in force: a period that is no positive integer, an address that is no HTTP address, or what any
//!   sensor refused.
//!
//! Without it some sensors sample at the old period, or post where nobody listens, for ever.
//!
//! A sensor counts as up where it did something before and after the span of the bound, and neither its session nor its life
//! ended since the configure. The span begins anew while a fault is in force, for nobody can hear of the change then. A
//! configure of unknown outcome demands nothing and may be in force; so may the value that stood at first.
//! Of a malformed value only that it is not in force is demanded.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ordalia_history::{FaultWindow, Operation, Outcome, Value, fault_windows};

use super::acts::{Acts, begun, end_ns, ended, field, in_round, number, quiet_until, seconds, sensor, text};
use super::findings::Findings;
use super::wording::show;
use crate::{Budget, Checker, History, Judgement};

/// Checks that configurations arrive.
#[derive(Clone, Copy, Debug)]
pub struct Configuration {
    /// How soon a value must be in force.
    pub bound: Duration,
}

impl Default for Configuration {
    /// Ten seconds.
    fn default() -> Self {
        Self { bound: Duration::from_secs(10) }
    }
}

/// What is known of the configurations of a history.
struct Known<'a> {
    /// What was configured, by name and version.
    ok: BTreeMap<(&'a str, u64), &'a Operation>,
    /// What is in force where, by name and sensor, in order.
    in_force: BTreeMap<(&'a str, &'a str), Vec<&'a Operation>>,
    /// What was refused somewhere: names and the JSON of values.
    refused: BTreeSet<(&'a str, String)>,
    /// What was refused where, by name and sensor, in order.
    refusals: BTreeMap<(&'a str, &'a str), Vec<&'a Operation>>,
    /// When each sensor acted first and last.
    active: BTreeMap<&'a str, (u64, u64)>,
}

impl<'a> Known<'a> {
    fn of(operations: &'a [Operation]) -> Self {
        let mut known = Self {
            ok: BTreeMap::new(),
            in_force: BTreeMap::new(),
            refused: BTreeSet::new(),
            refusals: BTreeMap::new(),
            active: BTreeMap::new(),
        };
        for one in operations {
            let who = sensor(one).filter(|_| one.f != "posted");
            if let Some(who) = who {
                let span = known.active.entry(who).or_insert((one.invoked_ns, one.invoked_ns));
                let sign =
                    one.completed_ns.filter(|_| one.outcome != Outcome::Info).unwrap_or(one.invoked_ns);
                span.1 = span.1.max(sign);
            }
            match (one.f.as_str(), one.outcome) {
                ("configure", Outcome::Ok) => {
                    let version = one.output.as_u64().or_else(|| number(one, "version"));
                    if let Some((name, version)) = one.key.as_ref().and_then(Value::as_str).zip(version) {
                        known.ok.insert((name, version), one);
                    }
                }
                ("configured", outcome) => known.note(one, who, outcome),
                _ => {}
            }
        }
        known
    }

    fn note(&mut self, one: &'a Operation, who: Option<&'a str>, outcome: Outcome) {
        let Some((name, who)) = text(one, "name").zip(who) else { return };
        let malformed = one.error.as_ref().is_some_and(|error| error.kind == "malformed");
        match outcome {
            Outcome::Ok => self.in_force.entry((name, who)).or_default().push(one),
            Outcome::Fail if malformed => {
                self.refusals.entry((name, who)).or_default().push(one);
                self.refused.extend(field(one, "value").map(|value| (name, value.to_string())));
            }
            Outcome::Fail | Outcome::Info => {}
        }
    }

    fn is_malformed(&self, name: &str, value: &Value) -> bool {
        let wrong = match name {
            "sampling_period_ms" => value.as_u64().is_none_or(|period| period == 0),
            "api_url" => {
                let rest = value
                    .as_str()
                    .and_then(|url| url.strip_prefix("http://").or(url.strip_prefix("https://")));
                rest.is_none_or(str::is_empty)
            }
            _ => false,
        };
        wrong || self.refused.contains(&(name, value.to_string()))
    }
}

impl Checker for Configuration {
    fn name(&self) -> &str {
        "configuration"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["late", "malformed", "other_value", "went_back"]);
        let acts = Acts::of(&history.operations);
        let known = Known::of(&history.operations);
        check_in_force(&acts, &known, &mut findings);
        let faults = fault_windows(&history.events);
        let end = end_ns(&history.operations);
        let judged: u64 = known
            .ok
            .values()
            .map(|one| self.check_arrival(one, &acts, &known, (&faults, end), &mut findings))
            .sum();
        if known.ok.is_empty() {
            findings.unknown("nothing", || "no configure was ok".to_owned());
        } else if judged == 0 {
            findings.unknown("unjudged", || {
                format!("no sensor was up for {} without a fault after a configure", seconds(self.bound_ns()))
            });
        }
        findings.detail("configured", known.ok.len());
        findings.detail("arrivals_judged", judged);
        findings.detail("refused", known.refused.len());
        findings.conclude()
    }
}

impl Configuration {
    fn bound_ns(&self) -> u64 {
        u64::try_from(self.bound.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Holds all sensors that are up to one configure, and returns how many were.
    fn check_arrival(
        &self,
        configure: &Operation,
        acts: &Acts<'_>,
        known: &Known<'_>,
        (faults, end): (&[FaultWindow], u64),
        findings: &mut Findings,
    ) -> u64 {
        let bound = self.bound_ns();
        let (Some(name), Some(done)) =
            (configure.key.as_ref().and_then(Value::as_str), configure.completed_ns)
        else {
            return 0;
        };
        let version = configure.output.as_u64().or_else(|| number(configure, "version")).unwrap_or(0);
        let Some(due) = quiet_until(faults, done, bound).filter(|due| *due <= end) else { return 0 };
        if known.is_malformed(name, &configure.input) {
            return 0;
        }
        let mut judged = 0;
        for (who, (first, last)) in &known.active {
            if *first > done || *last < due || !acts.unbroken(who, done, due) {
                continue;
            }
            judged += 1;
            let own = known.in_force.get(&(name, *who)).map_or(&[][..], Vec::as_slice);
            let reached = |one: &&Operation| {
                one.invoked_ns <= due && number(one, "version").is_some_and(|at| at >= version)
            };
            // Who first heard of it when a malformed one had taken its place keeps what it had.
            let refused = known.refusals.get(&(name, *who)).map_or(&[][..], Vec::as_slice);
            if !own.iter().chain(refused).any(reached) {
                let place = acts.place_at(who, due);
                findings.broken_at("late", &[place], || {
                    let (value, when, within) = (show(&configure.input), ended(configure), seconds(bound));
                    let still = own.iter().rev().find(|one| one.invoked_ns <= due).and_then(|one| field(one, "value"));
                    let still = still.map_or("nothing of it".to_owned(), show);
                    format!("{name}: {value} was configured {when} as version {version}, but {who} still had {still} in force at {}{}; expected it within {within} without a fault", seconds(due), in_round(place))
                });
            }
        }
        judged
    }
}

/// What is in force was configured so, is well formed, and does not go back.
fn check_in_force(acts: &Acts<'_>, known: &Known<'_>, findings: &mut Findings) {
    for ((name, who), all) in &known.in_force {
        let mut before: Option<(u64, &Operation)> = None;
        for one in all {
            let (Some(value), version) = (field(one, "value"), number(one, "version")) else { continue };
            let place = acts.place_at(who, one.invoked_ns);
            if known.is_malformed(name, value) {
                findings.broken_at("malformed", &[place], || {
                    let (value, when, round) = (show(value), begun(one), in_round(place));
                    format!("{name}: {who} had the malformed value {value} in force from {when}{round}")
                });
            }
            let Some(version) = version else { continue };
            // Under a malformed version the old value stays in force.
            let configure =
                known.ok.get(&(*name, version)).filter(|one| !known.is_malformed(name, &one.input));
            if let Some(configure) = configure.filter(|configure| configure.input != *value) {
                findings.broken_at("other_value", &[place], || {
                    let (found, right, when) = (show(value), show(&configure.input), ended(configure));
                    format!("{name}: {who} had {found} in force as version {version} {}{}, but that version was configured {when} as {right}", begun(one), in_round(place))
                });
            }
            let higher = before.filter(|(last, _)| version < *last);
            let higher = higher.filter(|(_, earlier)| acts.unbroken(who, earlier.invoked_ns, one.invoked_ns));
            if let Some((last, earlier)) = higher {
                findings.broken_at("went_back", &[place], || {
                    let (now, then, round) = (begun(one), begun(earlier), in_round(place));
                    format!(
                        "{name}: {who} went back to version {version} {now}{round}, having had version {last} {then}"
                    )
                });
            }
            before = Some((version, one));
        }
    }
}
