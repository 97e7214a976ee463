//! `passes-counted`: the sensors' counter holds the number of their passes.
//!
//! Source: the sensors' documents; the bounds are those of Jepsen's `checker/counter`.
//!
//! Assumes `increment` with sensor and round, which completes with the `total` afterwards, and `counter_read` of the
//! workload, which completes with the value. Each total and each value read lies between what was
//! acknowledged before it began and what was begun by its end; totals of acknowledged increments are distinct;
//! and a sensor that passed a round begins to increment before it measures the next one in the same session. Without it
//! an increment is lost, or done twice.
//!
//! An increment of unknown outcome may count at any time after it was begun. The record may begin when the
//! counter already holds something: then only what all observations agree on is known, and an increment lost
//! ahead of the first total is not seen. Where the first release on record is that of the first round (0 or 1)
//! and all sensors begin with measuring, the counter began with 0.

use std::collections::{BTreeMap, HashMap};

use ordalia_history::{Operation, Outcome};

use super::acts::{Acts, Step, begun, ended, name, number, place};
use super::findings::{Findings, Place};
use crate::{Budget, Checker, History, Judgement};

/// Checks the counter.
#[derive(Clone, Copy, Debug, Default)]
pub struct PassesCounted {
    /// What it holds at first; `None` to find out as far as the history tells.
    pub initial: Option<u64>,
}

/// A number seen, and between which numbers of increments it lies.
struct Sight<'a> {
    operation: &'a Operation,
    seen: i128,
    least: i128,
    most: i128,
}

impl Checker for PassesCounted {
    fn name(&self) -> &str {
        "passes-counted"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["miscounted", "same_total", "uncounted"]);
        let acts = Acts::of(&history.operations);
        let increments: Vec<&Operation> = history
            .operations
            .iter()
            .filter(|one| one.f == "increment" && one.outcome != Outcome::Fail)
            .collect();
        let sights = sights(&history.operations, &increments);
        self.check_sights(&acts, &sights, &mut findings);
        check_distinct(&increments, &mut findings);
        check_counted(&acts, &mut findings);
        let ok = increments.iter().filter(|one| one.outcome == Outcome::Ok).count();
        let read = sights.iter().any(|sight| sight.operation.f == "counter_read");
        if ok == 0 {
            findings.unknown("nothing", || "no increment was ok".to_owned());
        }
        if !read {
            findings.unknown("unread", || "the counter was not read in the end".to_owned());
        }
        findings.detail("increments_ok", ok);
        findings.detail("increments_unknown", increments.len() - ok);
        findings.conclude()
    }
}

/// All that was seen of the counter.
fn sights<'a>(operations: &'a [Operation], increments: &[&'a Operation]) -> Vec<Sight<'a>> {
    let mut begun: Vec<u64> = increments.iter().map(|one| one.invoked_ns).collect();
    let acknowledged = increments.iter().filter(|one| one.outcome == Outcome::Ok);
    let mut acknowledged: Vec<u64> = acknowledged.filter_map(|one| one.completed_ns).collect();
    begun.sort_unstable();
    acknowledged.sort_unstable();
    let mut sights = Vec::new();
    // What was open when the record begins may have seen the counter before increments that are not on record.
    let told = |one: &&Operation| one.outcome == Outcome::Ok && one.invoked_ns > 0;
    for operation in operations.iter().filter(told) {
        let own = operation.f == "increment";
        let seen = match operation.f.as_str() {
            "increment" => number(operation, "total"),
            "counter_read" => operation.output.as_u64().or_else(|| number(operation, "value")),
            _ => None,
        };
        let (Some(seen), Some(end)) = (seen, operation.completed_ns) else { continue };
        let least =
            acknowledged.partition_point(|time| *time < operation.invoked_ns) as i128 + i128::from(own);
        let most = begun.partition_point(|time| *time <= end) as i128;
        sights.push(Sight { operation, seen: i128::from(seen), least, most });
    }
    sights
}

impl PassesCounted {
    /// All sights must agree on some number that the counter held at first.
    fn check_sights(&self, acts: &Acts<'_>, sights: &[Sight<'_>], findings: &mut Findings) {
        let known = self.initial.map(i128::from).or_else(|| from_the_start(acts).then_some(0));
        let (mut low, mut high) = (known.unwrap_or(0), known.unwrap_or(i128::MAX));
        let (mut low_by, mut high_by): (Option<&Sight<'_>>, Option<&Sight<'_>>) = (None, None);
        let mut broken = 0;
        for sight in sights {
            let (from, to) = (sight.seen - sight.most, sight.seen - sight.least);
            if from > high || to < low {
                broken += 1;
                let by = if from > high { high_by } else { low_by };
                let near = if by.is_none() { before(sights, sight) } else { None };
                let named = [Some(sight), by, near].into_iter().flatten();
                let places: Vec<Place<'_>> = named.map(|sight| place(sight.operation)).collect();
                findings.broken_at("miscounted", &places, || {
                    let text = miscounted(sight, (low, low_by), (high, high_by));
                    let last = |near: &Sight<'_>| format!("; the last before was {}", what(near.operation));
                    format!("{text}{}", near.map_or(String::new(), last))
                });
                continue;
            }
            if from > low {
                (low, low_by) = (from, Some(sight));
            }
            if to < high {
                (high, high_by) = (to, Some(sight));
            }
        }
        if known.is_none() && broken == 0 {
            findings.detail("initially_at_most", u64::try_from(high).ok());
        }
    }
}

