//! What all plots share: the time axis, the bands of the faults with their labels, the legend.

use maud::{Markup, PreEscaped, html};
use ordalia_history::FaultWindow;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::ReportError;
use crate::bands::{Rows, Span, stagger, text_width};
use crate::format;
use crate::palette::{self, Ink};
use crate::quantiles::round_step;

/// The width of every plot, in pixels.
const WIDTH: f64 = 1080.0;
/// Where the plotting area begins; labels of the vertical axis stand to the left of it.
pub(super) const LEFT: f64 = 76.0;
/// Where it ends.
pub(super) const RIGHT: f64 = WIDTH - 14.0;
/// Room for the labels of the time axis.
const BOTTOM: f64 = 34.0;
/// Room for the legend.
const LEGEND: f64 = 26.0;
/// The height of a row of fault labels: the text, and the bar beneath it.
const ROW: f64 = 20.0;
/// The size of small text.
pub(super) const SMALL: f64 = 11.0;

/// A chart with both axes from [`Axis`].
pub(super) type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;
/// What drawing with plotters gives.
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// A linear axis whose ticks are given. A logarithmic scale is one over logarithms.
#[derive(Clone)]
pub(super) struct Axis {
    range: RangedCoordf64,
    low: f64,
    high: f64,
    ticks: Vec<f64>,
    label: fn(f64) -> String,
}

impl Axis {
    /// An axis from `low` to `high`, which may not be equal.
    pub(super) fn new(low: f64, high: f64, ticks: Vec<f64>, label: fn(f64) -> String) -> Self {
        Self { range: (low..high).into(), low, high, ticks, label }
    }

    /// An axis with ticks at round values, about `count` of them.
    pub(super) fn round(low: f64, high: f64, count: f64, label: fn(f64) -> String) -> Self {
        let step = round_step((high - low) / count);
        let first = (low / step).ceil();
        let ticks = (0..64).map(|at| (first + f64::from(at)) * step).take_while(|tick| *tick <= high);
        Self::new(low, high, ticks.collect(), label)
    }
}

impl Axis {
    /// The same ticks on an axis that goes on to another end: the ticks stand in its lower part.
    pub(super) fn stretched(self, high: f64) -> Self {
        Self::new(self.low, high, self.ticks, self.label)
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        (self.label)(*value)
    }
}

/// How a legend marks an entry.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    /// A filled square.
    Block,
    /// A stroke.
    Line,
    /// The signs of the outcomes in a cloud of points: dot, cross, triangle.
    Dot,
    Cross,
    Triangle,
}

/// The geometry of one plot over time.
pub(super) struct Frame {
    /// The first moment shown, in nanoseconds.
    pub start_ns: f64,
    /// The last.
    pub end_ns: f64,
    height: f64,
    rows: Rows,
    bands: Vec<Band>,
}

/// The part of a fault that is in sight.
struct Band {
    left: f64,
    right: f64,
    kind: String,
    hint: String,
}

impl Frame {
    /// A frame around an area of `height` pixels, with the faults that overlap its time.
    pub(super) fn new(start_ns: u64, end_ns: u64, height: f64, faults: &[FaultWindow]) -> Self {
        let (start_ns, end_ns) = (start_ns as f64, (end_ns as f64).max(start_ns as f64 + 1.0));
        let mut frame = Self { start_ns, end_ns, height, rows: Rows::default(), bands: Vec::new() };
        let mut spans = Vec::new();
        for fault in faults {
            let end = fault.end_ns.map_or(f64::MAX, |end| end as f64);
            if fault.start_ns as f64 > end_ns || end < start_ns {
                continue;
            }
            let (left, right) = (frame.x(fault.start_ns as f64), frame.x(end));
            let healed =
                fault.end_ns.map_or("never healed".to_owned(), |end| format!("to {}", format::time(end)));
            let hint =
                format!("#{} {} from {} {healed}", fault.fault, fault.label, format::time(fault.start_ns));
            let label = format::shorten(&fault.label, 40);
            spans.push(Span { left, right, label, short: format!("#{}", fault.fault) });
            frame.bands.push(Band {
                left,
                right,
                kind: fault.kind.clone(),
                hint: format::shorten(&hint, 200),
            });
        }
        frame.rows = stagger(&spans, RIGHT, SMALL);
        frame
    }

