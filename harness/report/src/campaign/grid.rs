//! The runs: a row for each cell, a square for each seed, coloured by its verdict.

use std::collections::BTreeMap;

use maud::{Markup, html};
use ordalia_campaign::{CellSummary, JobResult, Summary};

use super::{appearance, report_of};
use crate::format;

/// The most squares that are drawn. Of larger campaigns the rows say how many.
const MAX_SQUARES: usize = 50_000;

/// The most that a square says when it is pointed at, in characters.
const MAX_TITLE: usize = 300;

/// The section with the grid.
pub(super) fn section(summary: &Summary) -> Markup {
    let results: BTreeMap<(&str, u64), &JobResult> =
        summary.runs.iter().map(|run| ((run.cell.as_str(), run.seed), &run.result)).collect();
    let squares = summary.cells.iter().map(|cell| cell.cell.seeds.len()).sum::<usize>() <= MAX_SQUARES;
    html! {
        section #runs {
            h2 { "Runs" }
            div.scroll role="region" tabindex="0" {
                table.grid {
                    thead { tr { th { "cell" } th { "seeds" } th.number { "valid" } th.number { "unknown" } th.number { "invalid" } } }
                    tbody {
                        @for cell in &summary.cells { (row(cell, &results, squares)) }
                    }
                }
            }
            p.note {
                "A square is a run, with its seed; one with a frame has a report. Simulated runs are stored where they \
                 are not valid, up to 20 of a cell."
            }
        }
    }
}

fn row(cell: &CellSummary, results: &BTreeMap<(&str, u64), &JobResult>, squares: bool) -> Markup {
    html! {
        tr {
            th { (cell.cell.name) }
            td {
                @if squares {
                    div.squares {
                        @for &seed in &cell.cell.seeds {
                            (square(seed, results.get(&(cell.cell.name.as_str(), seed)).copied()))
                        }
                    }
                } @else { (format::count(cell.cell.seeds.len() as u64)) }
            }
            td.number { (format::count(cell.valid)) }
            td.number { (format::count(cell.unknown)) }
            td.number.bad[cell.invalid > 0] { (format::count(cell.invalid)) }
        }
    }
}

/// One run.
fn square(seed: u64, result: Option<&JobResult>) -> Markup {
    let Some(result) = result else {
        return html! { span.square title={ "seed " (seed) " · not done" } { (seed) } };
    };
    let (class, _) = appearance(result.verdict);
    let why = result.complaints.first();
    let why = why.map_or(String::new(), |worst| format!(" · {}: {}", worst.checker, worst.why));
    let title = format::shorten(&format!("seed {seed} · {}{why}", result.verdict), MAX_TITLE);
    html! {
        @match &result.folder {
            Some(folder) => a.square.kept.(class) href=(report_of(folder)) title=(title) { (seed) },
            None => span.square.(class) title=(title) { (seed) },
        }
    }
}
