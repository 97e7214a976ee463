//! Quantiles of latency over time.

use plotters::prelude::*;

use super::Plot;
use super::frame::{Chart, Drawn, Frame, Mark, legend};
use super::raw_latency::{logarithm, span};
use crate::ReportError;
use crate::format;
use crate::load::Loaded;
use crate::palette::{self, Ink};
use crate::quantiles::{Basis, Quantiles, ok_samples, over_time, window_ns};

/// The height of the plotting area.
const HEIGHT: f64 = 280.0;

/// A line of the plot: its name, its colour and its figure.
type Line = (&'static str, Ink, fn(&Quantiles) -> u64);

const LINES: [Line; 4] = [
    ("max", palette::FAIL, |window| window.max),
    ("p99", palette::BAD, |window| window.p99),
    ("p95", palette::ORANGE, |window| window.p95),
    ("p50", palette::BLUE, |window| window.p50),
];

/// The plot, if there are latencies on that basis.
pub(super) fn draw(loaded: &Loaded, basis: Basis) -> Result<Option<Plot>, ReportError> {
    let samples = ok_samples(loaded.clients(), basis);
    let Some(y) = span(samples.iter().map(|sample| sample.latency_ns)) else { return Ok(None) };
    let width = window_ns(loaded.end_ns);
    let windows = over_time(&samples, width, loaded.end_ns);
    let frame = Frame::new(0, loaded.end_ns, HEIGHT, &loaded.windows);
    let (file, title, from) = match basis {
        Basis::Invocation => ("latency-quantiles.svg", "Latency quantiles", "the invocation"),
        Basis::Intended => (
            "latency-quantiles-intended.svg",
            "Latency quantiles from the intended start",
            "the intended start",
        ),
    };
    let entries = LINES.map(|(name, ink, _)| (name.to_owned(), ink, Mark::Line));
    let svg = frame.compose(file, y.axis(), |chart| lines(chart, &windows, width), &legend(&entries))?;
    let why = match basis {
        Basis::Invocation => "",
        Basis::Intended => " It counts the wait behind slow predecessors, which the invocation leaves out.",
    };
    let caption = format!(
        "Ok operations in windows of {}, latency from {from}. A gap is a window without any.{why}",
        format::duration(width)
    );
    Ok(Some(Plot { file, title, caption, svg }))
}

/// The lines, each broken where a window is empty.
fn lines(chart: &mut Chart<'_>, windows: &[Option<Quantiles>], width: u64) -> Drawn {
    for (_, ink, figure) in LINES {
        let point = |(at, window): (usize, &Option<Quantiles>)| {
            let middle = (at as f64 + 0.5) * width as f64;
            window.as_ref().map(|window| (middle, logarithm(figure(window))))
        };
        let points: Vec<Option<(f64, f64)>> = windows.iter().enumerate().map(point).collect();
        for run in points.split(Option::is_none).filter(|run| !run.is_empty()) {
            let run: Vec<(f64, f64)> = run.iter().copied().flatten().collect();
            if let [alone] = run[..] {
                chart.draw_series([Circle::new(alone, 2, ink.rgb().filled())])?;
            } else {
                chart.draw_series(LineSeries::new(run, ink.rgb().stroke_width(2)))?;
            }
        }
    }
    Ok(())
}
