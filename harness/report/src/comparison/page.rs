//! The page of a comparison, in the order of a reader's questions: who kept its promise, what does it cost, when.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use ordalia_checker::Verdict;
use ordalia_measure::comparison::{ComparedRun, Comparison, Side, Unit};

use super::recoveries;
use super::table::{swatch, table};
use crate::format;
use crate::page;
use crate::palette;
use crate::plots::comparison::Picture;

/// The rules that this page has beside those of all pages.
const STYLE: &str = include_str!("comparison.css");

/// Shows the seed that is chosen.
const SCRIPT: &str = include_str!("comparison.js");

/// The whole page.
pub(super) fn render(comparison: &Comparison, seeds: &BTreeMap<u64, Vec<Picture>>) -> Markup {
    let rules = format!("{}{STYLE}", page::STYLE);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (comparison.verdict) " · " (title(comparison)) " · Ordalia" }
                style { (PreEscaped(palette::style(&rules))) }
            }
            body {
                main {
                    (header(comparison))
                    p.outcome { (outcome(comparison)) }
                    section #verdicts.sides {
                        @for (at, side) in comparison.sides.iter().enumerate() { (card(at, side)) }
                    }
                    @for note in &comparison.notes { p.warning { (note) } }
                    section #figures {
                        h2 { "What it costs" }
                        (table(comparison, &comparison.rows))
                        (reading(comparison))
                    }
                    (plots(seeds))
                    (after_faults(comparison))
                    (runs(comparison))
                    (command(comparison))
                }
                script { (PreEscaped(SCRIPT)) (PreEscaped(page::SCRIPT)) }
            }
        }
    }
}

fn title(comparison: &Comparison) -> String {
    let names: Vec<&str> = comparison.sides.iter().map(|side| side.name.as_str()).collect();
    names.join(" beside ")
}

fn header(comparison: &Comparison) -> Markup {
    let all = &comparison.conditions;
    let rate = all
        .rate
        .map_or("as many operations as they can".to_owned(), |rate| format!("{rate} operations a second"));
    html! {
        header {
            p.kicker { "Ordalia · comparison" }
            h1 { (title(comparison)) }
            p.under {
                (all.workload) " · " (all.nodes) " nodes · " (all.concurrency) " clients · " (rate) " · "
                (seconds(all.time_limit_ms)) " of load · " (seeds_text(&all.seeds)) " · "
                @if all.simulated { "simulated" } @else { "real processes" }
                " · " (comparison.made)
            }
        }
    }
}

fn seconds(ms: u64) -> String {
    format!("{} s", ms as f64 / 1e3)
}

fn seeds_text(seeds: &[u64]) -> String {
    match seeds {
        [one] => format!("seed {one}"),
        [first, .., last] => format!("{} seeds, {first} to {last}", seeds.len()),
        [] => "no seed".to_owned(),
    }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "valid",
        Verdict::Unknown => "unknown",
        Verdict::Invalid => "invalid",
    }
}

