//! The lanes: what each sensor was at, when it passed, and when it took no part.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::Layout;
use crate::bands::text_width;
use crate::format;
use crate::palette::{self, Ink};
use crate::plots::frame::{Frame, LEFT, RIGHT, SMALL, cross, px};
use crate::rounds::{Absence, AbsenceKind, Bar, Ending, Lane, Pass, Rounds, Scene, Stage, figure};

/// Numbers stand in the lanes where rounds are so many pixels apart.
const NUMBER_SPACING: f64 = 34.0;

/// The pixels from one round to the next, on the whole.
fn spacing(frame: &Frame, scene: &Scene<'_>) -> f64 {
    let most = scene.lanes.iter().map(|lane| lane.passes.len()).max().unwrap_or(0);
    (RIGHT - frame.x(frame.start_ns)) / most.max(1) as f64
}

/// Where things are within a lane, in pixels.
struct Track {
    top: f64,
    height: f64,
    /// The upper edge and the height of a high bar.
    bar: f64,
    bar_height: f64,
}

impl Track {
    fn new(frame: &Frame, layout: &Layout, place: usize) -> Self {
        let (top, height) = (frame.top() + layout.lanes + place as f64 * layout.lane, layout.lane);
        let (above, beneath) = match height {
            h if h >= 22.0 => (6.0, 3.0),
            h if h >= 10.0 => (3.0, 1.5),
            _ => (1.0, 0.5),
        };
        Self { top, height, bar: top + above, bar_height: height - above - beneath }
    }

    /// The upper edge and the height of a stage's bar; waiting is low, so that a number has room above it.
    fn of(&self, stage: Stage) -> (f64, f64) {
        match stage {
            Stage::Measuring => (self.bar, self.bar_height),
            Stage::Waiting => (self.bar + self.bar_height * 0.6, self.bar_height * 0.4),
        }
    }

    fn middle(&self) -> f64 {
        self.bar + self.bar_height / 2.0
    }
}

/// All lanes, layer by layer. Without titles each layer of a lane is a single path.
pub(super) fn draw(
    frame: &Frame,
    layout: &Layout,
    rounds: &Rounds,
    scene: &Scene<'_>,
    titled: bool,
) -> Markup {
    let tracks = || {
        let places = scene.lanes.iter().enumerate();
        places.map(|(place, lane)| (lane, Track::new(frame, layout, place)))
    };
    let every = (SMALL / layout.lane).ceil().max(1.0) as usize;
    let layer = |class: &str, ink: Ink, opacity: &str, stage: Stage, wanted: &dyn Fn(Ending) -> bool| {
        html! {
            g class=(class) fill=(ink.hex()) fill-opacity=(opacity) {
                @for (lane, track) in tracks() { (bars(frame, lane, &track, stage, wanted, titled)) }
            }
        }
    };
    html! {
        @for (place, (lane, track)) in tracks().enumerate() {
            @if place % every == 0 { (label(lane, &track)) }
            @if layout.lane >= 10.0 {
                path d=(format!("M{LEFT} {}H{RIGHT}", px(track.top + track.height))) stroke=(palette::GRID.hex()) {}
            }
        }
        g class="absent" { @for (lane, track) in tracks() { (absences(frame, lane, &track)) } }
        (layer("measuring", palette::TEAL, "0.72", Stage::Measuring, &|ending| ending == Ending::Done))
        (layer("waiting", palette::BLUE, "0.45", Stage::Waiting, &|ending| ending == Ending::Done))
        (layer("measuring-undone", palette::TEAL, "0.3", Stage::Measuring, &|ending| ending != Ending::Done))
        (layer("waiting-undone", palette::BLUE, "0.25", Stage::Waiting, &|ending| ending != Ending::Done))
        g class="cut-short" stroke-width="1.8" fill="none" {
            @for (lane, track) in tracks() { (ends(frame, lane, &track)) }
        }
        g class="passed" fill=(palette::OK.hex()) {
            @for (lane, track) in tracks() { (passes(frame, lane, &track, spacing(frame, scene), titled)) }
        }
        @if layout.lane >= 13.0 && spacing(frame, scene) >= NUMBER_SPACING {
            g class="number" font-size=(SMALL - 1.0) text-anchor="end" font-weight="600" pointer-events="none" {
                @for (lane, track) in tracks() { (numbers(frame, lane, &track)) }
            }
        }
        g class="marked" fill="none" stroke=(palette::BAD.hex()) stroke-width="2" {
            @for (lane, track) in tracks() { (marked(frame, rounds, lane, &track)) }
        }
    }
}