/// What was seen last of the counter before somebody read it.
fn before<'a, 'b>(sights: &'b [Sight<'a>], read: &Sight<'_>) -> Option<&'b Sight<'a>> {
    let earlier = |sight: &&Sight<'_>| {
        sight.operation.f == "increment"
            && sight.operation.completed_ns.is_some_and(|end| end < read.operation.invoked_ns)
    };
    let earlier = sights.iter().filter(|_| read.operation.f != "increment").filter(earlier);
    earlier.max_by_key(|sight| sight.operation.completed_ns)
}

/// Whether the record begins ahead of all increments.
fn from_the_start(acts: &Acts<'_>) -> bool {
    let first = acts.releases.values().flatten().min_by_key(|one| one.invoked_ns);
    // One that was open when the record begins may have let sensors pass before.
    let first = first.filter(|first| first.invoked_ns > 0);
    let one = first.and_then(|first| number(first, "round")).is_some_and(|round| round <= 1);
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for step in &acts.steps {
        seen.entry(step.sensor).or_insert(&step.operation.f);
    }
    one && seen.values().all(|f| *f == "measure") && acts.on_record(1)
}

fn miscounted(
    sight: &Sight<'_>,
    low: (i128, Option<&Sight<'_>>),
    high: (i128, Option<&Sight<'_>>),
) -> String {
    let (least, most) = (sight.least + low.0, sight.most.saturating_add(high.0));
    let by = if sight.seen < least { low.1 } else { high.1 };
    let since = by.map_or(String::new(), |by| {
        format!(", since {} was {} {}", what(by.operation), by.seen, ended(by.operation))
    });
    let why = if sight.seen < least { "increments are lost" } else { "more than was ever begun" };
    let expected =
        if most >= i128::from(u64::MAX) { format!("{least} or more") } else { format!("{least} to {most}") };
    let (seen, found) = (what(sight.operation), sight.seen);
    format!("{seen} was {found} {}, expected {expected}{since}: {why}", ended(sight.operation))
}

/// `round 12: the total of n5`, or the read of the counter.
fn what(operation: &Operation) -> String {
    match number(operation, "round").filter(|_| operation.f == "increment") {
        Some(round) => format!("round {round}: the total of {}", name(operation)),
        None => "the counter as read in the end".to_owned(),
    }
}

fn check_distinct(increments: &[&Operation], findings: &mut Findings) {
    let mut first: HashMap<u64, &Operation> = HashMap::new();
    for one in increments.iter().filter(|one| one.outcome == Outcome::Ok) {
        let Some(total) = number(one, "total") else {
            let event = one.complete_index.unwrap_or(one.invoke_index);
            findings.unknown("unfit", || {
                format!("event {event}: passes-counted expected an increment to complete with its total")
            });
            continue;
        };
        if let Some(earlier) = first.insert(total, one) {
            findings.broken_at("same_total", &[place(one), place(earlier)], || {
                let (this, other) = (what(one), what(earlier));
                format!("{this} was {total} {}, as was that of {other} {}", ended(one), ended(earlier))
            });
        }
    }
}

/// Each pass is followed by an increment.
fn check_counted(acts: &Acts<'_>, findings: &mut Findings) {
    let mut due: BTreeMap<&str, Step<'_>> = BTreeMap::new();
    for step in &acts.steps {
        match step.operation.f.as_str() {
            "wait" if step.operation.outcome == Outcome::Ok => drop(due.insert(step.sensor, *step)),
            "measure" => {
                let Some(pass) = due.remove(step.sensor) else { continue };
                if acts.unbroken(step.sensor, pass.operation.invoked_ns, step.operation.invoked_ns) {
                    findings.broken_at("uncounted", &[pass.place()], || {
                        let (who, round, next) = (pass.sensor, pass.round, step.round);
                        let (then, now) = (ended(pass.operation), begun(step.operation));
                        format!("round {round}: {who} passed {then} and began round {next} {now} without counting its pass")
                    });
                }
            }
            _ => drop(due.remove(step.sensor)),
        }
    }
}