/// What came out, in a sentence.
fn outcome(comparison: &Comparison) -> Markup {
    let named = |verdict: Verdict| {
        let names = comparison.sides.iter().filter(|side| side.verdict == verdict);
        names.map(|side| side.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    html! {
        @match comparison.verdict {
            Verdict::Valid => { "Every side kept its promise; the figures below say at what cost." }
            Verdict::Invalid => {
                strong { (named(Verdict::Invalid)) } " broke its promise: what it is quicker by is no gain."
            }
            Verdict::Unknown if named(Verdict::Unknown).is_empty() => { "The comparison is not complete." }
            Verdict::Unknown => { "Nobody can tell of " strong { (named(Verdict::Unknown)) } "." }
        }
    }
}

/// A side with its verdict in words.
fn card(at: usize, side: &Side) -> Markup {
    let runs = side.valid + side.unknown + side.invalid;
    let told = match side.verdict {
        Verdict::Valid => format!("kept its promise in all {runs} runs"),
        Verdict::Invalid => format!("broke its promise in {} of {runs} runs", side.invalid),
        Verdict::Unknown => format!("nobody can tell in {} of {runs} runs", side.unknown),
    };
    html! {
        article.judgement.(class(side.verdict)) {
            h3 { (swatch(at)) (side.name) @if at == 0 { span.field { " the others are held against it" } } }
            p.side-word { (side.verdict) }
            p.reason { (told) }
            @if !side.why.is_empty() { p.reason.quiet { (format::shorten(&side.why, 360)) } }
        }
    }
}

/// How the table is to be read.
fn reading(comparison: &Comparison) -> Markup {
    let pairs = comparison.conditions.seeds.len();
    html! {
        p.note {
            "Each further side is held against the first, within pairs: the two runs of a seed faced the same faults "
            "at the same times and were asked the same operations. A difference is the median over " (pairs) " pairs; its "
            "95 % interval is a bootstrap of 10,000 draws, and it is not significant where the interval holds 0. About "
            "one in twenty differences that are none will still look significant: with so many rows, look for those "
            "that tell the same story."
        }
        @if let Some(why) = comparison.rows.iter().flat_map(|row| &row.differences).find_map(|one| one.why_not.as_ref()) {
            p.note { strong { "No difference here is called significant: " } (why) "." }
        }
        p.note {
            "A figure in front of a span is the median of the side's runs, the span from the least to the greatest. "
            "Unavailable: the sum of all spans of at least 100 ms in which somebody waited and nobody was answered. "
            "Costs are those of the whole cluster for each ok operation"
            @if comparison.runs.iter().any(|run| run.figures.fsyncs_at_least) {
                "; of fsyncs at least so many, for killed processes took the end of their count along"
            }
            "."
        }
    }
}

fn plots(seeds: &BTreeMap<u64, Vec<Picture>>) -> Markup {
    html! {
        section #plots {
            h2 { "Over time" }
            p.chooser {
                label for="seed" { "Seed " }
                select #seed { @for seed in seeds.keys() { option value=(seed) { (seed) } } }
                span.quiet { " Bands are the faults as the first side met them." }
            }
            @for (at, (seed, pictures)) in seeds.iter().enumerate() {
                div.of-seed id={ "seed-" (seed) } hidden[at > 0] {
                    @for picture in pictures {
                        figure {
                            h3 { (picture.title) }
                            // The element was written by the plots, which escape all text.
                            div.plot role="region" tabindex="0" aria-label=(picture.title) { (PreEscaped(&picture.svg)) }
                        }
                    }
                }
            }
        }
    }
}

fn after_faults(comparison: &Comparison) -> Markup {
    let Some(picture) = recoveries::picture(comparison) else { return html! {} };
    html! {
        section #recovery {
            h2 { "After faults and heals" }
            figure {
                h3 { "Time to the first answer" }
                div.plot role="region" tabindex="0" aria-label="recoveries" { (picture) }
                figcaption {
                    "A dot is one fault or heal of one seed, a bar the median, on a logarithmic axis: from there to the "
                    "first answer to an operation that began after it. After a heal the time counts from when no fault "
                    "was in force any more; where the next fault came sooner nothing was seen."
                }
            }
            h3 { "Unavailable, and answering again" }
            (table(comparison, &comparison.after_faults))
        }
    }
}

fn runs(comparison: &Comparison) -> Markup {
    html! {
        section #runs {
            h2 { "The runs" }
            div.scroll role="region" tabindex="0" {
                table {
                    thead { tr {
                        th.number { "seed" } th { "side" } th { "verdict" } th.number { "ok" } th.number { "fail" }
                        th.number { "info" } th.number { "throughput" } th.number { "p99" } th.number { "unavailable" }
                        th { "report" }
                    } }
                    tbody { @for run in &comparison.runs { (run_row(comparison, run)) } }
                }
            }
        }
    }
}

fn run_row(comparison: &Comparison, run: &ComparedRun) -> Markup {
    let figures = &run.figures;
    let name = comparison.sides.get(run.side).map_or("", |side| side.name.as_str());
    html! {
        tr {
            td.number { (run.seed) }
            td { (swatch(run.side)) (format::shorten(name, 60)) }
            td { span class={ "pill " (class(run.verdict)) } title=(run.why) { (run.verdict) } }
            td.number { (format::count(figures.ok)) }
            td.number { (format::count(figures.fail)) }
            td.number { (format::count(figures.info)) }
            td.number { (Unit::PerSecond.text(figures.ok_per_s)) }
            td.number { (figures.latency.map_or("–".to_owned(), |all| Unit::Microseconds.text(all.invocation.p99_us))) }
            td.number { (Unit::Milliseconds.text(figures.unavailable_ms as f64)) }
            td { a href={ (run.folder) "/report/index.html" } title=(run.repeat) { "report" } }
        }
    }
}

fn command(comparison: &Comparison) -> Markup {
    html! {
        section #settings {
            h2 { "Make it again" }
            div.command { code #repeat { (comparison.command) } button data-copy="repeat" { "copy" } }
        }
        footer { a href="compare.json" { "compare.json" } " holds all of this." }
    }
}
