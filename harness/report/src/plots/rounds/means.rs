//! The panel of the means: what the sink recorded beside the means of what was released.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::strips::strip_label;
use crate::bands::text_width;
use crate::format;
use crate::palette::{self, Ink};
use crate::plots::frame::{Axis, Frame, LEFT, Mark, RIGHT, SMALL, cross, legend, px, triangle};
use crate::rounds::{Agreement, Attempt, Compared, Ending, Release, Rounds, Scene, figure};

/// The height of the panel, with its legend.
pub(super) const HEIGHT: f64 = 190.0;

/// Room for the legend.
const LEGEND: f64 = 26.0;

/// What the panel holds.
pub(super) struct Panel<'a> {
    counted: Vec<(&'a Release, f64)>,
    low: f64,
    high: f64,
}

impl<'a> Panel<'a> {
    /// The panel, if there is any mean to draw.
    pub(super) fn of(rounds: &'a Rounds, scene: &Scene<'a>) -> Option<Self> {
        let counted: BTreeMap<u64, &Release> = rounds.counted();
        let shown = scene.releases.iter().filter(|release| {
            counted.get(&release.round).is_some_and(|counted| std::ptr::eq(*counted, **release))
        });
        let counted: Vec<(&Release, f64)> =
            shown.filter_map(|release| Some((*release, release.mean()?))).collect();
        let recorded = scene.means.iter().map(|one| one.record.mean);
        let tried = scene.attempts.iter().map(|one| one.mean);
        let figures: Vec<f64> = counted.iter().map(|(_, mean)| *mean).chain(recorded).chain(tried).collect();
        let low = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let high = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let air = ((high - low) * 0.12).max(high.abs().max(low.abs()) * 0.002).max(1e-3);
        (!figures.is_empty()).then_some(Self { counted, low: low - air, high: high + air })
    }

    /// The height of the area over which figures are spread.
    fn depth() -> f64 {
        HEIGHT - LEGEND
    }

    /// An axis over the whole height of the picture whose ticks stand in the panel alone.
    pub(super) fn axis(&self, height: f64) -> Axis {
        let span = self.high - self.low;
        let label: fn(f64) -> String = match span {
            s if s < 0.05 => |figure| format!("{figure:.4}"),
            s if s < 5.0 => |figure| format!("{figure:.2}"),
            s if s < 50.0 => |figure| format!("{figure:.1}"),
            _ => |figure| format!("{figure:.0}"),
        };
        Axis::round(self.low, self.high, 5.0, label).stretched(self.low + span * height / Self::depth())
    }

    fn y(&self, frame: &Frame, figure: f64) -> f64 {
        frame.bottom() - (figure - self.low) / (self.high - self.low) * Self::depth()
    }

    /// The panel.
    pub(super) fn draw(&self, frame: &Frame, rounds: &Rounds, scene: &Scene<'_>) -> Markup {
        let entries = [
            ("mean of the released values", palette::VIOLET, Mark::Line),
            ("recorded by the API", palette::BLUE, Mark::Dot),
            ("recorded, and differs", palette::BAD, Mark::Dot),
            ("not released", palette::INFO, Mark::Dot),
            ("repeated", palette::FAIL, Mark::Dot),
            ("post failed", palette::FAIL, Mark::Cross),
            ("unknown", palette::INFO, Mark::Triangle),
        ];
        let entries = entries.map(|(text, ink, mark)| (text.to_owned(), ink, mark));
        let top = frame.bottom() - HEIGHT;
        html! {
            path d=(format!("M{LEFT} {}H{RIGHT}", px(top - 2.0))) stroke=(palette::GRID.hex()) {}
            g transform=(format!("translate(10 {})", px(top))) { (legend(&entries)) }
            (strip_label(top + 14.0, "mean"))
            g class="true-mean" fill="none" stroke=(palette::VIOLET.hex()) stroke-width="1.6" {
                @for (release, mean) in &self.counted {
                    @let (x, y) = (frame.x(release.start_ns as f64), self.y(frame, *mean));
                    path d=(format!("M{} {}h12", px(x - 6.0), px(y))) {
                        title { "round " (release.round) ": the mean of " (release.values.len()) " released values is " (figure(*mean)) }
                    }
                }
            }
            (self.attempts(frame, rounds, scene))
            g class="recorded-mean" { @for one in &scene.means { (self.record(frame, one)) } }
            (self.words(frame, scene))
        }
    }

