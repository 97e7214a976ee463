//! How soon each side answered again: a dot for each fault and each heal, on one logarithmic axis.

use std::collections::BTreeSet;

use maud::{Markup, PreEscaped, html};
use ordalia_measure::comparison::Comparison;
use ordalia_measure::statistics::median;
use ordalia_measure::{AfterFault, Mark};

use crate::format;
use crate::palette;
use crate::plots::comparison::ink;

const WIDTH: f64 = 1080.0;
/// Where the dots begin; the names of the sides stand to the left of it.
const LEFT: f64 = 250.0;
const RIGHT: f64 = WIDTH - 150.0;
/// The heights of a side's row, of a group's heading, and of the axis.
const ROW: f64 = 20.0;
const HEADING: f64 = 28.0;
const AXIS: f64 = 30.0;

/// What followed the marks of one kind, on one side.
struct Strip {
    side: usize,
    /// In milliseconds, with what to tell of each.
    dots: Vec<(f64, String)>,
    /// After how many of them nothing was answered before the next fault began.
    without: usize,
}

/// All strips of one kind of fault and one mark.
struct Group {
    title: String,
    strips: Vec<Strip>,
}

/// The picture; `None` if no fault was met.
pub(super) fn picture(comparison: &Comparison) -> Option<Markup> {
    let groups = groups(comparison);
    let dots =
        || groups.iter().flat_map(|group| &group.strips).flat_map(|strip| &strip.dots).map(|dot| dot.0);
    let least = dots().reduce(f64::min)?.max(0.01);
    let scale =
        Scale { low: least.log10().floor(), high: dots().reduce(f64::max)?.max(least).log10().ceil() };
    let rows = groups.iter().map(|group| HEADING + ROW * group.strips.len() as f64).sum::<f64>();
    let height = rows + AXIS;
    let mut y = 0.0;
    let placed: Vec<(f64, &Group)> = groups
        .iter()
        .map(|group| {
            let top = y;
            y += HEADING + ROW * group.strips.len() as f64;
            (top, group)
        })
        .collect();
    let drawing = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {height}")) role="img" font-size="12" {
            @for (at, tick) in scale.ticks() {
                line x1=(at) x2=(at) y1="6" y2=(rows + 4.0) stroke=(palette::GRID.hex()) {}
                text x=(at) y=(rows + 20.0) text-anchor="middle" fill=(palette::MUTED.hex()) { (tick) }
            }
            @for (top, group) in placed { (draw(group, top, &scale, comparison)) }
        }
    };
    Some(html! { (PreEscaped(palette::with_variables(&drawing.into_string()))) })
}

/// A logarithmic axis over milliseconds.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn x(&self, ms: f64) -> f64 {
        let part = (ms.max(0.001).log10() - self.low) / (self.high - self.low).max(1.0);
        LEFT + part.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        let powers = self.low as i32..=(self.high.max(self.low + 1.0)) as i32;
        let tick = |power: i32| {
            let ms = 10f64.powi(power);
            (self.x(ms), ordalia_measure::comparison::Unit::Milliseconds.text(ms))
        };
        powers.map(tick).collect()
    }
}

fn groups(comparison: &Comparison) -> Vec<Group> {
    let all =
        || comparison.runs.iter().flat_map(|run| run.figures.after.iter().map(move |after| (run, after)));
    let kinds: BTreeSet<(&str, Mark)> = all().map(|(_, after)| (after.kind.as_str(), after.phase)).collect();
    let group = |(kind, mark): (&str, Mark)| {
        let strip = |side: usize| {
            let own =
                all().filter(|(run, after)| run.side == side && after.kind == kind && after.phase == mark);
            let own: Vec<(u64, &AfterFault)> = own.map(|(run, after)| (run.seed, after)).collect();
            let dot = |(seed, after): &(u64, &AfterFault)| Some((after.recovery_ms?, hint(*seed, after)));
            let dots: Vec<(f64, String)> = own.iter().filter_map(dot).collect();
            Strip { side, without: own.len() - dots.len(), dots }
        };
        let title = match mark {
            Mark::Start => format!("after {kind} began"),
            Mark::Heal => format!("after {kind} was healed"),
        };
        Group { title, strips: (0..comparison.sides.len()).map(strip).collect() }
    };
    kinds.into_iter().map(group).collect()
}

fn hint(seed: u64, after: &AfterFault) -> String {
    let taken = ordalia_measure::comparison::Unit::Milliseconds.text(after.recovery_ms.unwrap_or(0.0));
    format!("seed {seed}, {} at {:.1} s: {taken}", format::shorten(&after.label, 80), after.at_ms / 1e3)
}

fn draw(group: &Group, top: f64, scale: &Scale, comparison: &Comparison) -> Markup {
    let name = |side: usize| comparison.sides.get(side).map_or("", |side| side.name.as_str());
    html! {
        text x="0" y=(top + 19.0) font-weight="600" fill=(palette::TEXT.hex()) { (group.title) }
        @for (row, strip) in group.strips.iter().enumerate() {
            @let y = top + HEADING + ROW * row as f64 + ROW / 2.0;
            @let colour = ink(strip.side).hex();
            text x="14" y=(y + 4.0) fill=(palette::MUTED.hex()) { (format::shorten(name(strip.side), 34)) }
            line x1=(LEFT) x2=(RIGHT) y1=(y) y2=(y) stroke=(palette::GRID.hex()) {}
            @for (ms, hint) in &strip.dots {
                circle cx=(format!("{:.1}", scale.x(*ms))) cy=(y) r="4" fill=(colour) fill-opacity="0.45" {
                    title { (hint) }
                }
            }
            @if let Some(middle) = median(&strip.dots.iter().map(|dot| dot.0).collect::<Vec<_>>()) {
                @let x = format!("{:.1}", scale.x(middle));
                line x1=(x) x2=(x) y1=(y - 8.0) y2=(y + 8.0) stroke=(colour) stroke-width="3" {}
                text x=(RIGHT + 12.0) y=(y + 4.0) fill=(palette::TEXT.hex()) {
                    (ordalia_measure::comparison::Unit::Milliseconds.text(middle))
                    @if strip.without > 0 { " (" (strip.without) " not seen)" }
                }
            }
        }
    }
}
