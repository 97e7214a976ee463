//! The lines that the command line prints after a run.

use std::path::Path;

use ordalia_checker::TestVerdict;
use serde_json::Value;

use crate::format;
use crate::load::{Loaded, number};
use crate::quantiles::Basis;
use crate::statistics;

/// The whole text.
pub(crate) fn text(loaded: &Loaded, report: &Path) -> String {
    let mut lines = Vec::new();
    verdict(loaded.verdict.as_ref(), &mut lines);
    let counts = statistics::counts(loaded.clients());
    lines.push(format!(
        "operations  {}: {} ok, {} fail, {} info",
        format::count(counts.total()),
        format::count(counts.ok),
        format::count(counts.fail),
        format::count(counts.info)
    ));
    latency(loaded, Basis::Invocation, "latency     ", &mut lines);
    latency(loaded, Basis::Intended, "  intended  ", &mut lines);
    if let Some(line) = loaded.verdict.as_ref().and_then(recovery) {
        lines.push(line);
    }
    lines.extend(loaded.missing.iter().map(|missing| format!("note        {}", one_line(missing))));
    if let Some(minimal) = &loaded.minimal {
        lines.push(format!("minimal     {}", minimal.display()));
    }
    lines.push(format!("report      {}", report.display()));
    lines.join("\n") + "\n"
}

/// The verdict, and under it the reasons of every checker, worst first.
fn verdict(verdict: Option<&TestVerdict>, lines: &mut Vec<String>) {
    let Some(verdict) = verdict else {
        lines.push("verdict     none: the run was not judged".to_owned());
        return;
    };
    lines.push(format!("verdict     {}", verdict.valid.to_string().to_uppercase()));
    for (name, judgement) in by_severity(verdict) {
        let reasons = judgement.reasons.iter();
        lines.extend(reasons.map(|reason| format!("  {name} ({}): {}", judgement.valid, one_line(reason))));
    }
}

/// The judgements, the worst first.
pub(crate) fn by_severity(verdict: &TestVerdict) -> Vec<(&String, &ordalia_checker::Judgement)> {
    let mut judgements: Vec<_> = verdict.checkers.iter().collect();
    judgements.sort_by_key(|(_, judgement)| std::cmp::Reverse(judgement.valid));
    judgements
}

/// A line of quantiles, where there are latencies.
fn latency(loaded: &Loaded, basis: Basis, title: &str, lines: &mut Vec<String>) {
    if let Some(found) = statistics::latencies(loaded.clients(), basis) {
        let [p50, p99, max] = [found.p50, found.p99, found.max].map(format::duration);
        lines.push(format!("{title}p50 {p50}, p99 {p99}, max {max} (ok operations)"));
    }
}

/// How quickly the system answered again after the faults.
fn recovery(verdict: &TestVerdict) -> Option<String> {
    let recoveries = recoveries(verdict);
    if recoveries.is_empty() {
        return None;
    }
    let known: Vec<&Recovery> = recoveries.iter().filter(|recovery| recovery.recovery_ns.is_some()).collect();
    let worst = known.iter().max_by_key(|recovery| recovery.recovery_ns);
    let worst = worst.map(|worst| {
        let taken = format::duration(worst.recovery_ns.unwrap_or(0));
        format!(", the slowest in {taken} after {}", one_line(&worst.label))
    });
    let (known, all) = (known.len(), recoveries.len());
    Some(format!("recovery    after {known} of {all} faults{}", worst.unwrap_or_default()))
}

/// A recovery as the recovery checker tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recovery {
    /// The fault's number.
    pub fault: u64,
    /// For a person.
    pub label: String,
    /// From the heal to the first ok operation; `None` if there was none.
    pub recovery_ns: Option<u64>,
}

/// The recoveries that the verdict tells of.
pub(crate) fn recoveries(verdict: &TestVerdict) -> Vec<Recovery> {
    let judgement = verdict.checkers.get("recovery");
    let listed =
        judgement.and_then(|judgement| judgement.details.get("recoveries")).and_then(Value::as_array);
    let read = |value: &Value| {
        let label = value.get("label").and_then(Value::as_str).unwrap_or("a fault").to_owned();
        Some(Recovery { fault: number(value, "fault")?, label, recovery_ns: number(value, "recovery_ns") })
    };
    listed.into_iter().flatten().filter_map(read).collect()
}

/// The text on one line, so that nothing a node said can forge a line of the summary or move the cursor.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