    /// A recorded mean; where it differs, with a line to what it should be.
    fn record(&self, frame: &Frame, one: &Compared<'_>) -> Markup {
        let (x, y) = (frame.x(one.record.at_ns as f64), self.y(frame, one.record.mean));
        let (ink, r) = appearance(one.agreement);
        html! {
            @if let Agreement::Differs(mean) = one.agreement {
                path d=(format!("M{} {}V{}", px(x), px(y), px(self.y(frame, mean)))) stroke=(palette::BAD.hex()) stroke-dasharray="2 2" {}
            }
            circle class=(class(one.agreement)) cx=(px(x)) cy=(px(y)) r=(px(r)) fill=(ink.hex()) { title { (told(one)) } }
        }
    }

    /// The posts that were not answered well, at the mean that they carried.
    fn attempts(&self, frame: &Frame, rounds: &Rounds, scene: &Scene<'_>) -> Markup {
        html! {
            g class="attempt" fill="none" stroke-width="1.5" {
                @for attempt in &scene.attempts {
                    @let (x, y) = (frame.x(attempt.end_ns as f64), self.y(frame, attempt.mean));
                    @let failed = attempt.ending == Ending::Failed;
                    @let (path, ink) = if failed { (cross(x, y, 3.5), palette::FAIL) } else { (triangle(x, y, 4.5), palette::INFO) };
                    path d=(path) stroke=(ink.hex()) { title { (tried(rounds, attempt)) } }
                }
            }
        }
    }

    /// Words beside the means that differ, as many as have room.
    fn words(&self, frame: &Frame, scene: &Scene<'_>) -> Markup {
        let mut taken = f64::MIN;
        let mut placed = Vec::new();
        for one in &scene.means {
            let Agreement::Differs(mean) = one.agreement else { continue };
            let text = format!(
                "round {}: {} instead of {}",
                one.record.round,
                figure(one.record.mean),
                figure(mean)
            );
            let width = text_width(&text, SMALL);
            let x = (frame.x(one.record.at_ns as f64) + 7.0).min(RIGHT - width);
            if x >= taken {
                taken = x + width + 10.0;
                placed.push((x, self.y(frame, one.record.mean), text));
            }
        }
        html! {
            g font-size=(SMALL) font-weight="600" fill=(palette::BAD.hex()) pointer-events="none" {
                @for (x, y, text) in placed { text x=(px(x)) y=(px(y + 4.0)) { (text) } }
            }
        }
    }
}

/// The colour and the size of a recorded mean.
fn appearance(agreement: Agreement) -> (Ink, f64) {
    match agreement {
        Agreement::Same => (palette::BLUE, 3.2),
        Agreement::Differs(_) => (palette::BAD, 4.2),
        Agreement::NothingReleased => (palette::INFO, 3.6),
        Agreement::Repetition => (palette::FAIL, 2.4),
    }
}

/// The name of an agreement in the drawing.
fn class(agreement: Agreement) -> &'static str {
    match agreement {
        Agreement::Same => "same",
        Agreement::Differs(_) => "differs",
        Agreement::NothingReleased => "unreleased",
        Agreement::Repetition => "repeated",
    }
}

/// What a recorded mean says when it is pointed at.
fn told(one: &Compared<'_>) -> String {
    let record = one.record;
    let epoch = record.epoch.map(|epoch| format!(" in epoch {epoch}")).unwrap_or_default();
    let sender = format::shorten(&record.sensor, 40);
    let how = match one.agreement {
        Agreement::Same => "the mean of the released values".to_owned(),
        Agreement::Differs(mean) => format!("the mean of the released values is {}", figure(mean)),
        Agreement::NothingReleased => "nothing of this round was released".to_owned(),
        Agreement::Repetition => "known already, and not recorded again".to_owned(),
    };
    let (round, mean, at) = (record.round, figure(record.mean), format::time(record.at_ns));
    format!("round {round}: {sender}{epoch} posted {mean} at {at}; {how}")
}

/// What a post says that was not answered well.
fn tried(rounds: &Rounds, attempt: &Attempt) -> String {
    let how = if attempt.ending == Ending::Failed { "failed" } else { "has an unknown outcome" };
    let name = format::shorten(rounds.name(attempt.sensor), 40);
    let (from, to) = (format::time(attempt.start_ns), format::time(attempt.end_ns));
    let error = format::shorten(&attempt.error, 120);
    format!(
        "round {}: the post of {} by {name} from {from} to {to} {how}: {error}",
        attempt.round,
        figure(attempt.mean)
    )
}
