//! The page around the picture.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use ordalia_checker::Verdict;
use ordalia_checker::linearizable::KeyDepiction;
use ordalia_history::Operation;

use super::LinearizationPage;
use super::data::Data;
use super::selection::{drawn, first_to_show};
use crate::packing::packed;
use crate::{format, palette};

/// The appearance; colours are variables that the palette declares.
const STYLE: &str = include_str!("view.css");

/// Unpacks the data and draws them.
const SCRIPT: &str =
    concat!(include_str!("../picture.js"), "\n", include_str!("timeline.js"), "\n", include_str!("view.js"));

/// How many operations of the order the table lists: those that lead to the failure.
const LED: usize = 12;

/// How many operations beside the failing one the table lists.
const BESIDE: usize = 12;

/// The whole page.
pub(super) fn render(page: &LinearizationPage<'_>) -> Markup {
    let key = first_to_show(page.depiction, page.operations).map(|at| &page.depiction.keys[at]);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.depiction.verdict) " · " (page.title) " · Ordalia" }
                style { (PreEscaped(palette::style(STYLE))) }
            }
            body {
                main {
                    (header(page))
                    (facts(page, key))
                    (picture(page))
                    section { h2 #table-title { (table_title(key)) } (table(page, key)) }
                    footer {
                        "Times are since the start of the load. Each point is a moment at which the operation may be taken to "
                        "have had its effect; the points of a key, from left to right, are one legal order."
                    }
                }
                script #data type="application/octet-stream" { (PreEscaped(packed(&Data::of(page)))) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// The heading with the verdict.
fn header(page: &LinearizationPage<'_>) -> Markup {
    let verdict = page.depiction.verdict;
    let (class, sign) = match verdict {
        Verdict::Valid => ("valid", "✓"),
        Verdict::Invalid => ("invalid", "✕"),
        Verdict::Unknown => ("unknown", "?"),
    };
    html! {
        header class=(class) {
            p.kicker { "Ordalia · linearizability" @if let Some(back) = page.back { " · " a href=(back) { "the whole report" } } }
            h1 { span.word { span aria-hidden="true" { (sign) " " } (verdict) } " " span.title { (page.title) } }
            p.under { (scope(page)) }
            @for reason in page.depiction.reasons.iter().take(3) { p.because { (format::abridge(reason, 600)) } }
            @if verdict == Verdict::Valid && page.depiction.reasons.is_empty() {
                p.because { "Every operation can be placed at one moment between its invocation and its completion. The order that was found is drawn below." }
            }
        }
    }
}

/// What was judged, in a line.
fn scope(page: &LinearizationPage<'_>) -> String {
    let (keys, operations) = (page.depiction.keys.len(), page.operations.len());
    let mut scope = vec![format!("{} operations", format::count(operations as u64))];
    if keys > 1 {
        let failing = page.depiction.keys.iter().filter(|key| key.verdict == Verdict::Invalid).count();
        scope.push(match failing {
            0 => format!("{keys} keys"),
            failing => format!("{keys} keys, {failing} of them failing"),
        });
    }
    if !page.depiction.model.is_empty() {
        scope.push(format!("judged as {}", page.depiction.model));
    }
    let drawn = drawn(page.depiction, page.operations).len();
    if drawn < operations {
        scope.push(format!("{} of the operations are drawn", format::count(drawn as u64)));
    }
    scope.join(" · ")
}

/// The failure in a few facts.
fn facts(page: &LinearizationPage<'_>, key: Option<&KeyDepiction>) -> Markup {
    let Some((key, failure)) = key.and_then(|key| Some((key, key.failure.as_ref()?))) else {
        return html! {};
    };
    let stuck = key.stuck.and_then(|at| page.operations.get(at));
    let setter = failure.setter.and_then(|at| Some((text_of(key, at)?, page.operations.get(at)?)));
    html! {
        dl.facts #facts {
            @if let Some(stuck) = stuck {
                div { dt { "Cannot be placed" } dd { strong.bad { (format::abridge(&failure.shown, 120)) } " " (by(stuck)) } }
            }
            @if !failure.legal.is_empty() {
                div { dt { "Legal would have been" } dd { (several(&failure.legal)) } }
            }
            @if !failure.states.is_empty() {
                div {
                    dt { "The " (page.depiction.object) " by then" }
                    dd {
                        (several(&failure.states))
                        @if let Some((text, setter)) = setter { ", since " (format::abridge(text, 80)) " " (by(setter)) }
                    }
                }
            }
        }
    }
}

/// `by process 3 at n1, events 4–9`
fn by(operation: &Operation) -> String {
    let node = operation.node.as_ref().map_or_else(String::new, |node| format!(" at {node}"));
    let events = match operation.complete_index {
        Some(complete) => format!("events {}–{complete}", operation.invoke_index),
        None => format!("event {}, never completed", operation.invoke_index),
    };
    format::abridge(&format!("by process {}{node}, {events}", operation.process), 160)
}

/// Some of the texts.
fn several(texts: &[String]) -> String {
    let shown: Vec<String> = texts.iter().take(4).map(|text| format::abridge(text, 80)).collect();
    format!("{}{}", shown.join(" or "), if texts.len() > 4 { " or …" } else { "" })
}

/// The canvas with its controls.
fn picture(page: &LinearizationPage<'_>) -> Markup {
    let button = |action: &str, label: &str, title: &str| {
        html! { button type="button" data-do=(action) title=(title) { (label) } }
    };
    html! {
        section #picture {
            @if page.depiction.keys.len() > 1 { div #keys role="group" aria-label="keys" {} }
            div.bar {
                (button("failure", "Failure", "go to the failure (F)"))
                (button("all", "Whole history", "show everything (0)"))
                (button("in", "+", "zoom in (+)"))
                (button("out", "−", "zoom out (−)"))
                (button("axis", "By event", "space events evenly, or show time (T)"))
                (button("core", "Minimal core", "only the operations that prove the failure (M)"))
                (button("others", "Other keys", "show the operations on other keys (O)"))
                span.range #range {}
            }
            div.frame {
                div.view tabindex="0" role="application" #view
                    aria-label="timeline of operations; arrows move, plus and minus zoom, N and P step through the order" {
                    canvas #timeline {}
                }
                canvas #overview title="the whole history" {}
            }
            div #legend {}
            p.note {
                "Wheel or " kbd { "+" } " " kbd { "−" } " zooms, dragging or " kbd { "←" } " " kbd { "→" } " moves, "
                kbd { "N" } " and " kbd { "P" } " step through the order, " kbd { "F" } " goes to the failure, "
                kbd { "0" } " shows everything."
            }
            p #status.absent aria-live="polite" { "The picture needs a browser with scripts." }
            div #tip role="tooltip" hidden {}
        }
    }
}

fn table_title(key: Option<&KeyDepiction>) -> &'static str {
    match key {
        Some(key) if key.stuck.is_some() => "Around the failure",
        _ => "The beginning of the order",
    }
}

