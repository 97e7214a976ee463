//! What stands above and across the lanes: who led, what was released, which rounds the verdict names.

use maud::{Markup, html};

use super::Layout;
use crate::bands::text_width;
use crate::format;
use crate::palette;
use crate::plots::frame::{Frame, LEFT, Mark, RIGHT, SMALL, legend, px};
use crate::rounds::{Ending, Release, Rounds, Scene, Tenure, View, figure};

/// The height of a row of leaders.
pub(super) const LEADER_ROW: f64 = 19.0;
/// The height of the row of released rounds.
pub(super) const RELEASED_ROW: f64 = 17.0;
/// Rows beyond this are one.
const MOST_ROWS: usize = 4;

/// The signs of the lanes.
pub(super) fn legend_row() -> Markup {
    let entries = [
        ("measuring", palette::TEAL, Mark::Block),
        ("waiting", palette::BLUE, Mark::Block),
        ("passed", palette::OK, Mark::Block),
        ("leads", palette::LEADER, Mark::Line),
        ("released", palette::VIOLET, Mark::Dot),
        ("down", palette::KILL, Mark::Cross),
        ("session expired", palette::ORANGE, Mark::Dot),
        ("named by the verdict", palette::BAD, Mark::Block),
    ];
    legend(&entries.map(|(text, ink, mark)| (text.to_owned(), ink, mark)))
}

/// The row of each tenure: the first that is free when it begins.
pub(super) struct LeaderRows {
    rows: Vec<usize>,
    pub count: usize,
}

/// Two that lead at the same time stand in different rows.
pub(super) fn leader_rows(scene: &Scene<'_>) -> LeaderRows {
    let mut ends: Vec<u64> = Vec::new();
    let mut rows = Vec::new();
    for tenure in &scene.tenures {
        let free = ends.iter().position(|end| *end <= tenure.start_ns);
        let row = free.unwrap_or(ends.len()).min(MOST_ROWS - 1);
        match ends.get_mut(row) {
            Some(end) => *end = tenure.end_ns.max(*end),
            None => ends.push(tenure.end_ns),
        }
        rows.push(row);
    }
    LeaderRows { rows, count: ends.len().max(1) }
}

/// A name at the left of a strip.
pub(super) fn strip_label(y: f64, text: &str) -> Markup {
    html! {
        text x=(px(LEFT - 10.0)) y=(px(y)) text-anchor="end" font-size=(SMALL) fill=(palette::MUTED.hex()) { (text) }
    }
}

/// The leaders by their time in office, and a line above the lane of each.
pub(super) fn leaders(
    frame: &Frame,
    layout: &Layout,
    rounds: &Rounds,
    scene: &Scene<'_>,
    rows: &LeaderRows,
) -> Markup {
    html! {
        (strip_label(frame.top() + 13.0, "leader"))
        g class="leader" {
            @for (tenure, row) in scene.tenures.iter().zip(&rows.rows) {
                @let y = frame.top() + 1.0 + *row as f64 * LEADER_ROW;
                @let (left, right) = (frame.x(tenure.start_ns as f64), frame.x(tenure.end_ns as f64));
                @let width = (right - left).max(1.5);
                rect x=(px(left)) y=(px(y)) width=(px(width)) height=(px(LEADER_ROW - 3.0)) rx="2" fill=(palette::LEADER.hex())
                    stroke=(palette::SURFACE.hex()) {
                    title { (in_office(rounds, tenure)) }
                }
                (office_text(rounds, tenure, left, width, y))
            }
        }
        g class="tenure" stroke=(palette::LEADER.hex()) stroke-width=(px(office_width(layout))) {
            @for tenure in &scene.tenures {
                @if let Some(place) = scene.place(tenure.sensor) {
                    @let y = office_line(frame, layout, place);
                    @let (left, right) = (frame.x(tenure.start_ns as f64), frame.x(tenure.end_ns as f64).max(LEFT + 1.0));
                    path d=(format!("M{} {}H{}", px(left), px(y), px(right))) { title { (in_office(rounds, tenure)) } }
                }
            }
        }
    }
}

/// As much of the leader's name and epoch as fits on its block.
fn office_text(rounds: &Rounds, tenure: &Tenure, left: f64, width: f64, y: f64) -> Markup {
    let name = format::shorten(rounds.name(tenure.sensor), 12);
    let texts = [format!("{name} leads epoch {}", tenure.epoch), format!("{name}, {}", tenure.epoch), name];
    let fitting = texts.into_iter().find(|text| text_width(text, SMALL) + 8.0 <= width);
    html! {
        @if let Some(text) = fitting {
            text x=(px(left + 5.0)) y=(px(y + 12.0)) font-size=(SMALL) fill=(palette::ON_DARK.hex()) pointer-events="none" { (text) }
        }
    }
}

/// What a tenure says when it is pointed at.
fn in_office(rounds: &Rounds, tenure: &Tenure) -> String {
    let name = format::shorten(rounds.name(tenure.sensor), 40);
    let (from, to) = (format::time(tenure.start_ns), format::time(tenure.end_ns));
    format!("{name} leads epoch {}, {from} to {to}", tenure.epoch)
}

