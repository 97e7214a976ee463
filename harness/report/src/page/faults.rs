//! The faults: what was done, when, what shows it, and how soon the system answered again.

use maud::{Markup, html};
use ordalia_history::FaultWindow;
use ordalia_record::{FaultRecord, HealInfo};
use serde_json::Value;

use super::{or_dash, scrolling};
use crate::format;
use crate::load::Loaded;
use crate::palette;
use crate::summary::{Recovery, recoveries};

/// A row for each fault.
pub(super) fn section(loaded: &Loaded) -> Markup {
    let recoveries = loaded.verdict.as_ref().map(recoveries).unwrap_or_default();
    let table = html! {
        table {
            thead { tr {
                th.number { "#" } th { "fault" } th.number { "from" } th.number { "for" } th { "took effect" }
                th.number { "answered again after" } th { "evidence" }
            } }
            tbody { @for window in &loaded.windows { (row(window, loaded, &recoveries)) } }
        }
    };
    html! {
        section #faults {
            h2 { "Faults" }
            @if loaded.windows.is_empty() {
                p.absent { "No fault was injected." }
            } @else {
                (scrolling(&table))
            }
            @if let Some(heal) = loaded.info.as_ref().and_then(|info| info.heal.as_ref()) { (healing(heal)) }
        }
    }
}

/// How the cluster came back once all faults were healed.
fn healing(heal: &HealInfo) -> Markup {
    let took = format::duration(heal.took_ms.saturating_mul(1_000_000));
    html! {
        @if heal.problems.is_empty() {
            p.note { "After the last fault the cluster was whole again in " (took) "." }
        } @else {
            div.warning {
                "The cluster was not whole " (took) " after all faults were healed:"
                ul { @for problem in &heal.problems { li { (problem) } } }
            }
        }
    }
}

/// One fault.
fn row(window: &FaultWindow, loaded: &Loaded, recoveries: &[Recovery]) -> Markup {
    let records: Vec<&FaultRecord> = loaded.faults.iter().filter(|r| r.fault == window.fault).collect();
    let recovery = recoveries.iter().find(|recovery| recovery.fault == window.fault);
    let recovery = recovery.map(|recovery| recovery.recovery_ns.map_or("never".to_owned(), format::duration));
    let length = window.end_ns.map(|end| format::duration(end.saturating_sub(window.start_ns)));
    html! {
        tr {
            td.number { (window.fault) }
            td {
                span.chip style={ "--kind:" (palette::fault(&window.kind).variable()) } { (window.kind) }
                " " (window.label)
            }
            td.number { (format::time(window.start_ns)) }
            td.number { (length.unwrap_or_else(|| "never healed".to_owned())) }
            td { (effect(&records)) }
            td.number { (or_dash(recovery)) }
            td { (evidence(&records)) }
        }
    }
}

/// Whether the fault was shown to have taken effect.
fn effect(records: &[&FaultRecord]) -> Markup {
    let shown: Vec<bool> = records.iter().filter_map(|record| record.effective).collect();
    html! {
        @if shown.contains(&false) { span.no { "✕ no" } }
        @else if shown.contains(&true) { span.yes { "✓ yes" } }
        @else { "–" }
    }
}

/// What shows it, folded away, and what went wrong.
fn evidence(records: &[&FaultRecord]) -> Markup {
    let told: Vec<&&FaultRecord> = records.iter().filter(|record| !record.evidence.is_null()).collect();
    html! {
        @for record in records {
            @if let Some(error) = &record.error { p.no { (error) } }
        }
        @if !told.is_empty() {
            details {
                summary { (gist(&told)) }
                @for record in &told {
                    div.evidence { (phase(record)) " " code { (record.evidence.to_string()) } }
                }
            }
        }
    }
}

/// The phase of a record, as the files spell it.
fn phase(record: &FaultRecord) -> String {
    let name = serde_json::to_value(record.phase).map(|value| format::value(&value)).unwrap_or_default();
    format!("{name} {}", format::time(record.time))
}

/// A short form of the first evidence.
fn gist(told: &[&&FaultRecord]) -> String {
    let first = told.first().map_or(&Value::Null, |record| &record.evidence);
    let member = |(name, value): (&String, &Value)| format!("{name}: {}", format::value(value));
    let text = match first {
        Value::Object(members) => members.iter().map(member).collect::<Vec<_>>().join(", "),
        other => format::value(other),
    };
    format::shorten(&text, 60)
}
