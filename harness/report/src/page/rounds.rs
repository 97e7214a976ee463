//! The rounds of sensors: what came of them in figures, and the pictures.

use maud::{Markup, html};

use super::figure;
use crate::format;
use crate::load::Loaded;
use crate::plots::Plot;
use crate::rounds::{self, Agreement, Rounds};

/// Rounds that are named one by one.
const NAMED: usize = 8;

/// The section, if the history has rounds.
pub(super) fn section(loaded: &Loaded, plots: &[&Plot]) -> Markup {
    let Some(rounds) = &loaded.rounds else { return html! {} };
    html! {
        section #rounds {
            h2 { "Rounds" }
            (differing(rounds))
            (figures(rounds))
            @for plot in plots { (figure(plot)) }
            @if rounds.skipped > 0 {
                p.note { (format::count(rounds.skipped)) " acts are not of the shape that they should have, and are not drawn." }
            }
        }
    }
}

/// A warning about each mean that is not that of its release.
fn differing(rounds: &Rounds) -> Markup {
    let compared = rounds.compared();
    let found: Vec<(u64, f64, f64)> = compared
        .iter()
        .filter_map(|one| match one.agreement {
            Agreement::Differs(mean) => Some((one.record.round, one.record.mean, mean)),
            _ => None,
        })
        .collect();
    html! {
        @if !found.is_empty() {
            p.warning {
                "The recorded mean is not the mean of what was released: "
                @for (at, (round, recorded, mean)) in found.iter().take(NAMED).enumerate() {
                    @if at > 0 { "; " }
                    "round " (round) " " strong { (rounds::figure(*recorded)) } " instead of " (rounds::figure(*mean))
                }
                @if found.len() > NAMED { "; and " (found.len() - NAMED) " more" }
                "."
            }
        }
    }
}

/// The figures.
fn figures(rounds: &Rounds) -> Markup {
    let compared = rounds.compared();
    let count = |wanted: fn(Agreement) -> bool| compared.iter().filter(|one| wanted(one.agreement)).count();
    let recorded = count(|agreement| agreement != Agreement::Repetition);
    let repeated = count(|agreement| agreement == Agreement::Repetition);
    let passes: usize = rounds.sensors.iter().map(|sensor| sensor.passes.len()).sum();
    let expiries: usize = rounds.sensors.iter().map(|sensor| sensor.expiries.len()).sum();
    let unrecorded = rounds.unrecorded();
    html! {
        dl.figures {
            (fact("sensors", &html! { (format::count(rounds.sensors.len() as u64)) }))
            (fact("rounds released", &html! { (format::count(rounds.counted().len() as u64)) }))
            (fact("barriers passed", &html! { (format::count(passes as u64)) }))
            (fact("epochs led", &html! { (format::count(rounds.tenures.len() as u64)) }))
            (fact("sessions expired", &html! { (format::count(expiries as u64)) }))
            (fact("means recorded", &html! { (format::count(recorded as u64)) }))
            @if repeated > 0 { (fact("posts repeated", &html! { (format::count(repeated as u64)) })) }
        }
        @if !unrecorded.is_empty() || !rounds.marks.rounds.is_empty() {
            dl.facts {
                @if !unrecorded.is_empty() { (fact("Released, not recorded", &html! { "round " (list(&unrecorded)) })) }
                @if !rounds.marks.rounds.is_empty() { (fact("Named by the verdict", &named(rounds))) }
            }
        }
    }
}

/// A figure or a line of facts with its name.
fn fact(name: &str, text: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (text) } } }
}

/// The rounds that the verdict names, with what they break.
fn named(rounds: &Rounds) -> Markup {
    let marks = &rounds.marks.rounds;
    html! {
        @for (at, (round, mark)) in marks.iter().take(NAMED).enumerate() {
            @if at > 0 { "; " }
            strong.bad { "round " (round) }
            " (" @for (at, property) in mark.properties.iter().enumerate() { @if at > 0 { ", " } (property) } ")"
        }
        @if marks.len() > NAMED { "; and " (marks.len() - NAMED) " more" }
    }
}

/// Numbers of rounds, the first few of them.
fn list(numbers: &[u64]) -> String {
    let shown: Vec<String> = numbers.iter().take(NAMED).map(u64::to_string).collect();
    let more = numbers.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}
