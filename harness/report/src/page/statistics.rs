//! Counts, errors and latencies of each kind of operation.

use maud::{Markup, html};

use super::scrolling;
use crate::format;
use crate::load::Loaded;
use crate::quantiles::Quantiles;
use crate::statistics::{OperationStatistics, by_name};

/// The tables.
pub(super) fn section(loaded: &Loaded) -> Markup {
    let all = by_name(&loaded.operations);
    html! {
        section #operations {
            h2 { "Operations" }
            @if all.is_empty() {
                p.absent { "No operation was recorded." }
            } @else {
                (scrolling(&outcomes(&all)))
                h3 { "Latency of ok operations" }
                (scrolling(&latencies(&all)))
                p.note {
                    "From the invocation"
                    @if all.iter().any(|one| one.intended.is_some()) {
                        ", and from the intended start, which counts the wait behind slow predecessors"
                    }
                    ". Exact quantiles by nearest rank."
                }
            }
        }
    }
}

/// How operations ended, and why.
fn outcomes(all: &[OperationStatistics]) -> Markup {
    html! {
        table {
            thead { tr {
                th { "operation" } th.number { "ok" } th.number { "fail" } th.number { "info" }
                th.number { "ok share" } th { "errors" }
            } }
            tbody {
                @for one in all {
                    tr {
                        th scope="row" { (one.f) }
                        td.number { (format::count(one.counts.ok)) }
                        td.number { (format::count(one.counts.fail)) }
                        td.number { (format::count(one.counts.info)) }
                        td.number { (one.counts.ok_fraction().map_or(String::new(), format::percent)) }
                        td {
                            @for ((kind, outcome), count) in &one.errors {
                                span.field { (outcome) " " (kind) " " b { (format::count(*count)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Quantiles by operation and basis.
fn latencies(all: &[OperationStatistics]) -> Markup {
    html! {
        table {
            thead { tr {
                th { "operation" } th { "from" } th.number { "p50" } th.number { "p90" } th.number { "p99" }
                th.number { "p99.9" } th.number { "max" }
            } }
            tbody {
                @for one in all {
                    (latency(&one.f, "invocation", one.invocation))
                    (latency(&one.f, "intended start", one.intended))
                }
            }
        }
    }
}

/// One row, if there is anything to show.
fn latency(f: &str, basis: &str, quantiles: Option<Quantiles>) -> Markup {
    let Some(quantiles) = quantiles else { return html! {} };
    let figures = [quantiles.p50, quantiles.p90, quantiles.p99, quantiles.p999, quantiles.max];
    html! {
        tr {
            th scope="row" { (f) }
            td { (basis) }
            @for figure in figures { td.number { (format::duration(figure)) } }
        }
    }
}
