//! The operations on the failing key around the violation: a row for each process.

use std::collections::BTreeSet;

use maud::{Markup, html};
use ordalia_history::{Operation, Outcome};

use super::Plot;
use super::frame::{Axis, Frame, LEFT, Mark, RIGHT, SMALL, legend, px};
use crate::ReportError;
use crate::bands::text_width;
use crate::format;
use crate::load::Loaded;
use crate::palette;
use crate::violation::Violation;

/// More operations than this are no picture of one violation; the nearest are kept.
const MOST_OPERATIONS: usize = 36;

/// The height of a row: a label, and the bar beneath it.
const ROW: f64 = 34.0;

/// The plot, if there is a violation and its operation is known.
pub(super) fn draw(loaded: &Loaded) -> Result<Option<Plot>, ReportError> {
    let Some(violation) = Violation::of(loaded) else { return Ok(None) };
    let Some(culprit) = violation.culprit else { return Ok(None) };
    let shown = around(loaded, &violation, culprit);
    let (start, end) = extent(&shown, culprit);
    let processes: Vec<u64> =
        shown.iter().map(|op| op.process).collect::<BTreeSet<_>>().into_iter().collect();
    let frame = Frame::new(start, end, processes.len() as f64 * ROW, &loaded.windows);
    let entries = [
        ("cannot be placed", palette::BAD),
        ("in the longest legal order", palette::BLUE),
        ("not in it", palette::FAIL),
        ("unknown outcome, open for ever", palette::INFO),
    ]
    .map(|(text, ink)| (text.to_owned(), ink, Mark::Block));
    let above = html! {
        (legend(&entries))
        @for (position, process) in processes.iter().enumerate() {
            @let y = frame.top() + position as f64 * ROW;
            text x=(px(LEFT - 10.0)) y=(px(y + 26.0)) text-anchor="end" font-size=(SMALL)
                fill=(palette::MUTED.hex()) { "process " (process) }
            line x1=(LEFT) x2=(RIGHT) y1=(px(y + ROW)) y2=(px(y + ROW)) stroke=(palette::GRID.hex()) {}
            (row(&frame, &shown, *process, &violation, culprit, y))
        }
    };
    let y = Axis::new(0.0, 1.0, Vec::new(), |_| String::new());
    let svg = frame.compose("violation.svg", y, |_| Ok(()), &above)?;
    let key = violation.key.as_ref().map(|key| format!(" on key {}", format::value(key))).unwrap_or_default();
    let caption = format!(
        "Operations{key} around the violation, each a bar from its invocation to its completion. The number \
         behind a label is the operation's place in the longest legal order."
    );
    Ok(Some(Plot { file: "violation.svg", title: "Around the violation", caption, svg }))
}

/// The operations on the key that were under way about the time of the culprit, the nearest first cut to
/// a readable number, in order of invocation.
fn around<'a>(loaded: &'a Loaded, violation: &Violation<'_>, culprit: &Operation) -> Vec<&'a Operation> {
    // A read without an answer says nothing.
    let silent = |operation: &Operation| operation.outcome == Outcome::Info && operation.f == "read";
    let concerns = |operation: &&Operation| violation.concerns(operation) && !silent(operation);
    let mut near: Vec<&Operation> = loaded.operations.iter().filter(concerns).collect();
    let in_window = |operation: &Operation| match violation.window {
        Some((start, end)) => operation.invoked_ns <= end && finish(operation) >= start,
        None => true,
    };
    // A window that holds hardly anything explains nothing: what came just before is wanted too.
    let distance = |operation: &Operation| {
        let away = match operation.invoked_ns > culprit.invoked_ns {
            // What came before explains more than what came after.
            true => operation.invoked_ns.saturating_sub(finish(culprit)).saturating_mul(4),
            false => culprit.invoked_ns.saturating_sub(finish(operation)),
        };
        (away, operation.invoked_ns.abs_diff(culprit.invoked_ns))
    };
    near.sort_by_key(|operation| distance(operation));
    let within = near.iter().filter(|operation| in_window(operation)).count();
    near.truncate(within.clamp(12, MOST_OPERATIONS));
    if !near.iter().any(|operation| operation.invoke_index == culprit.invoke_index) {
        near.extend(loaded.operations.iter().find(|op| op.invoke_index == culprit.invoke_index));
    }
    near.sort_by_key(|operation| operation.invoked_ns);
    near
}

