//! Every operation's latency as a point.

use maud::{Markup, html};
use ordalia_history::Outcome;

use super::Plot;
use super::frame::{Axis, Frame, Mark, cross, legend, px, triangle};
use crate::ReportError;
use crate::format;
use crate::load::Loaded;
use crate::palette::{self, Ink};
use crate::quantiles::{Basis, Sample, sample};
use crate::scatter::{Dot, thin};
use crate::statistics::names;

/// Points that are drawn at most, apart from extremes. At about ten bytes each they stay a small part of a page.
const MOST_POINTS: usize = 24_000;

/// The height of the plotting area.
const HEIGHT: f64 = 340.0;

const OUTCOMES: [Outcome; 3] = [Outcome::Ok, Outcome::Fail, Outcome::Info];

/// The plot, if any operation completed.
pub(super) fn draw(loaded: &Loaded) -> Result<Option<Plot>, ReportError> {
    let names = names(loaded.clients());
    let mut points: Vec<(Sample, usize)> = Vec::new();
    for operation in loaded.clients() {
        let Some(sample) = sample(operation, Basis::Invocation) else { continue };
        let name = names.binary_search_by(|name| name.as_str().cmp(&operation.f)).unwrap_or(0);
        let outcome = OUTCOMES.iter().position(|outcome| *outcome == operation.outcome).unwrap_or(0);
        points.push((sample, name * OUTCOMES.len() + outcome));
    }
    let Some(y) = span(points.iter().map(|(sample, _)| sample.latency_ns)) else { return Ok(None) };
    let frame = Frame::new(0, loaded.end_ns, HEIGHT, &loaded.windows);
    let dot = |(sample, series): &(Sample, usize)| Dot {
        x: frame.x(sample.at_ns as f64),
        y: frame.bottom() - y.part(sample.latency_ns) * HEIGHT,
        series: *series,
    };
    let dots: Vec<Dot> = points.iter().map(dot).collect();
    let kept = thin(&dots, MOST_POINTS);
    let thinned = match kept.len() < dots.len() {
        true => " Points on the same spot are drawn once; extremes are all kept.",
        false => "",
    };
    let svg = frame.compose("latency-raw.svg", y.axis(), |_| Ok(()), &above(&names, &kept))?;
    Ok(Some(Plot {
        file: "latency-raw.svg",
        title: "Latency of every operation",
        caption: format!(
            "{} completed operations at the time of their invocation; latency from the invocation, on a \
             logarithmic scale. Colour is the operation, shape the outcome.{thinned}",
            format::count(dots.len() as u64)
        ),
        svg,
    }))
}

/// The legend, and a path for each series; what is rare is drawn last, on top.
fn above(names: &[String], dots: &[Dot]) -> Markup {
    let mut entries: Vec<(String, Ink, Mark)> = Vec::new();
    for (position, name) in names.iter().enumerate() {
        entries.push((format::shorten(name, 20), palette::operation(name, position), Mark::Block));
    }
    for (text, mark) in [("ok", Mark::Dot), ("fail", Mark::Cross), ("info (unknown)", Mark::Triangle)] {
        entries.push((text.to_owned(), palette::MUTED, mark));
    }
    html! {
        (legend(&entries))
        @for outcome in 0..OUTCOMES.len() {
            @for (position, name) in names.iter().enumerate() {
                (series(dots, position * OUTCOMES.len() + outcome, palette::operation(name, position)))
            }
        }
    }
}

/// One path for all points of a series: a tenth of the size of an element each.
fn series(dots: &[Dot], series: usize, ink: Ink) -> Markup {
    let own = dots.iter().filter(|dot| dot.series == series);
    match OUTCOMES[series % OUTCOMES.len()] {
        Outcome::Ok => {
            let path: String = own.map(|dot| format!("M{} {}h0", px(dot.x), px(dot.y))).collect();
            html! { @if !path.is_empty() {
                path d=(path) stroke=(ink.hex()) stroke-width="2.6" stroke-linecap="round"
                    stroke-opacity="0.55" fill="none" {}
            } }
        }
        Outcome::Fail => marks(&own.map(|dot| cross(dot.x, dot.y, 2.5)).collect::<String>(), ink),
        Outcome::Info => marks(&own.map(|dot| triangle(dot.x, dot.y, 4.0)).collect::<String>(), ink),
    }
}

