//! The verdict, first and large, and the judgements behind it.

use maud::{Markup, html};
use ordalia_checker::{Judgement, Verdict};
use serde_json::{Map, Value};

use crate::format;
use crate::load::Loaded;
use crate::quantiles::Basis;
use crate::statistics;
use crate::summary::{by_severity, recoveries};

/// The verdict as a word.
pub(super) fn word(loaded: &Loaded) -> String {
    match &loaded.verdict {
        Some(verdict) => verdict.valid.to_string(),
        None => "not judged".to_owned(),
    }
}

/// The class and the sign of a verdict.
fn appearance(verdict: Option<Verdict>) -> (&'static str, &'static str) {
    match verdict {
        Some(Verdict::Valid) => ("valid", "✓"),
        Some(Verdict::Invalid) => ("invalid", "✕"),
        Some(Verdict::Unknown) => ("unknown", "?"),
        None => ("unjudged", "–"),
    }
}

/// A verdict in small.
fn pill(verdict: Verdict) -> Markup {
    let (class, sign) = appearance(Some(verdict));
    html! { span class={ "pill " (class) } { (sign) " " (verdict) } }
}

/// The verdict in large, with the gravest reason and the figures that are asked for first.
pub(super) fn banner(loaded: &Loaded) -> Markup {
    let (class, sign) = appearance(loaded.verdict.as_ref().map(|verdict| verdict.valid));
    html! {
        section.verdict.(class) #verdict {
            div.word { span.sign aria-hidden="true" { (sign) } span { (word(loaded)) } }
            p.because {
                (gravest(loaded))
                @if loaded.depiction.is_some() { " " a href=(crate::LINEARIZATION) { "See it." } }
                @if loaded.space_time { " " a href=(crate::spacetime::PAGE) { "See who could have known what." } }
            }
            dl.figures { (figures(loaded)) }
        }
        @if !loaded.missing.is_empty() || ended_early(loaded).is_some() {
            aside.missing {
                strong { "This report is incomplete." }
                ul {
                    @if let Some(why) = ended_early(loaded) { li { "The run ended early: " (why) } }
                    @for missing in &loaded.missing { li { (missing) } }
                }
            }
        }
    }
}

/// Why the run ended early, if it did.
fn ended_early(loaded: &Loaded) -> Option<&String> {
    loaded.info.as_ref()?.ended_early.as_ref()
}

/// The first reason of the worst judgement, or what its absence means.
fn gravest(loaded: &Loaded) -> String {
    let Some(verdict) = &loaded.verdict else {
        return "The run was not judged yet; what was recorded so far is drawn below.".to_owned();
    };
    let judgements = by_severity(verdict);
    let worst = judgements.iter().find(|(_, judgement)| judgement.valid == verdict.valid);
    match worst.and_then(|(name, judgement)| Some((name, judgement.reasons.first()?))) {
        Some((name, reason)) => format!("{name}: {}", format::shorten(reason, 400)),
        None if verdict.valid == Verdict::Valid => {
            let all: Vec<&str> = judgements.iter().map(|(name, _)| name.as_str()).collect();
            format!("Every checker is satisfied: {}.", all.join(", "))
        }
        None => "No checker gave a reason.".to_owned(),
    }
}

/// The figures under the verdict.
fn figures(loaded: &Loaded) -> Markup {
    let counts = statistics::counts(loaded.clients());
    let latency = statistics::latencies(loaded.clients(), Basis::Invocation);
    let gap = longest_gap(loaded);
    let recoveries = loaded.verdict.as_ref().map(recoveries).unwrap_or_default();
    let slowest = recoveries.iter().filter_map(|recovery| recovery.recovery_ns).max();
    html! {
        (figure(&format::count(counts.total()), "operations"))
        @if let Some(fraction) = counts.ok_fraction() { (figure(&format::percent(fraction), "ok")) }
        @if let Some(latency) = latency {
            (figure(&format::duration(latency.p50), "p50 latency"))
            (figure(&format::duration(latency.p99), "p99 latency"))
        }
        (figure(&loaded.windows.len().to_string(), "faults"))
        @if let Some(gap) = gap { (figure(&gap, "longest without an ok")) }
        @if let Some(slowest) = slowest { (figure(&format::duration(slowest), "slowest recovery")) }
    }
}

/// One figure with its name.
fn figure(figure: &str, name: &str) -> Markup {
    html! { div { dt { (name) } dd { (figure) } } }
}

/// The longest span without any ok operation, as the availability checker found it. Spans that are too
/// short for the checker are told by its bound.
fn longest_gap(loaded: &Loaded) -> Option<String> {
    let details = &loaded.verdict.as_ref()?.checkers.get("availability")?.details;
    let figure = |name| details.get(name).and_then(Value::as_u64);
    match (figure("longest_gap_ns")?, figure("min_gap_ns")) {
        (0, Some(bound)) => Some(format!("< {}", format::duration(bound))),
        (gap, _) => Some(format::duration(gap)),
    }
}

/// Every checker's judgement with its reasons, the worst first.
pub(super) fn section(loaded: &Loaded) -> Markup {
    html! {
        section #why {
            h2 { "Why" }
            @match &loaded.verdict {
                None => p.absent { "No checker has judged this run." },
                Some(verdict) => @for (name, judgement) in by_severity(verdict) { (card(name, judgement)) },
            }
        }
    }
}

/// One judgement.
fn card(name: &str, judgement: &Judgement) -> Markup {
    let (class, _) = appearance(Some(judgement.valid));
    let details: Vec<(String, String)> =
        judgement.details.iter().filter_map(|(name, value)| detail(name, value)).collect();
    html! {
        article.judgement.(class) {
            h3 { (name) " " (pill(judgement.valid)) }
            @for reason in &judgement.reasons { p.reason { (reason) } }
            @if !details.is_empty() {
                dl.details { @for (name, value) in &details { div { dt { (name) } dd { (value) } } } }
            }
        }
    }
}

/// A detail that is a single figure or word, with a name and unit for a person; others have their place
/// elsewhere on the page.
fn detail(name: &str, value: &Value) -> Option<(String, String)> {
    let plain = |name: &str| name.replace('_', " ");
    if let (Some(name), Some(ns)) = (name.strip_suffix("_ns"), value.as_u64()) {
        return Some((plain(name), format::duration(ns)));
    }
    if let (Some(name), Some(fraction)) = (name.strip_suffix("_fraction"), value.as_f64()) {
        return Some((plain(name), format::percent(fraction)));
    }
    match value {
        Value::Number(figure) => {
            Some((plain(name), figure.as_u64().map_or_else(|| figure.to_string(), format::count)))
        }
        Value::String(text) => Some((plain(name), format::shorten(text, 120))),
        Value::Bool(yes) => Some((plain(name), if *yes { "yes" } else { "no" }.to_owned())),
        Value::Null => None,
        Value::Array(gaps) if name == "gaps" => Some((plain(name), format::count(gaps.len() as u64))),
        Value::Object(members) if counts_by_name(members) => {
            let member = |(name, figure): (&String, &Value)| format!("{name} {figure}");
            let all: Vec<String> = members.iter().map(member).collect();
            Some((plain(name), format::shorten(&all.join(", "), 120)))
        }
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether an object holds counts and no times, which have their places in the plots.
fn counts_by_name(members: &Map<String, Value>) -> bool {
    !members.is_empty() && members.iter().all(|(name, value)| value.is_u64() && !name.ends_with("_ns"))
}
