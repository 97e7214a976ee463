//! Several runs of one seed over the same time axis and the same faults.

use ordalia_history::FaultWindow;
use plotters::prelude::*;

use super::frame::{Axis, Chart, Drawn, Frame, Mark, legend};
use super::raw_latency::{LogSpan, logarithm, span};
use crate::ReportError;
use crate::format;
use crate::palette::{self, Ink};
use crate::quantiles::{Basis, Quantiles, ok_samples, over_time, window_ns};
use crate::throughput;

/// The heights of the plotting areas.
const LATENCY_HEIGHT: f64 = 190.0;
const THROUGHPUT_HEIGHT: f64 = 170.0;

/// One side's run of the seed.
pub(crate) struct Lane {
    /// The side's name.
    pub name: String,
    /// Its colour.
    pub ink: Ink,
    /// The clients' operations.
    pub operations: Vec<ordalia_history::Operation>,
}

/// A picture of all lanes.
pub(crate) struct Picture {
    /// Its heading.
    pub title: &'static str,
    /// The element for the page.
    pub svg: String,
}

/// The colours of the sides, in their order.
pub(crate) fn ink(side: usize) -> Ink {
    const INKS: [Ink; 6] =
        [palette::BLUE, palette::ORANGE, palette::TEAL, palette::VIOLET, palette::PINK, palette::DELAY];
    INKS[side % INKS.len()]
}

/// Median and 99th percentile of latency, and throughput.
pub(crate) fn pictures(
    lanes: &[Lane],
    faults: &[FaultWindow],
    end_ns: u64,
) -> Result<Vec<Picture>, ReportError> {
    let width = window_ns(end_ns);
    let all = lanes.iter().flat_map(|lane| ok_samples(&lane.operations, Basis::Invocation));
    let latencies: Vec<u64> = all.map(|sample| sample.latency_ns).collect();
    let mut pictures = Vec::new();
    if let Some(y) = span(latencies.iter().copied()) {
        pictures.push(latency(lanes, faults, end_ns, width, &y, ("p50 latency", |window| window.p50))?);
        pictures.push(latency(lanes, faults, end_ns, width, &y, ("p99 latency", |window| window.p99))?);
    }
    pictures.push(rates(lanes, faults, end_ns, width)?);
    Ok(pictures)
}

/// A quantile with its heading.
type Figure = (&'static str, fn(&Quantiles) -> u64);

fn latency(
    lanes: &[Lane],
    faults: &[FaultWindow],
    end_ns: u64,
    width: u64,
    y: &LogSpan,
    (title, figure): Figure,
) -> Result<Picture, ReportError> {
    let frame = Frame::new(0, end_ns, LATENCY_HEIGHT, faults);
    let lines: Vec<(Ink, Broken)> = lanes
        .iter()
        .map(|lane| {
            let windows = over_time(&ok_samples(&lane.operations, Basis::Invocation), width, end_ns);
            let point = |(at, window): (usize, &Option<Quantiles>)| {
                let middle = (at as f64 + 0.5) * width as f64;
                window.as_ref().map(|window| (middle, logarithm(figure(window))))
            };
            (lane.ink, windows.iter().enumerate().map(point).collect())
        })
        .collect();
    let draw =
        |chart: &mut Chart<'_>| lines.iter().try_for_each(|(ink, points)| broken_line(chart, *ink, points));
    let svg = frame.compose("comparison", y.axis(), draw, &legend(&entries(lanes)))?;
    Ok(Picture { title, svg: palette::with_variables(&svg) })
}

/// The points of a line, in order, with a gap for each window without any.
type Broken = Vec<Option<(f64, f64)>>;

/// A line with a gap where there is no point.
fn broken_line(chart: &mut Chart<'_>, ink: Ink, points: &[Option<(f64, f64)>]) -> Drawn {
    for run in points.split(Option::is_none).filter(|run| !run.is_empty()) {
        let run: Vec<(f64, f64)> = run.iter().copied().flatten().collect();
        if let [alone] = run[..] {
            chart.draw_series([Circle::new(alone, 2, ink.rgb().filled())])?;
        } else {
            chart.draw_series(LineSeries::new(run, ink.rgb().stroke_width(2)))?;
        }
    }
    Ok(())
}

fn rates(lanes: &[Lane], faults: &[FaultWindow], end_ns: u64, width: u64) -> Result<Picture, ReportError> {
    let of = |lane: &Lane| -> Vec<(f64, f64)> {
        let windows = throughput::over_time(&lane.operations, width, end_ns);
        windows.iter().map(|rates| (rates.at_ns, rates.ok)).collect()
    };
    let lines: Vec<(Ink, Vec<(f64, f64)>)> = lanes.iter().map(|lane| (lane.ink, of(lane))).collect();
    let top = lines.iter().flat_map(|(_, points)| points).map(|point| point.1).fold(1.0, f64::max) * 1.05;
    let frame = Frame::new(0, end_ns, THROUGHPUT_HEIGHT, faults);
    let y = Axis::round(0.0, top, 4.0, |rate| format!("{}/s", format::count(rate.round().max(0.0) as u64)));
    let draw = |chart: &mut Chart<'_>| -> Drawn {
        for (ink, points) in &lines {
            chart.draw_series(LineSeries::new(points.iter().copied(), ink.rgb().stroke_width(2)))?;
        }
        Ok(())
    };
    let svg = frame.compose("comparison", y, draw, &legend(&entries(lanes)))?;
    Ok(Picture { title: "ok operations a second", svg: palette::with_variables(&svg) })
}

fn entries(lanes: &[Lane]) -> Vec<(String, Ink, Mark)> {
    lanes.iter().map(|lane| (format::shorten(&lane.name, 40), lane.ink, Mark::Line)).collect()
}
