//! The report of a stored run: one self-contained page with its plots, and a few lines of text.
//!
//! [`draw`] reads a run's folder ([`ordalia_record`]) and writes `report/index.html`, with the SVG
//! plots beside it, where the history is not linearizable a page on that, [`LinearizationPage`], and where the run
//! was simulated a space–time diagram, `report/space-time.html`, with the same for ShiViz, `report/shiviz.log`.
//! [`summary`] says the same in a few plain lines. Both work on what there is: a run that was killed before
//! its verdict is drawn too, and the page says what is missing.
//!
//! [`draw_campaign`] draws what a whole campaign came to, from its summary alone.
//!
//! The crate runs nothing. Reading is in [`load`]; figures (`quantiles`, `throughput`, `terms`, `bands`,
//! …) are pure functions of what was read; each plot and each section of the page has a file of its own.
//! A history with acts of sensors (`measure`) has the pictures of their rounds too, from `rounds`.
//! Text that came from nodes or histories reaches the page only through maud, which escapes it.

mod bands;
mod base64;
mod campaign;
mod comparison;
mod format;
mod linearization;
mod load;
mod packing;
mod page;
mod palette;
mod plots;
mod quantiles;
mod rounds;
mod scatter;
mod spacetime;
mod statistics;
mod summary;
mod terms;
mod texts;
mod throughput;
mod violation;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ordalia_record::RunFolder;
use thiserror::Error;

pub use campaign::draw_campaign;
pub use comparison::draw as draw_comparison;
pub use linearization::LinearizationPage;

use load::Loaded;

/// Why a report could not be drawn.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A file of the report could not be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A plot could not be drawn.
    #[error("plot {plot}: {message}")]
    Plot {
        /// The plot's file.
        plot: &'static str,
        /// What the plotting library said.
        message: String,
    },
}

/// The file of the page that shows where a history stops being linearizable.
const LINEARIZATION: &str = "linearization.html";

/// Draws the report of a stored run and returns the path of its page, `report/index.html`.
///
/// What cannot be read of the run is left out, and the page says so.
///
/// # Errors
/// The report cannot be written, or a plot cannot be drawn.
pub fn draw(run: &RunFolder) -> Result<PathBuf, ReportError> {
    let mut loaded = Loaded::read(run);
    let plots = plots::all(&loaded)?;
    let folder = run.report();
    fs::create_dir_all(&folder).map_err(|source| ReportError::Write { path: folder.clone(), source })?;
    loaded.space_time = spacetime::draw(run, &mut loaded)?;
    for plot in &plots {
        write(&folder.join(plot.file), &plot.stand_alone())?;
    }
    if let Some(depiction) = &loaded.depiction {
        let page = LinearizationPage {
            title: &page::title(&loaded),
            depiction,
            operations: &loaded.operations,
            faults: &loaded.windows,
            back: Some("index.html"),
        };
        write(&folder.join(LINEARIZATION), &page.render())?;
    }
    let index = folder.join("index.html");
    write(&index, &page::render(&loaded, &plots).into_string())?;
    Ok(index)
}

/// The lines that the command line prints after a run: the verdict with its reasons, operations by
/// outcome, latency, recovery, and where the report is. Plain text, ending in a newline.
///
/// # Errors
/// None at present; what cannot be read is said in the text.
pub fn summary(run: &RunFolder) -> Result<String, ReportError> {
    Ok(summary::text(&Loaded::read(run), &run.report().join("index.html")))
}

/// Writes a file.
fn write(path: &Path, text: &str) -> Result<(), ReportError> {
    fs::write(path, text).map_err(|source| ReportError::Write { path: path.to_owned(), source })
}