/// The sensor's name at the left.
fn label(lane: &Lane<'_>, track: &Track) -> Markup {
    html! {
        text x=(px(LEFT - 10.0)) y=(px(track.middle() + 4.0)) text-anchor="end" font-size=(if track.height < 14.0 { 10 } else { 12 })
            font-weight="600" fill=(palette::TEXT.hex()) { (format::shorten(lane.name, 9)) }
    }
}

/// The bars of one stage with the endings that are wanted.
fn bars(
    frame: &Frame,
    lane: &Lane<'_>,
    track: &Track,
    stage: Stage,
    wanted: &dyn Fn(Ending) -> bool,
    titled: bool,
) -> Markup {
    let (y, height) = track.of(stage);
    let own = || lane.bars.iter().filter(|bar| bar.stage == stage && wanted(bar.ending));
    let place = |bar: &Bar| {
        let (left, right) = (frame.x(bar.start_ns as f64), frame.x(bar.end_ns as f64));
        (left, (right - left).max(0.6))
    };
    if titled {
        return html! {
            @for bar in own() {
                @let (left, width) = place(bar);
                rect x=(px(left)) y=(px(y)) width=(px(width)) height=(px(height)) { title { (told(lane, bar)) } }
            }
        };
    }
    let mut path = String::new();
    for bar in own() {
        let (left, width) = place(bar);
        // Writing to a text cannot fail.
        let _ = write!(path, "M{} {}h{}v{}h-{}z", px(left), px(y), px(width), px(height), px(width));
    }
    html! { @if !path.is_empty() { path d=(path) { title { (summed(lane)) } } } }
}

/// What a bar says when it is pointed at.
fn told(lane: &Lane<'_>, bar: &Bar) -> String {
    let name = format::shorten(lane.name, 40);
    let (from, to) = (format::time(bar.start_ns), format::time(bar.end_ns));
    let round = bar.round;
    let value = bar.value.map(|value| format!(" {}", figure(value))).unwrap_or_default();
    let what = match (bar.stage, bar.ending) {
        (Stage::Measuring, Ending::Done) => format!("measured{value}"),
        (Stage::Measuring, Ending::Failed) => "failed to measure".to_owned(),
        (Stage::Measuring, Ending::Unknown) => "measured, and nobody knows whether it is held".to_owned(),
        (Stage::Measuring, Ending::Crashed) => "measured until it crashed".to_owned(),
        (Stage::Waiting, Ending::Done) => "waited and passed".to_owned(),
        (Stage::Waiting, Ending::Failed) => "waited and did not pass".to_owned(),
        (Stage::Waiting, Ending::Unknown) => "waited without an end".to_owned(),
        (Stage::Waiting, Ending::Crashed) => "waited until it crashed".to_owned(),
    };
    format!("{name}, round {round}: {what}, {from} to {to}")
}

/// What a lane says where its bars are too many to tell of each.
fn summed(lane: &Lane<'_>) -> String {
    let (first, last) = (lane.passes.first(), lane.passes.last());
    let span = match (first, last) {
        (Some(first), Some(last)) => format!(", from {} to {}", first.round, last.round),
        _ => String::new(),
    };
    format!("{}: {} rounds passed{span}", format::shorten(lane.name, 40), lane.passes.len())
}

/// A cross at the end of each stage that came to nothing.
fn ends(frame: &Frame, lane: &Lane<'_>, track: &Track) -> Markup {
    let r = (track.bar_height / 3.0).clamp(1.2, 4.0);
    let cut = lane.bars.iter().filter(|bar| matches!(bar.ending, Ending::Failed | Ending::Crashed));
    html! {
        @for bar in cut {
            @let ink = if bar.ending == Ending::Crashed { palette::KILL } else { palette::FAIL };
            path d=(cross(frame.x(bar.end_ns as f64), track.middle(), r)) stroke=(ink.hex()) { title { (told(lane, bar)) } }
        }
    }
}

/// A mark at each passing.
fn passes(frame: &Frame, lane: &Lane<'_>, track: &Track, spacing: f64, titled: bool) -> Markup {
    let (top, height) = match track.height {
        h if h >= 10.0 => (track.bar - 1.5, track.bar_height + 3.0),
        _ => (track.bar, track.bar_height),
    };
    if titled {
        let width = if spacing >= NUMBER_SPACING { 2.2 } else { 1.2 };
        return html! {
            @for pass in &lane.passes {
                rect x=(px(frame.x(pass.at_ns as f64) - width / 2.0)) y=(px(top)) width=(width) height=(px(height)) {
                    title { (passing(lane, pass)) }
                }
            }
        };
    }
    let mut path = String::new();
    for pass in &lane.passes {
        // Writing to a text cannot fail.
        let _ = write!(path, "M{} {}h.8v{}h-.8z", px(frame.x(pass.at_ns as f64) - 0.4), px(top), px(height));
    }
    html! { @if !path.is_empty() { path d=(path) { title { (summed(lane)) } } } }
}

