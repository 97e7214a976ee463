//! The operation that cannot be placed, what would have been legal, and how far a legal order gets.

use maud::{Markup, html};
use ordalia_history::Operation;

use super::{figure, scrolling};
use crate::format;
use crate::load::Loaded;
use crate::plots::Plot;
use crate::violation::Violation;

/// The operations of the longest legal order that are listed: its end.
const LISTED: usize = 12;

/// The section, if the history was found not to be linearizable.
pub(super) fn section(loaded: &Loaded, plot: Option<&Plot>) -> Markup {
    let Some(violation) = Violation::of(loaded) else { return html! {} };
    html! {
        section #violation {
            h2 { "The violation" }
            dl.facts {
                @if let Some(key) = &violation.key { (fact("Key", &html! { code { (format::value(key)) } })) }
                @if let Some(culprit) = violation.culprit {
                    (fact("Cannot be placed", &describe(culprit)))
                }
                @if !violation.states.is_empty() {
                    (fact("State by then", &html! { code { (violation.states.join(" or ")) } }))
                }
                @if !violation.legal.is_empty() {
                    (fact("Legal would have been", &html! { (violation.legal.join("; ")) }))
                }
                @if let Some(length) = violation.prefix_length {
                    (fact("Longest legal order", &html! { (format::count(length)) " operations of this key" }))
                }
                @if let Some(keys) = others(&violation) { (fact("Failing keys", &html! { (keys) })) }
            }
            @if loaded.depiction.is_some() {
                p.note { a href=(crate::LINEARIZATION) { "The whole timeline, with the order of the operations and the state after each" } }
            }
            @if loaded.minimal.is_some() {
                p.note {
                    a href="../minimal.jsonl" { "minimal.jsonl" }
                    " holds the few operations that this failure comes down to, as a history of their own."
                }
            }
            @if let Some(plot) = plot { (figure(plot)) }
            @if !violation.order.is_empty() { (order(&violation)) }
        }
    }
}

/// A line of the list of facts.
fn fact(name: &str, text: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (text) } } }
}

/// An operation with all that is known of it.
fn describe(operation: &Operation) -> Markup {
    html! {
        strong.bad { (format::operation(operation)) }
        " by process " (operation.process)
        @if let Some(node) = &operation.node { " via " (node) }
        ", events " (operation.invoke_index)
        @if let Some(index) = operation.complete_index { " to " (index) }
        ", from " (format::time(operation.invoked_ns))
        @if let Some(end) = operation.completed_ns { " to " (format::time(end)) }
    }
}

/// The keys that fail, if there are several.
fn others(violation: &Violation<'_>) -> Option<String> {
    let count = violation.failing_key_count.unwrap_or(violation.failing_keys.len() as u64);
    if count < 2 {
        return None;
    }
    let shown: Vec<String> = violation.failing_keys.iter().map(format::value).collect();
    Some(format!("{}: {}", format::count(count), shown.join(", ")))
}

/// The end of the longest legal order, as a table.
fn order(violation: &Violation<'_>) -> Markup {
    let from = violation.order.len().saturating_sub(LISTED);
    let table = html! {
        table {
            thead { tr {
                th.number { "place" } th { "operation" } th.number { "process" } th { "node" }
                th.number { "invoked" } th.number { "completed" }
            } }
            tbody {
                @for operation in &violation.order[from..] {
                    tr {
                        td.number { @if let Some(place) = violation.place(operation) { (format::count(place)) } }
                        td { code { (format::operation(operation)) } }
                        td.number { (operation.process) }
                        td { (operation.node.as_deref().unwrap_or("–")) }
                        td.number { (format::time(operation.invoked_ns)) }
                        td.number { (operation.completed_ns.map_or("never".to_owned(), format::time)) }
                    }
                }
                @if let Some(culprit) = violation.culprit {
                    tr.bad {
                        td.number { "✕" }
                        td { code { (format::operation(culprit)) } }
                        td.number { (culprit.process) }
                        td { (culprit.node.as_deref().unwrap_or("–")) }
                        td.number { (format::time(culprit.invoked_ns)) }
                        td.number { (culprit.completed_ns.map_or("never".to_owned(), format::time)) }
                    }
                }
            }
        }
    };
    html! {
        h3 { "The end of the longest legal order" }
        (scrolling(&table))
        p.note { "An order of the key's operations that respects real time and the model, as far as one gets." }
    }
}
