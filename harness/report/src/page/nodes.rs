//! Leaders over time, and each node's end.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use maud::{Markup, html};
use ordalia_node::{NodeId, Status};
use ordalia_record::NodeDeath;

use super::{figure, or_dash, scrolling};
use crate::format;
use crate::load::Loaded;
use crate::plots::Plot;
use crate::terms::{Outage, Reign, State, outages, reigns, rivals, segments};

/// The lines of a node's log that are shown.
const LOG_LINES: usize = 12;

/// Bytes read from the end of a log for them.
const LOG_BYTES: u64 = 8192;

/// Leaders and terms over time, with a warning where two nodes led in one term.
pub(super) fn leaders_section(loaded: &Loaded, plot: Option<&Plot>) -> Markup {
    let outages = outages(&loaded.faults, loaded.end_ns);
    let all: Vec<Reign> = loaded.nodes().iter().flat_map(|node| reigns_of(*node, loaded, &outages)).collect();
    html! {
        section #leaders {
            h2 { "Leaders and terms" }
            @for (term, nodes) in rivals(&all) {
                p.warning {
                    "Several nodes said that they led in term " (term) ": "
                    @for (at, node) in nodes.iter().enumerate() { @if at > 0 { ", " } (node) }
                    "."
                }
            }
            @match plot {
                Some(plot) => (figure(plot)),
                None => p.absent { "The nodes' own words are not recorded." },
            }
        }
    }
}

/// The spans in which a node led.
fn reigns_of(node: NodeId, loaded: &Loaded, outages: &[Outage]) -> Vec<Reign> {
    reigns(node, &segments(node, &loaded.status, outages, loaded.end_ns))
}

/// A row for each node.
pub(super) fn section(loaded: &Loaded) -> Markup {
    let outages = outages(&loaded.faults, loaded.end_ns);
    let nodes = loaded.nodes();
    let table = html! {
        table {
            thead { tr {
                th { "node" } th { "last role" } th.number { "term" } th { "said beside" }
                th.number { "kills" } th.number { "pauses" } th { "terms led" } th { "log" }
            } }
            tbody { @for node in &nodes { (row(*node, loaded, &outages)) } }
        }
    };
    html! {
        section #nodes {
            h2 { "Nodes" }
            @for death in loaded.info.iter().flat_map(|info| &info.deaths) { (unasked(death)) }
            @if nodes.is_empty() { p.absent { "No node is known." } } @else { (scrolling(&table)) }
            @for node in &nodes { (log_tail(*node, loaded)) }
        }
    }
}

/// A process that ended by itself, with its last words.
fn unasked(death: &NodeDeath) -> Markup {
    html! {
        div.warning {
            (death.node) " ended by itself at " (format::time(death.time)) ": " (death.how)
            @if !death.log_tail.is_empty() { pre { (death.log_tail.join("\n")) } }
        }
    }
}

/// One node.
fn row(node: NodeId, loaded: &Loaded, outages: &[Outage]) -> Markup {
    let last = loaded.status.iter().rev().find(|sample| sample.node == node);
    let status = loaded.status.iter().rev().filter(|s| s.node == node).find_map(|s| s.status.as_ref());
    let silent = last.is_some_and(|sample| sample.status.is_none());
    let took = |state: State| outages.iter().filter(|o| o.node == node && o.state == state).count();
    html! {
        tr {
            th scope="row" { (node) }
            td {
                (or_dash(status.map(|status| status.role.clone())))
                @if silent { " " span.quiet { "(then silent)" } }
            }
            td.number { (or_dash(status.and_then(|status| status.term).map(|term| term.to_string()))) }
            td { (fields(status)) }
            td.number { (took(State::Dead)) }
            td.number { (took(State::Paused)) }
            td { (terms_led(&reigns_of(node, loaded, outages))) }
            td {
                @if loaded.root.join(log_path(node)).is_file() {
                    a href={ "../" (log_path(node)) } { "log" }
                } @else { "–" }
            }
        }
    }
}

/// The log's path as seen from the run's folder.
fn log_path(node: NodeId) -> String {
    format!("nodes/{node}/log")
}

/// What a node says beside role and term.
fn fields(status: Option<&Status>) -> Markup {
    html! {
        @for (name, value) in status.iter().flat_map(|status| &status.fields) {
            span.field { (name) " " b { (format::shorten(&format::value(value), 60)) } }
        }
    }
}

/// The terms that a node led, with how long.
fn terms_led(reigns: &[Reign]) -> String {
    let mut terms: Vec<(Option<u64>, u64)> = Vec::new();
    for reign in reigns {
        let length = reign.end_ns.saturating_sub(reign.start_ns);
        match terms.last_mut() {
            Some((term, total)) if *term == reign.term => *total += length,
            _ => terms.push((reign.term, length)),
        }
    }
    let name = |(term, length): &(Option<u64>, u64)| {
        format!("{} ({})", or_dash(term.map(|term| term.to_string())), format::duration(*length))
    };
    let all: Vec<String> = terms.iter().map(name).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}

/// The last lines of a node's log, folded away.
fn log_tail(node: NodeId, loaded: &Loaded) -> Markup {
    let Some(tail) = tail(&loaded.root.join(log_path(node))) else { return html! {} };
    html! {
        details {
            summary { "Last lines of " (node) "'s log" }
            pre { (tail) }
        }
    }
}

/// The last lines of a file; `None` if it is empty or cannot be read.
fn tail(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES))).ok()?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(LOG_LINES)..];
    (!last.is_empty()).then(|| last.join("\n"))
}