    /// The pixel column of a moment; moments out of sight are at the nearer edge.
    pub(super) fn x(&self, ns: f64) -> f64 {
        let part = (ns - self.start_ns) / (self.end_ns - self.start_ns);
        LEFT + part.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    /// The top of the plotting area.
    pub(super) fn top(&self) -> f64 {
        LEGEND + self.rows.count as f64 * ROW + 8.0
    }

    /// The bottom of the plotting area.
    pub(super) fn bottom(&self) -> f64 {
        self.top() + self.height
    }

    /// The time axis, in nanoseconds.
    fn time_axis(&self) -> Axis {
        let fine = self.end_ns - self.start_ns < 1.5e9;
        let label: fn(f64) -> String = match fine {
            true => |ns| format!("{:.3} s", ns / 1e9),
            false => |ns| format!("{} s", (ns / 1e8).round() / 10.0),
        };
        Axis::round(self.start_ns, self.end_ns, if fine { 8.0 } else { 11.0 }, label)
    }

    /// Lets plotters draw the axes and what `draw` adds; returns its elements, without the root.
    fn chart(&self, y: Axis, draw: impl FnOnce(&mut Chart<'_>) -> Drawn) -> Result<String, String> {
        let mut text = String::new();
        let size = (WIDTH as u32, (self.bottom() + BOTTOM) as u32);
        let drawn = {
            let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
            self.axes(&root, y, draw).and_then(|()| root.present())
        };
        drawn.map_err(|error| error.to_string())?;
        let from = text.find('>').map_or(0, |at| at + 1);
        let to = text.rfind("</svg>").unwrap_or(text.len());
        Ok(text.get(from..to).unwrap_or_default().trim().to_owned())
    }

    /// The axes with grid and labels.
    fn axes<'a>(
        &self,
        root: &DrawingArea<SVGBackend<'a>, Shift>,
        y: Axis,
        draw: impl FnOnce(&mut Chart<'a>) -> Drawn,
    ) -> Drawn {
        let mut chart = ChartBuilder::on(root)
            .margin_top(self.top() as i32)
            .margin_right((WIDTH - RIGHT) as i32)
            .set_label_area_size(LabelAreaPosition::Left, LEFT as i32)
            .set_label_area_size(LabelAreaPosition::Bottom, BOTTOM as i32)
            .build_cartesian_2d(self.time_axis(), y)?;
        chart
            .configure_mesh()
            .bold_line_style(palette::GRID.rgb())
            .light_line_style(TRANSPARENT)
            .axis_style(palette::MUTED.rgb())
            .label_style(("sans-serif", SMALL * 1.24 + 1.0).into_font().color(&palette::MUTED.rgb()))
            .draw()?;
        draw(&mut chart)
    }

    /// The whole plot: bands beneath, then the chart, then what is `above` it.
    pub(super) fn compose(
        &self,
        plot: &'static str,
        y: Axis,
        draw: impl FnOnce(&mut Chart<'_>) -> Drawn,
        above: &Markup,
    ) -> Result<String, ReportError> {
        let chart = self.chart(y, draw).map_err(|message| ReportError::Plot { plot, message })?;
        let (width, height) = (WIDTH, self.bottom() + BOTTOM);
        let drawing = html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height) font-family="sans-serif"
                viewBox=(format!("0 0 {width} {height}")) role="img" {
                rect width=(width) height=(height) fill=(palette::SURFACE.hex()) {}
                (self.bands())
                // plotters wrote this: numbers, units and shapes, and it escapes its text.
                (PreEscaped(chart))
                (above)
            }
        };
        Ok(drawing.into_string())
    }

    /// The bands of the faults, each with a bar and its label above the plot.
    fn bands(&self) -> Markup {
        html! {
            @for (band, label) in self.bands.iter().zip(&self.rows.placed) {
                @let ink = palette::fault(&band.kind).hex();
                @let width = px((band.right - band.left).max(1.5));
                @let row = LEGEND + label.row as f64 * ROW;
                g {
                    title { (band.hint) }
                    rect x=(px(band.left)) y=(px(self.top())) width=(width) height=(px(self.height))
                        fill=(ink) fill-opacity="0.11" {}
                    rect x=(px(band.left)) y=(px(row + 14.0)) width=(width) height="4" rx="1.5" fill=(ink) {}
                    line x1=(px(band.left)) x2=(px(band.left)) y1=(px(row + 16.0)) y2=(px(self.bottom()))
                        stroke=(ink) stroke-opacity="0.35" stroke-width="1" {}
                    text x=(px(label.text_left)) y=(px(row + 10.5)) font-size=(SMALL) fill=(ink)
                        font-weight="600" { (label.text) }
                }
            }
        }
    }
}

/// A legend in the top row.
pub(super) fn legend(entries: &[(String, Ink, Mark)]) -> Markup {
    let mut x = LEFT;
    let mut placed = Vec::new();
    for (text, ink, mark) in entries {
        placed.push((x, text, ink, *mark));
        x += 16.0 + text_width(text, 12.0) + 16.0;
    }
    html! {
        @for (x, text, ink, mark) in placed {
            (sign(mark, x + 5.0, 10.0, *ink))
            text x=(px(x + 15.0)) y="14" font-size="12" fill=(palette::TEXT.hex()) { (text) }
        }
    }
}

/// A legend's sign around a centre.
fn sign(mark: Mark, x: f64, y: f64, ink: Ink) -> Markup {
    let ink = ink.hex();
    let stroke = |path: String| html! { path d=(path) stroke=(ink) stroke-width="1.6" fill="none" {} };
    match mark {
        Mark::Block => {
            html! { rect x=(px(x - 5.0)) y=(px(y - 5.0)) width="10" height="10" rx="2" fill=(ink) {} }
        }
        Mark::Line => {
            html! { path d=(format!("M{} {}h12", px(x - 6.0), px(y))) stroke=(ink) stroke-width="2.5" {} }
        }
        Mark::Dot => html! { circle cx=(px(x)) cy=(px(y)) r="3.2" fill=(ink) {} },
        Mark::Cross => stroke(cross(x, y, 3.5)),
        Mark::Triangle => stroke(triangle(x, y, 4.5)),
    }
}

/// The path of a cross.
pub(super) fn cross(x: f64, y: f64, r: f64) -> String {
    let d = 2.0 * r;
    format!("M{} {}l{d} {d}m0-{d}l-{d} {d}", px(x - r), px(y - r))
}

/// The path of a triangle that points up.
pub(super) fn triangle(x: f64, y: f64, r: f64) -> String {
    format!("M{} {}l{r} {}h-{}z", px(x), px(y - r), 1.7 * r, 2.0 * r)
}

/// A length in pixels with at most one decimal.
pub(super) fn px(at: f64) -> String {
    let text = format!("{at:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
