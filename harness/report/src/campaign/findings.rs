//! What was found, with the command that repeats it.

use maud::{Markup, html};
use ordalia_campaign::{CellSummary, Finding, Summary};

use super::{appearance, report_of};

/// How many seeds of a finding are listed.
const LISTED: usize = 24;

/// The section with the findings, the worst first.
pub(super) fn section(summary: &Summary) -> Markup {
    let all = summary.cells.iter().flat_map(|cell| cell.findings.iter().map(move |finding| (cell, finding)));
    let mut all: Vec<(&CellSummary, &Finding)> = all.collect();
    all.sort_by_key(|(_, finding)| std::cmp::Reverse((finding.verdict, finding.count)));
    html! {
        section #findings {
            h2 { "Findings" }
            @if all.is_empty() { p.absent { "Nothing was found." } }
            @for (number, (cell, finding)) in all.iter().enumerate() { (judgement(number, cell, finding)) }
        }
    }
}

fn judgement(number: usize, cell: &CellSummary, finding: &Finding) -> Markup {
    let (class, sign) = appearance(finding.verdict);
    let (id, first) = (format!("repeat-{number}"), &finding.first);
    let runs = cell.valid + cell.unknown + cell.invalid;
    html! {
        div.judgement.(class) {
            h3 {
                (finding.checker) " "
                span class={ "pill " (class) } { (sign) " " (finding.verdict) }
            }
            p.reason { (cell.cell.name) " · " strong { (finding.count) } " of " (runs) " runs · seeds " (seeds(finding)) }
            p.reason {
                "Seed " (first.seed) ": " (first.why)
                @if let Some(folder) = &first.folder { " " a href=(report_of(folder)) { "See the run." } }
            }
            @if !first.repeat.is_empty() {
                div.command {
                    code #(id) { (first.repeat) }
                    button type="button" data-copy=(id) { "copy" }
                }
            }
        }
    }
}

/// The seeds, as far as there is room.
fn seeds(finding: &Finding) -> String {
    let mut seeds: Vec<String> = finding.seeds.iter().take(LISTED).map(u64::to_string).collect();
    if finding.seeds.len() > LISTED {
        seeds.push("…".to_owned());
    }
    seeds.join(", ")
}
