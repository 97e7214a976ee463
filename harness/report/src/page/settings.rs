//! The settings, and the command that repeats the run.

use maud::{Markup, html};
use ordalia_record::RunInfo;

use super::scrolling;
use crate::format;
use crate::load::Loaded;

/// The section.
pub(super) fn section(loaded: &Loaded) -> Markup {
    html! {
        section #settings {
            h2 { "Repeat it" }
            @match &loaded.info {
                None => p.absent { "The settings of this run cannot be read." },
                Some(info) => {
                    div.command {
                        code #command { (info.command) }
                        button type="button" data-copy="command" { "copy" }
                    }
                    (list(info))
                    (phases(info))
                },
            }
        }
    }
}

/// Every setting with its name.
fn list(info: &RunInfo) -> Markup {
    let options: Vec<String> =
        info.target.options.iter().map(|(name, value)| format!("--{name} {value}")).collect();
    let kinds = info.faults.join(", ");
    let faults = match (kinds.as_str(), info.fault_interval_ms) {
        ("", _) => "none".to_owned(),
        // They stand in the schedule, with their times.
        ("schedule", _) | (_, 0) => "as recorded in schedule.json".to_owned(),
        (kinds, interval_ms) => format!("{kinds}, about every {}", milliseconds(interval_ms)),
    };
    let rate = info.rate.map_or("as many as the clients can".to_owned(), |rate| format!("{rate}/s"));
    let settings = [
        ("Target", info.target.name.clone()),
        ("Options", none_if_empty(options.join(" "))),
        ("Planted bugs", none_if_empty(info.target.bugs.join(", "))),
        ("Workload", info.workload.clone()),
        ("Nodes", info.nodes.to_string()),
        ("Clients", info.concurrency.to_string()),
        ("Rate", rate),
        ("Load", milliseconds(info.time_limit_ms)),
        ("Client time-out", milliseconds(info.client_timeout_ms)),
        ("Faults", faults),
        ("Peers speak", peers(info).to_owned()),
        ("Seed", info.seed.to_string()),
    ];
    html! { dl.settings { @for (name, value) in &settings { div { dt { (name) } dd { (value) } } } } }
}

/// The phases that the run went through.
fn phases(info: &RunInfo) -> Markup {
    if info.phases.is_empty() {
        return html! { p.absent { "No phase was recorded as reached." } };
    }
    let table = html! {
        table.narrow {
            thead { tr { th { "phase" } th.number { "from" } th.number { "to" } th.number { "took" } } }
            tbody {
                @for phase in &info.phases {
                    tr {
                        td { (phase.name) }
                        td.number { (format::time(phase.start_ns)) }
                        td.number { (format::time(phase.end_ns)) }
                        td.number { (format::duration(phase.end_ns.saturating_sub(phase.start_ns))) }
                    }
                }
            }
        }
    };
    scrolling(&table)
}

/// A time that is given in milliseconds.
fn milliseconds(ms: u64) -> String {
    let ns = ms.saturating_mul(1_000_000);
    match ms.is_multiple_of(1000) && ms < 120_000 {
        true => format!("{} s", ms / 1000),
        false => format::duration(ns),
    }
}

/// The text, or the word for its absence.
fn none_if_empty(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

/// How peers reached each other.
fn peers(info: &RunInfo) -> &'static str {
    match (info.simulated, info.proxied) {
        (true, _) => "in a simulated network; all times are virtual",
        (false, true) => "through proxies",
        (false, false) => "directly",
    }
}
