//! Figures by cell: medians over its runs, with the interval that holds them with 95 %.

use maud::{Markup, html};
use ordalia_campaign::{CellSummary, Spread, Summary};

use crate::page::scrolling;

/// A figure's name, its heading, and how its numbers are written.
struct Column {
    name: &'static str,
    heading: &'static str,
    written: fn(f64) -> String,
}

const COLUMNS: [Column; 9] = [
    Column { name: "ok_per_s", heading: "ok ops/s", written: |value| format!("{value:.0}") },
    Column { name: "p50_us", heading: "p50, ms", written: |value| format!("{:.2}", value / 1000.0) },
    Column { name: "p99_us", heading: "p99, ms", written: |value| format!("{:.2}", value / 1000.0) },
    Column { name: "availability", heading: "answered, %", written: |value| format!("{:.1}", value * 100.0) },
    Column { name: "unavailable_ms", heading: "unavailable, ms", written: |value| format!("{value:.0}") },
    Column { name: "recovery_ms", heading: "slowest recovery, ms", written: |value| format!("{value:.0}") },
    Column { name: "messages_per_op", heading: "messages/op", written: |value| format!("{value:.1}") },
    Column { name: "fsyncs_per_op", heading: "fsyncs/op", written: |value| format!("{value:.2}") },
    Column { name: "elections", heading: "elections", written: |value| format!("{value:.0}") },
];

/// The section with the table.
pub(super) fn section(summary: &Summary) -> Markup {
    let known = |column: &&Column| summary.cells.iter().any(|cell| cell.figures.contains_key(column.name));
    let columns: Vec<&Column> = COLUMNS.iter().filter(known).collect();
    html! {
        section #figures {
            h2 { "Figures" }
            @if columns.is_empty() { p.absent { "No run has figures." } }
            @else {
                (scrolling(&table(summary, &columns)))
                p.note {
                    "Medians over the runs of a cell, and below them the interval in which the median lies with 95 % \
                     (bootstrap). Those of simulated runs are in virtual time, and say nothing of this machine."
                }
            }
        }
    }
}

fn table(summary: &Summary, columns: &[&Column]) -> Markup {
    html! {
        table.grid {
            thead {
                tr {
                    th { "cell" }
                    @for column in columns { th.number { (column.heading) } }
                }
            }
            tbody {
                @for cell in &summary.cells { (row(cell, columns)) }
            }
        }
    }
}

fn row(cell: &CellSummary, columns: &[&Column]) -> Markup {
    html! {
        tr {
            th { (cell.cell.name) }
            @for column in columns {
                td.number {
                    @match cell.figures.get(column.name) {
                        Some(spread) => (figure(spread, column.written)),
                        None => span.quiet { "–" },
                    }
                }
            }
        }
    }
}

fn figure(spread: &Spread, written: fn(f64) -> String) -> Markup {
    html! {
        b { (written(spread.median)) }
        @if spread.low < spread.high {
            span.interval { (written(spread.low)) " … " (written(spread.high)) }
        }
    }
}
