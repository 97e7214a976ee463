//! The plots. plotters draws axes, grids, lines and areas; what it has no element for (bands with
//! labels, clouds of points in one path, bars with tool tips) is written as SVG by maud, beneath or above.

pub(crate) mod comparison;
mod frame;
mod latency_over_time;
mod leaders;
mod raw_latency;
pub(crate) mod rounds;
mod throughput_over_time;
mod violation_timeline;

use crate::ReportError;
use crate::load::Loaded;
use crate::palette;
use crate::quantiles::Basis;

/// A plot, ready for the page and for a file of its own.
#[derive(Debug)]
pub(crate) struct Plot {
    /// The name of its file.
    pub file: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What it shows, in a sentence or two.
    pub caption: String,
    svg: String,
}

impl Plot {
    /// The text of its own file, in the light colours.
    pub(crate) fn stand_alone(&self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", self.svg)
    }

    /// The element for the page, in the page's colours.
    pub(crate) fn inline(&self) -> String {
        palette::with_variables(&self.svg)
    }
}

/// All plots for which the run holds something, in the order of the page.
pub(crate) fn all(loaded: &Loaded) -> Result<Vec<Plot>, ReportError> {
    let plots = [
        violation_timeline::draw(loaded)?,
        raw_latency::draw(loaded)?,
        latency_over_time::draw(loaded, Basis::Invocation)?,
        latency_over_time::draw(loaded, Basis::Intended)?,
        throughput_over_time::draw(loaded)?,
        leaders::draw(loaded)?,
    ];
    Ok(plots.into_iter().flatten().chain(rounds::draw(loaded)?).collect())
}
