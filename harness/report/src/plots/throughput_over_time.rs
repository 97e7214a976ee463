//! Operations a second by outcome.

use maud::html;
use plotters::prelude::*;

use super::Plot;
use super::frame::{Axis, Chart, Drawn, Frame, Mark, legend, px};
use crate::ReportError;
use crate::format;
use crate::load::{Loaded, number};
use crate::palette::{self, Ink};
use crate::quantiles::window_ns;
use crate::throughput::{Rates, over_time};

/// The height of the plotting area.
const HEIGHT: f64 = 240.0;

/// A line of the plot: its colour and its rate.
type Line = (Ink, fn(&Rates) -> f64);

const LINES: [Line; 3] = [
    (palette::OK, |rates| rates.ok),
    (palette::FAIL, |rates| rates.fail),
    (palette::INFO, |rates| rates.info),
];

/// The plot, if there are operations.
pub(super) fn draw(loaded: &Loaded) -> Result<Option<Plot>, ReportError> {
    if loaded.clients().is_empty() {
        return Ok(None);
    }
    let width = window_ns(loaded.end_ns);
    let rates = over_time(loaded.clients(), width, loaded.end_ns);
    let top = rates.iter().map(|rates| rates.ok.max(rates.fail).max(rates.info)).fold(1.0, f64::max) * 1.05;
    let frame = Frame::new(0, loaded.end_ns, HEIGHT, &loaded.windows);
    let y = Axis::round(0.0, top, 5.0, |rate| format!("{}/s", format::count(rate.round().max(0.0) as u64)));
    let gaps = gaps(loaded);
    let mut entries = vec![
        ("ok".to_owned(), palette::OK, Mark::Line),
        ("fail".to_owned(), palette::FAIL, Mark::Line),
        ("info (unknown)".to_owned(), palette::INFO, Mark::Line),
    ];
    if !gaps.is_empty() {
        entries.push(("nothing answered ok".to_owned(), palette::BAD, Mark::Block));
    }
    let above = html! {
        (legend(&entries))
        @for (start, end) in &gaps {
            @let (left, right) = (frame.x(*start as f64), frame.x(*end as f64));
            rect x=(px(left)) y=(px(frame.bottom() - 6.0)) width=(px((right - left).max(2.0))) height="6"
                fill=(palette::BAD.hex()) {
                title { "no ok operation for " (format::duration(end.saturating_sub(*start))) }
            }
        }
    };
    let svg = frame.compose("throughput.svg", y, |chart| lines(chart, &rates), &above)?;
    let caption = format!("Completions a second in windows of {}, by outcome.", format::duration(width));
    Ok(Some(Plot { file: "throughput.svg", title: "Throughput by outcome", caption, svg }))
}

/// An area beneath the ok operations, and a line for each outcome.
fn lines(chart: &mut Chart<'_>, rates: &[Rates]) -> Drawn {
    let ok = rates.iter().map(|rates| (rates.at_ns, rates.ok));
    chart.draw_series(AreaSeries::new(ok, 0.0, palette::OK.rgb().mix(0.16)))?;
    for (ink, rate) in LINES {
        let points = rates.iter().map(|rates| (rates.at_ns, rate(rates)));
        chart.draw_series(LineSeries::new(points, ink.rgb().stroke_width(2)))?;
    }
    Ok(())
}

/// The spans without any ok operation that the availability checker found, in nanoseconds.
fn gaps(loaded: &Loaded) -> Vec<(u64, u64)> {
    let judgement = loaded.verdict.as_ref().and_then(|verdict| verdict.checkers.get("availability"));
    let gaps = judgement.and_then(|judgement| judgement.details.get("gaps")).and_then(|gaps| gaps.as_array());
    let gaps = gaps.into_iter().flatten();
    gaps.filter_map(|gap| Some((number(gap, "start_ns")?, number(gap, "end_ns")?))).collect()
}