/// A path of stroked signs.
fn marks(path: &str, ink: Ink) -> Markup {
    html! { @if !path.is_empty() {
        path d=(path) stroke=(ink.hex()) stroke-width="1.2" fill="none" {}
    } }
}

/// The span of some latencies, as logarithms of nanoseconds, with a little air on both sides.
pub(super) struct LogSpan {
    low: f64,
    high: f64,
}

impl LogSpan {
    /// Where in the span a latency is, from 0 at the low end to 1.
    pub(super) fn part(&self, ns: u64) -> f64 {
        (logarithm(ns) - self.low) / (self.high - self.low)
    }

    /// The axis, over logarithms: ticks at powers of ten, and where those are few at 2 and 5 as well.
    pub(super) fn axis(&self) -> Axis {
        let factors: &[f64] = if self.high - self.low < 2.3 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = self.low.floor() as i32..=self.high.ceil() as i32;
        let ticks = powers.flat_map(|power| factors.iter().map(move |f| f64::from(power) + f.log10()));
        let ticks = ticks.filter(|tick| (self.low..=self.high).contains(tick)).collect();
        Axis::new(
            self.low,
            self.high,
            ticks,
            |logarithm| round_duration(10f64.powf(logarithm).round() as u64),
        )
    }
}

/// A tick's duration, which is 1, 2 or 5 times a power of ten: no digits behind the point.
fn round_duration(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{} µs", ns / 1_000),
        1_000_000..1_000_000_000 => format!("{} ms", ns / 1_000_000),
        _ => format!("{} s", ns / 1_000_000_000),
    }
}

/// The logarithm of a latency; one of nothing is drawn as a nanosecond.
pub(super) fn logarithm(ns: u64) -> f64 {
    (ns.max(1) as f64).log10()
}

/// The span of some latencies; `None` of nothing.
pub(super) fn span(latencies: impl Iterator<Item = u64> + Clone) -> Option<LogSpan> {
    let low = logarithm(latencies.clone().min()?) - 0.08;
    let high = logarithm(latencies.max()?) + 0.08;
    Some(LogSpan { low, high })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_history::Operation;
    use serde_json::Value;

    #[test]
    fn ticks_are_round() {
        for power in 0..10 {
            for factor in [1, 2, 5] {
                let exact = factor * 10u64.pow(power);
                let text = round_duration(10f64.powf((exact as f64).log10()).round() as u64);
                assert!(
                    ["1", "2", "5"].contains(&text.split(' ').next().unwrap().trim_end_matches('0')),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn two_hundred_thousand_points_stay_small() {
        let operation = |at: u64| Operation {
            process: at % 20,
            f: ["read", "write", "cas"][(at % 3) as usize].into(),
            key: None,
            input: Value::Null,
            output: Value::Null,
            outcome: OUTCOMES[usize::from(at.is_multiple_of(17)) + usize::from(at.is_multiple_of(289))],
            error: None,
            node: None,
            invoked_ns: at * 100_000,
            intended_ns: None,
            completed_ns: Some(at * 100_000 + 300_000 + (at.wrapping_mul(2_654_435_761) >> 8) % 40_000_000),
            invoke_index: at * 2,
            complete_index: Some(at * 2 + 1),
        };
        let operations = (0..200_000).map(operation).collect();
        let loaded = Loaded { operations, end_ns: 20_100_000_000, ..Loaded::default() };
        let plot = draw(&loaded).unwrap().unwrap();
        assert!(plot.stand_alone().len() < 1_000_000, "{}", plot.stand_alone().len());
        assert!(plot.caption.starts_with("200,000 completed"));
    }
}
