//! What passed over each link.

use std::collections::BTreeSet;

use maud::{Markup, html};
use ordalia_record::LinkTotals;

use super::scrolling;
use crate::format;
use crate::load::Loaded;

/// A matrix of senders and receivers; the deeper the colour, the more bytes.
pub(super) fn section(loaded: &Loaded) -> Markup {
    html! {
        section #links {
            h2 { "Links" }
            @if loaded.links.is_empty() {
                p.absent { "The links' counters are not recorded." }
            } @else {
                (scrolling(&matrix(&loaded.links)))
                p.note {
                    "From the node of the row to the node of the column: messages, bytes, and what was dropped on "
                    "purpose. The deeper the colour, the more bytes."
                }
            }
        }
    }
}

/// The table.
fn matrix(links: &[LinkTotals]) -> Markup {
    let names: BTreeSet<&str> = links.iter().flat_map(|link| [link.from.as_str(), &link.to]).collect();
    let most = links.iter().map(|link| link.bytes).max().unwrap_or(0).max(1);
    html! {
        table.matrix {
            thead { tr { th { "from \\ to" } @for to in &names { th { (to) } } } }
            tbody {
                @for from in &names {
                    tr {
                        th scope="row" { (from) }
                        @for to in &names {
                            (cell(links.iter().find(|link| link.from == **from && link.to == **to), most))
                        }
                    }
                }
            }
        }
    }
}

/// One link.
fn cell(link: Option<&LinkTotals>, most: u64) -> Markup {
    let Some(link) = link else { return html! { td.none {} } };
    let heat = (link.bytes as f64 / most as f64 * 45.0).round() as u64;
    html! {
        td.number style={ "--heat:" (heat) "%" } title={ (format::count(link.connections)) " connections" } {
            b { (format::count(link.messages)) }
            span.quiet { (format::bytes(link.bytes)) }
            @if link.dropped > 0 { span.dropped { "−" (format::count(link.dropped)) } }
            @if link.duplicated > 0 { span.quiet { "×2: " (format::count(link.duplicated)) } }
        }
    }
}
