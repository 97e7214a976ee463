//! The page of a campaign: what came out, where, how to repeat it, and how the cells compare.

mod figures;
mod findings;
mod grid;

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use ordalia_campaign::{Summary, Totals};
use ordalia_checker::Verdict;

use crate::page::{SCRIPT, STYLE};
use crate::{ReportError, format, palette};

/// The rules that only this page needs.
const OWN_STYLE: &str = include_str!("style.css");

/// From the folder of a campaign to the folder of results.
const TO_RESULTS: &str = "../../..";

/// Draws a campaign's page. Its links lead to the runs, as seen from `results/campaigns/NAME/STAMP/`.
///
/// # Errors
/// The page cannot be written.
pub fn draw_campaign(summary: &Summary, path: &Path) -> Result<(), ReportError> {
    crate::write(path, &render(summary).into_string())
}

/// The whole page.
fn render(summary: &Summary) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (summary.verdict) " · " (summary.name) " · Ordalia" }
                style { (PreEscaped(palette::style(STYLE))) (PreEscaped(OWN_STYLE)) }
            }
            body {
                main {
                    (header(summary))
                    (banner(summary))
                    nav {
                        a href="#runs" { "Runs" }
                        a href="#findings" { "Findings" }
                        a href="#figures" { "Figures" }
                    }
                    (grid::section(summary))
                    (findings::section(summary))
                    (figures::section(summary))
                    footer {
                        "Ordalia " (summary.plan.version) " · binary " code { (summary.plan.binary) }
                        " · matrix " code { (summary.plan.checksum) } " · begun " (summary.started)
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn header(summary: &Summary) -> Markup {
    html! {
        header {
            p.kicker { "Ordalia · campaign" }
            h1 { (summary.name) }
            p.under {
                (format::count(summary.totals.jobs)) " runs in " (summary.cells.len()) " cells · " (summary.started)
            }
        }
    }
}

/// The class and the sign of a verdict.
fn appearance(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Valid => ("valid", "✓"),
        Verdict::Invalid => ("invalid", "✕"),
        Verdict::Unknown => ("unknown", "?"),
    }
}

/// The verdict in large.
fn banner(summary: &Summary) -> Markup {
    let (class, sign) = appearance(summary.verdict);
    let Totals { jobs, done, valid, unknown, invalid } = summary.totals;
    html! {
        section.verdict.(class) {
            div.word { span.sign aria-hidden="true" { (sign) } span { (summary.verdict) } }
            p.because { (because(summary)) }
            dl.figures {
                @for (what, count) in [("valid", valid), ("unknown", unknown), ("invalid", invalid)] {
                    div { dt { (what) } dd { (format::count(count)) } }
                }
                div { dt { "done" } dd { (format::count(done)) " of " (format::count(jobs)) } }
            }
        }
    }
}

/// Why the verdict is what it is, in a sentence.
fn because(summary: &Summary) -> String {
    let Totals { jobs, done, unknown, invalid, .. } = summary.totals;
    let worst =
        summary.cells.iter().flat_map(|cell| cell.findings.iter().map(move |finding| (cell, finding)));
    let worst = worst.filter(|(_, finding)| finding.verdict == summary.verdict);
    let worst = worst.max_by_key(|(_, finding)| finding.count);
    let found = worst.map_or(String::new(), |(cell, finding)| {
        format!(" Most often, in {} of them, {} in {}.", finding.count, finding.checker, cell.cell.name)
    });
    let left = match (&summary.stopped, jobs - done) {
        (_, 0) => String::new(),
        (Some(why), left) => format!(" It ended early, {why}: {left} runs were not begun."),
        (None, left) => format!(" {left} runs are still to be done."),
    };
    match (invalid, unknown) {
        (1.., _) => format!("{invalid} runs are invalid.{found}{left}"),
        (0, 1..) => format!("{unknown} runs could not be judged.{found}{left}"),
        (0, 0) if done < jobs => format!("Whatever was run is valid.{left}"),
        (0, 0) => "Every run is valid.".to_owned(),
    }
}

/// The address of a run's report, as seen from the campaign's page.
fn report_of(folder: &str) -> String {
    format!("{TO_RESULTS}/{folder}/report/index.html")
}