/// What a passing says when it is pointed at.
fn passing(lane: &Lane<'_>, pass: &Pass) -> String {
    let total = pass.total.map(|total| format!(", and the counter came to {total}")).unwrap_or_default();
    format!(
        "{} passed round {} at {}{total}",
        format::shorten(lane.name, 40),
        pass.round,
        format::time(pass.at_ns)
    )
}

/// The round's number ahead of each passing: above the low bar, or on the high one where that is too short.
fn numbers(frame: &Frame, lane: &Lane<'_>, track: &Track) -> Markup {
    let size = SMALL - 1.0;
    let (mut at, mut taken) = (0, LEFT);
    let mut placed = Vec::new();
    for pass in &lane.passes {
        let x = frame.x(pass.at_ns as f64);
        let number = pass.round.to_string();
        let need = text_width(&number, size) + 3.0;
        let bar = |stage: Stage, from: usize| {
            let found =
                lane.bars.iter().skip(from).position(|bar| bar.stage == stage && bar.round == pass.round);
            found.map(|found| found + from)
        };
        let waiting = bar(Stage::Waiting, at);
        let edge = |bar: usize| lane.bars.get(bar).map_or(x, |bar| frame.x(bar.start_ns as f64));
        let begun = waiting.map_or(x, edge);
        let room = begun.max(taken);
        if x - need >= room {
            placed.push((x - 3.0, palette::TEXT, number));
        } else if begun - need >= taken {
            placed.push((begun - 3.0, palette::ON_DARK, number));
        }
        (at, taken) = (waiting.unwrap_or(at), x + 2.0);
    }
    let y = |ink: Ink| match ink == palette::TEXT && track.height >= 22.0 {
        true => track.bar + 9.5,
        false => track.middle() + 3.5,
    };
    html! {
        @for (x, ink, number) in placed {
            text x=(px(x)) y=(px(y(ink))) fill=(ink.hex()) { (number) }
        }
    }
}

/// The spans in which the sensor took no part, and the ends of its sessions.
fn absences(frame: &Frame, lane: &Lane<'_>, track: &Track) -> Markup {
    let y = px(track.middle());
    let width = if track.height >= 10.0 { 2.0 } else { 1.2 };
    html! {
        @for absence in &lane.absences {
            @let (left, right) = (px(frame.x(absence.start_ns as f64)), px(frame.x(absence.end_ns as f64)));
            @let (ink, dashes) = match absence.kind {
                AbsenceKind::Down => (palette::KILL, "1.5 3"),
                AbsenceKind::NoSession => (palette::ORANGE, "5 3"),
            };
            path d=(format!("M{left} {y}H{right}")) stroke=(ink.hex()) stroke-width=(width) stroke-dasharray=(dashes) {
                title { (missing(lane, absence)) }
            }
        }
        @for expiry in &lane.expiries {
            @let r = (track.bar_height / 2.5).clamp(1.5, 5.0);
            circle cx=(px(frame.x(*expiry as f64))) cy=(y) r=(px(r)) fill=(palette::SURFACE.hex())
                stroke=(palette::ORANGE.hex()) stroke-width="2" {
                title { (format::shorten(lane.name, 40)) ": its session expired at " (format::time(*expiry)) }
            }
        }
    }
}

/// What an absence says when it is pointed at.
fn missing(lane: &Lane<'_>, absence: &Absence) -> String {
    let why = match absence.kind {
        AbsenceKind::Down => "down, or not heard of",
        AbsenceKind::NoSession => "without a session",
    };
    let (from, to) = (format::time(absence.start_ns), format::time(absence.end_ns));
    format!("{}: {why}, {from} to {to}", format::shorten(lane.name, 40))
}

/// A frame around what a sensor did in a round for which the verdict names it.
fn marked(frame: &Frame, rounds: &Rounds, lane: &Lane<'_>, track: &Track) -> Markup {
    html! {
        @for bar in lane.bars.iter().filter(|bar| rounds.marks.names(bar.round, lane.name)) {
            @let (left, right) = (frame.x(bar.start_ns as f64), frame.x(bar.end_ns as f64));
            rect x=(px(left)) y=(px(track.bar - 1.0)) width=(px((right - left).max(2.0))) height=(px(track.bar_height + 2.0)) rx="2" {}
        }
    }
}
