//! The page: one HTML file that needs nothing beside it. Sections in the order of a reader's questions:
//! what came out, why, how to repeat it, what happened.

mod faults;
mod links;
mod nodes;
mod rounds;
mod settings;
mod statistics;
mod verdict;
mod violation;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::format;
use crate::load::Loaded;
use crate::palette;
use crate::plots::{Plot, rounds::CLOSE_FILE, rounds::FILE};

/// The rules of the page's appearance; colours are variables that the palette declares.
pub(crate) const STYLE: &str = include_str!("style.css");

/// Copies the text of an element, and says so on its button.
pub(crate) const SCRIPT: &str = include_str!("script.js");

/// The file of the plot that stands with the violation, not among the others.
const VIOLATION_PLOT: &str = "violation.svg";

/// The file of the plot of leaders, which has a section of its own.
const LEADERS_PLOT: &str = "leaders.svg";

/// The files of the plots of rounds, which have a section of their own too.
const ROUNDS_PLOTS: [&str; 2] = [FILE, CLOSE_FILE];

/// The whole page.
pub(crate) fn render(loaded: &Loaded, plots: &[Plot]) -> Markup {
    let find = |file: &str| plots.iter().find(|plot| plot.file == file);
    let title = title(loaded);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (verdict::word(loaded)) " · " (title) " · Ordalia" }
                style { (PreEscaped(palette::style(STYLE))) }
            }
            body {
                main {
                    (header(loaded, &title))
                    (verdict::banner(loaded))
                    (contents(loaded, plots))
                    (verdict::section(loaded))
                    (violation::section(loaded, find(VIOLATION_PLOT)))
                    (settings::section(loaded))
                    @let own: Vec<&Plot> = plots.iter().filter(|p| ROUNDS_PLOTS.contains(&p.file)).collect();
                    (rounds::section(loaded, &own))
                    section #plots {
                        h2 { "Latency and throughput" }
                        @let special = |p: &&Plot| [VIOLATION_PLOT, LEADERS_PLOT].contains(&p.file) || ROUNDS_PLOTS.contains(&p.file);
                        @let general = plots.iter().filter(|p| !special(p));
                        @for plot in general { (figure(plot)) }
                        @if loaded.clients().is_empty() {
                            p.absent { "There are no operations to draw." }
                        }
                    }
                    (nodes::leaders_section(loaded, find(LEADERS_PLOT)))
                    (nodes::section(loaded))
                    (links::section(loaded))
                    (faults::section(loaded))
                    (statistics::section(loaded))
                    (footer(loaded))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// What was tested, in a few words.
pub(crate) fn title(loaded: &Loaded) -> String {
    match &loaded.info {
        Some(info) => format!("{} · {}", info.target.name, info.workload),
        None => "a run without settings".to_owned(),
    }
}

/// The heading of the page.
fn header(loaded: &Loaded, title: &str) -> Markup {
    html! {
        header {
            p.kicker { "Ordalia · trial by fault" }
            h1 { (title) }
            @if let Some(info) = &loaded.info {
                p.under {
                    (info.nodes) " nodes · " (info.concurrency) " clients · seed " (info.seed)
                    @if !info.target.bugs.is_empty() { " · planted: " strong { (info.target.bugs.join(", ")) } }
                    @for (name, value) in &info.target.options { " · " (name) " " (value) }
                    " · " (info.started)
                }
            }
        }
    }
}

/// Links to the sections that are there.
fn contents(loaded: &Loaded, plots: &[Plot]) -> Markup {
    let violated = plots.iter().any(|plot| plot.file == VIOLATION_PLOT)
        || crate::violation::Violation::of(loaded).is_some();
    html! {
        nav {
            a href="#why" { "Why" }
            @if violated { a href="#violation" { "The violation" } }
            @if loaded.space_time { a href=(crate::spacetime::PAGE) { "Space and time ↗" } }
            a href="#settings" { "Repeat it" }
            @if loaded.rounds.is_some() { a href="#rounds" { "Rounds" } }
            a href="#plots" { "Plots" }
            a href="#leaders" { "Leaders" }
            a href="#nodes" { "Nodes" }
            a href="#links" { "Links" }
            a href="#faults" { "Faults" }
            a href="#operations" { "Operations" }
        }
    }
}

/// A plot with its heading, its caption and a link to its own file.
fn figure(plot: &Plot) -> Markup {
    html! {
        figure {
            h3 { (plot.title) a.file href=(plot.file) title="the plot as a file" { "svg" } }
            // The element was written by the plots, which escape all text.
            div.plot role="region" tabindex="0" aria-label=(plot.title) { (PreEscaped(plot.inline())) }
            figcaption { (plot.caption) }
        }
    }
}

/// What tells one build from another, at the foot.
fn footer(loaded: &Loaded) -> Markup {
    html! {
        footer {
            @if let Some(info) = &loaded.info {
                "Ordalia " (info.version) " · binary " code { (info.binary) } " · "
            }
            "times are since the start of the load, over " (format::duration(loaded.end_ns))
        }
    }
}

/// A table that scrolls sideways where the page is narrow.
pub(crate) fn scrolling(table: &Markup) -> Markup {
    html! { div.scroll role="region" tabindex="0" { (table) } }
}

/// A figure of a table or a dash.
fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}