/// The end of an operation; one whose outcome is unknown never ends.
fn finish(operation: &Operation) -> u64 {
    match (operation.outcome, operation.completed_ns) {
        (Outcome::Ok | Outcome::Fail, Some(end)) => end,
        _ => u64::MAX,
    }
}

/// The time to show, in nanoseconds: all bars that end, and a little air.
fn extent(shown: &[&Operation], culprit: &Operation) -> (u64, u64) {
    let closed = || shown.iter().filter(|operation| finish(operation) < u64::MAX);
    let start = closed().map(|op| op.invoked_ns).min().unwrap_or(culprit.invoked_ns);
    let last = shown.iter().map(|op| op.invoked_ns).max();
    let end = closed().map(|op| finish(op)).max().max(last).unwrap_or(culprit.invoked_ns);
    let air = (end.saturating_sub(start) / 25).max(1_000);
    (start.saturating_sub(air), end.saturating_add(air))
}

/// The bars of one process. The culprit's label always stands; another's is left out where it would run into
/// the next.
fn row(
    frame: &Frame,
    shown: &[&Operation],
    process: u64,
    violation: &Violation<'_>,
    culprit: &Operation,
    y: f64,
) -> Markup {
    let own: Vec<&&Operation> = shown.iter().filter(|operation| operation.process == process).collect();
    html! {
        @for (at, operation) in own.iter().enumerate() {
            @let loud = operation.invoke_index == culprit.invoke_index;
            @let text = label(operation, violation);
            @let wanted = text_width(&text, SMALL) + if loud { 12.0 } else { 4.0 };
            @let left = frame.x(operation.invoked_ns as f64).min(RIGHT - wanted);
            @let next = own.get(at + 1).map_or(f64::MAX, |next| frame.x(next.invoked_ns as f64).min(RIGHT - 40.0));
            (bar(frame, operation, violation, loud, y))
            @if loud || left + wanted <= next {
                text x=(px(left)) y=(px(y + 14.0)) font-size=(SMALL)
                    font-weight=(if loud { "700" } else { "400" })
                    fill=(if loud { palette::BAD } else { palette::TEXT }.hex()) { (text) }
            }
        }
    }
}

/// What an operation did, with its place in the longest legal order.
fn label(operation: &Operation, violation: &Violation<'_>) -> String {
    let what = format::operation(operation);
    let what = if operation.outcome == Outcome::Fail { format!("{what} failed") } else { what };
    match violation.place(operation) {
        Some(place) => format!("{what} · {place}"),
        None => what,
    }
}

/// A bar from invocation to completion; without a known outcome it runs off to the right.
fn bar(frame: &Frame, operation: &Operation, violation: &Violation<'_>, loud: bool, y: f64) -> Markup {
    let open = finish(operation) == u64::MAX;
    let ink = match operation.outcome {
        _ if loud => palette::BAD,
        Outcome::Info => palette::INFO,
        Outcome::Ok if violation.place(operation).is_some() => palette::BLUE,
        _ => palette::FAIL,
    };
    let (left, right) = (frame.x(operation.invoked_ns as f64), frame.x(finish(operation) as f64));
    let (opacity, dashes) = if open { ("0.3", "4 3") } else { ("0.85", "none") };
    html! {
        rect x=(px(left)) y=(px(y + 19.0)) width=(px((right - left).max(3.0))) height="9" rx="2"
            fill=(ink.hex()) fill-opacity=(opacity) stroke=(ink.hex()) stroke-dasharray=(dashes) {
            title { (hint(operation)) }
        }
        @if open {
            path d=(format!("M{} {}l6 4.5l-6 4.5z", px(RIGHT + 3.0), px(y + 19.0))) fill=(ink.hex()) {}
        }
    }
}

/// Everything about an operation, for a tool tip.
fn hint(operation: &Operation) -> String {
    let end = match operation.completed_ns {
        Some(end) => format!("{} at {}", format::outcome(operation.outcome), format::time(end)),
        None => "never completed".to_owned(),
    };
    let node = operation.node.as_ref().map(|node| format!(" via {node}")).unwrap_or_default();
    let error = operation.error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
    let text = format!(
        "event {}: {} by process {}{node}, invoked at {}, {end}{error}",
        operation.invoke_index,
        format::operation(operation),
        operation.process,
        format::time(operation.invoked_ns)
    );
    format::shorten(&text, 300)
}
