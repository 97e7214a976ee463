//! Leaders and terms: a row for each node.

use maud::{Markup, html};

use super::Plot;
use super::frame::{Axis, Frame, LEFT, Mark, SMALL, legend, px};
use crate::ReportError;
use crate::bands::text_width;
use crate::format;
use crate::load::Loaded;
use crate::palette::{self, Ink};
use crate::terms::{Segment, State, outages, segments};

/// The height of a row.
const ROW: f64 = 30.0;

/// The plot, if the nodes said anything of themselves or were stopped.
pub(super) fn draw(loaded: &Loaded) -> Result<Option<Plot>, ReportError> {
    let nodes = loaded.nodes();
    let outages = outages(&loaded.faults, loaded.end_ns);
    if nodes.is_empty() || (loaded.status.is_empty() && outages.is_empty()) {
        return Ok(None);
    }
    let height = nodes.len() as f64 * ROW;
    let frame = Frame::new(0, loaded.end_ns, height, &loaded.windows);
    let legend = legend(&[
        ("leader".to_owned(), palette::LEADER, Mark::Block),
        ("follower".to_owned(), palette::FOLLOWER, Mark::Block),
        ("candidate".to_owned(), palette::CANDIDATE, Mark::Block),
        ("other role".to_owned(), palette::TEAL, Mark::Block),
        ("paused".to_owned(), palette::PAUSE, Mark::Block),
        ("killed".to_owned(), palette::KILL, Mark::Block),
        ("no answer".to_owned(), palette::SILENT, Mark::Block),
    ]);
    let above = html! {
        (legend)
        @for (position, node) in nodes.iter().enumerate() {
            @let y = frame.top() + position as f64 * ROW;
            @let segments = segments(*node, &loaded.status, &outages, loaded.end_ns);
            text x=(px(LEFT - 10.0)) y=(px(y + ROW / 2.0 + 4.0)) text-anchor="end" font-size="12"
                font-weight="600" fill=(palette::TEXT.hex()) { (node) }
            @for segment in &segments { (bar(&frame, segment, y + 4.0)) }
        }
    };
    let y = Axis::new(0.0, 1.0, Vec::new(), |_| String::new());
    let svg = frame.compose("leaders.svg", y, |_| Ok(()), &above)?;
    let caption = "What each node said of itself, with its term's number; killed and paused are taken from \
                   the faults. The state between two samples is that of the first.";
    Ok(Some(Plot { file: "leaders.svg", title: "Roles by node", caption: caption.to_owned(), svg }))
}

/// A span of one state, with the term where it fits.
fn bar(frame: &Frame, segment: &Segment, y: f64) -> Markup {
    let (fill, ink, name) = appearance(&segment.state);
    let (left, right) = (frame.x(segment.start_ns as f64), frame.x(segment.end_ns as f64));
    let width = (right - left).max(1.0);
    let number = segment.term.map(|term| term.to_string()).unwrap_or_default();
    let term = segment.term.map(|term| format!(", term {term}")).unwrap_or_default();
    let (from, to) = (format::time(segment.start_ns), format::time(segment.end_ns));
    html! {
        rect x=(px(left)) y=(px(y)) width=(px(width)) height=(ROW - 8.0) fill=(fill.hex()) rx="2" {
            title { (name) (term) ", " (from) " to " (to) }
        }
        @if !number.is_empty() && text_width(&number, SMALL) + 6.0 <= width {
            text x=(px(left + 4.0)) y=(px(y + ROW / 2.0)) font-size=(SMALL) fill=(ink.hex())
                pointer-events="none" { (number) }
        }
    }
}

/// The colours of a state and of text on it, and its name.
fn appearance(state: &State) -> (Ink, Ink, String) {
    match state {
        State::Dead => (palette::KILL, palette::ON_DARK, "killed".to_owned()),
        State::Paused => (palette::PAUSE, palette::ON_DARK, "paused".to_owned()),
        State::Silent => (palette::SILENT, palette::MUTED, "no answer".to_owned()),
        State::Role(role) => {
            let name = format::shorten(role, 40);
            match role.as_str() {
                "leader" => (palette::LEADER, palette::ON_DARK, name),
                "follower" => (palette::FOLLOWER, palette::TEXT, name),
                "candidate" | "pre-candidate" => (palette::CANDIDATE, palette::ON_DARK, name),
                _ => (palette::TEAL, palette::ON_DARK, name),
            }
        }
    }
}
