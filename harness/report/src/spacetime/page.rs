//! The page around the diagram.

use std::ops::Range;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use ordalia_checker::Verdict;

use super::data::extent;
use super::story::Story;
use super::window::Focus;
use super::{PAGE, SHIVIZ, shiviz};
use crate::load::Loaded;
use crate::{format, palette};

/// The appearance, shared with the page on linearizability, and what is the diagram's own.
const STYLE: &str = concat!(include_str!("../linearization/view.css"), include_str!("spacetime.css"));

/// Unpacks the data and draws them.
const SCRIPT: &str = concat!(
    include_str!("../picture.js"),
    "\n",
    include_str!("lanes.js"),
    "\n",
    include_str!("diagram.js"),
    "\n",
    include_str!("view.js")
);

/// The whole page. `packed` is what the script draws.
pub(super) fn render(
    loaded: &Loaded,
    story: &Story,
    focus: &Focus,
    shown: &Range<usize>,
    packed: &str,
) -> Markup {
    let title = crate::page::title(loaded);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Space–time · " (title) " · Ordalia" }
                style { (PreEscaped(palette::style(STYLE))) }
            }
            body {
                main {
                    (header(loaded, story, &title))
                    (picture(focus, story, shown))
                    (notes())
                }
                script #data type="application/octet-stream" { (PreEscaped(packed)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// The heading, with the gravest reason.
fn header(loaded: &Loaded, story: &Story, title: &str) -> Markup {
    let valid = loaded.verdict.as_ref().map(|verdict| verdict.valid);
    let (class, sign, word) = match valid {
        Some(Verdict::Valid) => ("valid", "✓", "valid"),
        Some(Verdict::Invalid) => ("invalid", "✕", "invalid"),
        Some(Verdict::Unknown) | None => ("unknown", "?", "unknown"),
    };
    let reason = loaded.verdict.as_ref().and_then(|verdict| {
        let mut all = verdict.checkers.iter().filter(|(_, judgement)| Some(judgement.valid) == valid);
        all.find_map(|(name, judgement)| Some((name, judgement.reasons.first()?)))
    });
    html! {
        header class=(class) {
            p.kicker { "Ordalia · space and time · " a href="index.html" { "the whole report" } }
            h1 { span.word { span aria-hidden="true" { (sign) " " } (word) } " " span.title { (title) } }
            p.under {
                (number(story.lanes.nodes(), "node")) " · "
                (number(story.lanes.count() - story.lanes.nodes(), "client")) " · "
                (format::count(story.moments.len() as u64)) " events · " (format::count(story.arrows.len() as u64)) " messages"
                @if let Some(info) = &loaded.info {
                    " · seed " (info.seed)
                    @if !info.target.bugs.is_empty() { " · planted: " strong { (info.target.bugs.join(", ")) } }
                }
            }
            @if let Some((name, reason)) = reason { p.because { (name) ": " (format::abridge(reason, 600)) } }
        }
    }
}

/// `1 node`, `3 nodes`
fn number(count: usize, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// What is not on the page, in a sentence.
pub(super) fn cut_sentence(story: &Story, shown: &Range<usize>) -> Option<String> {
    if shown.len() == story.moments.len() {
        return None;
    }
    let ((start, end), count) = (extent(story, shown), |number: usize| format::count(number as u64));
    let sides = [(shown.start, "before"), (story.moments.len() - shown.end, "after")];
    let left: Vec<String> = sides
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, side)| format!("{} {side} that", count(*number)))
        .collect();
    Some(format!(
        "The run is long: {} of its {} events are drawn, from {} to {}; {} are left out. Clocks count from the \
         beginning of the run.",
        count(shown.len()),
        count(story.moments.len()),
        seconds(start),
        seconds(end),
        left.join(" and "),
    ))
}

/// A time that may lie before the load.
fn seconds(ns: i64) -> String {
    format!("{:.3} s", ns as f64 / 1e9)
}

/// The canvas with its controls.
fn picture(focus: &Focus, story: &Story, shown: &Range<usize>) -> Markup {
    let button = |action: &str, label: &str, title: &str| {
        html! { button type="button" data-do=(action) title=(title) { (label) } }
    };
    let first = if focus.stuck.is_some() { "Failure" } else { "Where it begins" };
    html! {
        section #picture {
            @if let Some(cut) = cut_sentence(story, shown) { p #cut.note { (cut) } }
            p.note { "Shown first: " (focus.what) ", from " (seconds(focus.start)) " to " (seconds(focus.end)) "." }
            div.bar {
                (button("failure", first, "go there; a failing operation is chosen (F)"))
                (button("setter", "What it should have seen", "choose the operation that left the state (S)"))
                (button("all", "All", "show everything on this page (0)"))
                (button("in", "+", "zoom in (+)"))
                (button("out", "−", "zoom out (−)"))
                (button("previous", "‹", "the event before on the same lane (P)"))
                (button("next", "›", "the event after on the same lane (N)"))
                (button("clear", "Clear", "choose nothing (Esc)"))
                span.range #range {}
            }
            div #kinds role="group" aria-label="what is shown" {}
            div.frame {
                div.view tabindex="0" role="application" #view
                    aria-label="space–time diagram; arrows move, plus and minus zoom, F goes to the failure, N and P step through the events of a node" {
                    canvas #diagram {}
                }
                canvas #overview title="all that is on this page" {}
            }
            div #legend {}
            div #chosen aria-live="polite" {}
            p #status.absent aria-live="polite" { "The picture needs a browser with scripts." }
            div #tip role="tooltip" hidden {}
        }
    }
}

/// How to read it, and how to take it elsewhere.
fn notes() -> Markup {
    html! {
        section {
            h2 { "How to read it" }
            p.note {
                "Time goes to the right; each band is a node, shaded by its role. Diamonds are what a node told of itself, triangles "
                "timers that ran out, small squares under a band what became durable, dots where messages leave and arrive. Bars under "
                "a band are the operations that clients asked of that node. Wheel or " kbd { "+" } " " kbd { "−" } " zooms, dragging or "
                kbd { "←" } " " kbd { "→" } " moves."
            }
            p.note {
                "Click an event: what lies in its causal past is blue, what it could have caused is orange, and the rest had "
                "nothing to do with it, whenever it happened. The relation is Lamport's, along lifelines and messages, "
                "clients included; a node that restarts is taken to know what it knew before, so the past is an upper bound."
            }
        }
        section {
            h2 { "In ShiViz" }
            p.note {
                "The events around the same place are in " a href=(SHIVIZ) { (SHIVIZ) } ", with vector clocks that begin with the "
                "file. In ShiViz choose " em { "Try out ShiViz" } ", then " em { "Browse" } " under the input and this file: its first line is the parser "
                "expression " code { (shiviz::EXPRESSION) } ", the second one, for several executions, is empty."
            }
        }
        footer { "Times are virtual, since the start of the load. " (PAGE) " needs nothing beside it." }
    }
}
