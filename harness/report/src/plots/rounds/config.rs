//! The configuration: a row for each name, with a tick where a value came into force at a sensor.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::{Layout, strips::strip_label};
use crate::bands::text_width;
use crate::format;
use crate::palette;
use crate::plots::frame::{Frame, RIGHT, SMALL, cross, px};
use crate::rounds::{Change, Rounds, Scene};

/// The height of a row.
pub(super) const ROW: f64 = 18.0;

/// Names beyond this are not drawn.
const MOST_NAMES: usize = 6;

/// The names that have rows.
pub(super) fn names<'a>(scene: &Scene<'a>) -> Vec<&'a str> {
    let names: BTreeSet<&str> = scene.changes.iter().map(|change| change.name.as_str()).collect();
    names.into_iter().take(MOST_NAMES).collect()
}

/// All rows.
pub(super) fn draw(
    frame: &Frame,
    layout: &Layout,
    rounds: &Rounds,
    scene: &Scene<'_>,
    names: &[&str],
) -> Markup {
    let y = |row: usize| frame.top() + layout.config + row as f64 * ROW;
    html! {
        @if !names.is_empty() { (strip_label(y(0) + 12.5, "in force")) }
        @for (row, name) in names.iter().enumerate() {
            @let own: Vec<&Change> = scene.changes.iter().copied().filter(|change| change.name == *name).collect();
            g class="change" { @for change in &own { (tick(frame, rounds, change, y(row))) } }
            (labels(frame, &own, y(row)))
        }
    }
}

/// A tick, or a cross where the value was refused.
fn tick(frame: &Frame, rounds: &Rounds, change: &Change, y: f64) -> Markup {
    let x = frame.x(change.at_ns as f64);
    let (sensor, at) = (format::shorten(rounds.name(change.sensor), 40), format::time(change.at_ns));
    html! {
        @if change.accepted {
            path d=(format!("M{} {}v11", px(x), px(y + 3.0))) stroke=(palette::PINK.hex()) stroke-width="1.5" {
                title { (change.name) " = " (change.value) " in force at " (sensor) " from " (at) }
            }
        } @else {
            path d=(cross(x, y + 8.5, 3.5)) stroke=(palette::INFO.hex()) stroke-width="1.8" fill="none" {
                title { (change.name) " = " (change.value) " refused by " (sensor) " at " (at) }
            }
        }
    }
}

/// The first tick of a row has its name and value; later ones where the value is another, and there is room.
fn labels(frame: &Frame, changes: &[&Change], y: f64) -> Markup {
    let mut placed: Vec<(f64, String, bool)> = Vec::new();
    let (mut taken, mut last) = (f64::MIN, None);
    for (at, change) in changes.iter().enumerate() {
        if last == Some((&change.value, change.accepted)) {
            continue;
        }
        // A label stands behind the last of the ticks that belong together.
        let same = |next: &&&Change| (&next.value, next.accepted) == (&change.value, change.accepted);
        let run = changes[at..].iter().take_while(same);
        let near = run
            .map(|next| frame.x(next.at_ns as f64))
            .take_while(|x| *x < frame.x(change.at_ns as f64) + 24.0);
        let x = near.fold(frame.x(change.at_ns as f64), f64::max) + 5.0;
        let text = match (change.accepted, placed.is_empty()) {
            (true, _) => format!("{} = {}", change.name, change.value),
            (false, _) => format!("{} = {} refused", change.name, change.value),
        };
        let width = text_width(&text, SMALL);
        let x = x.min(RIGHT - width);
        if x >= taken {
            taken = x + width + 10.0;
            placed.push((x, text, change.accepted));
            last = Some((&change.value, change.accepted));
        }
    }
    html! {
        g font-size=(SMALL) pointer-events="none" {
            @for (x, text, accepted) in placed {
                text x=(px(x)) y=(px(y + 12.5)) fill=(if accepted { palette::TEXT } else { palette::INFO }.hex()) { (text) }
            }
        }
    }
}