/// A line across the lanes for each release, with the round's number on top.
pub(super) fn release_lines(frame: &Frame, layout: &Layout, rounds: &Rounds, scene: &Scene<'_>) -> Markup {
    let (top, bottom) = (frame.top() + layout.lanes - 3.0, frame.top() + layout.lanes_end);
    html! {
        (strip_label(frame.top() + layout.released + 11.0, "released"))
        g class="release" stroke=(palette::VIOLET.hex()) {
            @for release in &scene.releases {
                @let x = px(frame.x(release.start_ns as f64));
                path d=(format!("M{x} {}V{}", px(top), px(bottom)))
                    stroke-dasharray=(if release.ending == Ending::Done { "none" } else { "3 3" }) {
                    title { (released(rounds, release)) }
                }
            }
        }
        (round_numbers(frame, layout, rounds, scene))
    }
}

/// A dot for each release, on the line above the lane of the leader that made it.
pub(super) fn release_dots(frame: &Frame, layout: &Layout, rounds: &Rounds, scene: &Scene<'_>) -> Markup {
    let r = (layout.lane / 6.0).clamp(1.6, 3.6);
    html! {
        g class="released-by" fill=(palette::VIOLET.hex()) stroke=(palette::SURFACE.hex()) stroke-width="0.8" {
            @for release in &scene.releases {
                @if let Some(place) = scene.place(release.sensor) {
                    circle cx=(px(frame.x(release.start_ns as f64))) cy=(px(office_line(frame, layout, place))) r=(px(r)) {
                        title { (released(rounds, release)) }
                    }
                }
            }
        }
    }
}

/// The height of the line of office above a lane.
fn office_line(frame: &Frame, layout: &Layout, place: usize) -> f64 {
    frame.top() + layout.lanes + place as f64 * layout.lane + office_width(layout) / 2.0 + 0.5
}

/// The width of that line.
fn office_width(layout: &Layout) -> f64 {
    match layout.lane {
        lane if lane >= 22.0 => 3.5,
        lane if lane >= 10.0 => 2.0,
        _ => 1.2,
    }
}

/// The numbers of the released rounds, as many as have room; those that the verdict names come first.
fn round_numbers(frame: &Frame, layout: &Layout, rounds: &Rounds, scene: &Scene<'_>) -> Markup {
    let named = |release: &Release| rounds.marks.rounds.contains_key(&release.round);
    let mut order: Vec<&Release> = scene.releases.clone();
    order.sort_by_key(|release| !named(release));
    let mut placed: Vec<(f64, f64, &Release)> = Vec::new();
    for release in order {
        let half = text_width(&release.round.to_string(), SMALL) / 2.0 + 1.5;
        let x = frame.x(release.start_ns as f64).clamp(LEFT + half, RIGHT - half);
        if placed.iter().all(|(other, width, _)| (x - other).abs() >= half + width) {
            placed.push((x, half, release));
        }
    }
    let y = px(frame.top() + layout.released + 11.0);
    html! {
        g class="round" font-size=(SMALL) text-anchor="middle" pointer-events="none" {
            @for (x, _, release) in placed {
                @let ink = if named(release) { palette::BAD } else { palette::VIOLET };
                text x=(px(x)) y=(y) fill=(ink.hex()) font-weight=(if named(release) { "700" } else { "400" }) { (release.round) }
            }
        }
    }
}

/// What a release says when it is pointed at.
fn released(rounds: &Rounds, release: &Release) -> String {
    let name = format::shorten(rounds.name(release.sensor), 40);
    let how = match (release.ending, release.end_ns) {
        (Ending::Done, Some(end)) => format!("in force at {}", format::time(end)),
        (Ending::Failed, _) => "refused".to_owned(),
        (Ending::Crashed, _) => "cut off by a crash".to_owned(),
        _ => "and nobody knows whether it is in force".to_owned(),
    };
    let mean = release.mean().map(|mean| format!(", their mean {}", figure(mean))).unwrap_or_default();
    let (round, epoch, at) = (release.round, release.epoch, format::time(release.start_ns));
    let (values, expected) = (release.values.len(), release.expected);
    format!(
        "round {round} released by {name} in epoch {epoch} at {at}, {how}; {values} values of {expected} expected{mean}"
    )
}

/// A band behind each round that the verdict names.
pub(super) fn marked_rounds(frame: &Frame, layout: &Layout, rounds: &Rounds, view: &View) -> Markup {
    let (top, bottom) = (frame.top() + layout.released, frame.top() + layout.lanes_end);
    html! {
        g class="marked-round" fill=(palette::BAD.hex()) fill-opacity="0.13" {
            @for (round, mark) in &rounds.marks.rounds {
                @if let Some(span) = rounds.spans.get(round).filter(|span| view.holds(span.start_ns, span.end_ns)) {
                    @let (left, right) = (frame.x(span.start_ns as f64), frame.x(span.end_ns as f64));
                    rect x=(px(left)) y=(px(top)) width=(px((right - left).max(3.0))) height=(px(bottom - top)) {
                        title { "round " (round) ": " (format::shorten(&mark.properties.iter().map(String::as_str).collect::<Vec<_>>().join(", "), 120)) }
                    }
                }
            }
        }
    }
}