/// The operations that lead to the failure, the one that fails, and those beside it; as text.
fn table(page: &LinearizationPage<'_>, key: Option<&KeyDepiction>) -> Markup {
    let Some(key) = key else {
        return html! { p.absent { "No operation says anything of an object's state." } };
    };
    let listed: Vec<usize> = match key.stuck {
        Some(_) => (key.order.len().saturating_sub(LED)..key.order.len()).collect(),
        None => (0..key.order.len().min(LED + BESIDE)).collect(),
    };
    html! {
        div.scroll role="region" tabindex="0" {
            table aria-labelledby="table-title" {
                thead { tr {
                    th.number { "place" } th { "operation" } th { "state after" } th.number { "process" } th { "node" }
                    th.number { "events" } th.number { "invoked" } th.number { "completed" }
                } }
                tbody #rows {
                    @for place in listed {
                        (line(page, key, key.order[place], &format::count(place as u64 + 1), state_after(key, place), false))
                    }
                    @if let Some(stuck) = key.stuck {
                        (line(page, key, stuck, "✕", Some("impossible"), true))
                        @for at in beside(page, key, stuck) { (line(page, key, at, "–", None, false)) }
                    }
                }
            }
        }
    }
}

/// The operations of the key that overlap the failing one and have no place in the order.
fn beside(page: &LinearizationPage<'_>, key: &KeyDepiction, stuck: usize) -> Vec<usize> {
    let Some(failing) = page.operations.get(stuck) else { return Vec::new() };
    let end = failing.complete_index.unwrap_or(u64::MAX);
    let overlaps = |at: &usize| {
        page.operations.get(*at).is_some_and(|one| {
            one.invoke_index < end
                && one.complete_index.is_none_or(|complete| complete > failing.invoke_index)
        })
    };
    let placed: std::collections::HashSet<usize> = key.order.iter().copied().collect();
    let known = key.shown.iter().rev().map(|(at, _)| *at);
    known.filter(|at| *at != stuck && !placed.contains(at) && overlaps(at)).take(BESIDE).collect()
}

/// One operation.
fn line(
    page: &LinearizationPage<'_>,
    key: &KeyDepiction,
    at: usize,
    place: &str,
    state: Option<&str>,
    bad: bool,
) -> Markup {
    let Some(operation) = page.operations.get(at) else { return html! {} };
    let text =
        text_of(key, at).map_or_else(|| format::operation(operation), |text| format::abridge(text, 80));
    let events = operation.complete_index.map_or("…".to_owned(), |end| end.to_string());
    html! {
        tr.bad[bad] {
            td.number { (place) }
            td { code { (text) } }
            td { @if let Some(state) = state { code { (format::abridge(state, 80)) } } @else { "–" } }
            td.number { (operation.process) }
            td { (operation.node.as_deref().map_or("–".to_owned(), |node| format::abridge(node, 40))) }
            td.number { (operation.invoke_index) "–" (events) }
            td.number { (moment(operation.invoked_ns)) }
            td.number { (operation.completed_ns.map_or("never".to_owned(), moment)) }
        }
    }
}

/// A point in time to the microsecond: operations of one failure are close together.
fn moment(ns: u64) -> String {
    format!("{}.{:06} s", ns / 1_000_000_000, ns % 1_000_000_000 / 1_000)
}

/// The operation in the model's words.
fn text_of(key: &KeyDepiction, at: usize) -> Option<&str> {
    // The operations stand in order of invocation, and so in the order of their positions.
    let found = key.shown.binary_search_by_key(&at, |(source, _)| *source).ok()?;
    key.texts.get(key.shown[found].1 as usize).map(String::as_str)
}

/// The state after an operation of the order.
fn state_after(key: &KeyDepiction, place: usize) -> Option<&str> {
    let text = key.states.get(place).copied().flatten()?;
    key.texts.get(text as usize).map(String::as_str)
}
