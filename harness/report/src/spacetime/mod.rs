//! The space–time diagram of a simulated run: who did what when, and what each event could have known.
//!
//! The trace of a run (`trace.jsonl`) is told as a story: moments on the lanes of nodes and clients, arrows
//! between them, operations ([`story`]), spans of the nodes' lives ([`lives`]), and clocks ([`causality`]). The page is one file that
//! loads nothing: columns of numbers, compressed ([`data`]), which a script of its own (`lanes.js`, `diagram.js`,
//! `view.js`, with `picture.js`) draws on a canvas. A long run is cut to the part in which it failed ([`window`]), and the page says so. Beside
//! it stands the same for ShiViz ([`shiviz`]).

mod causality;
mod data;
mod lives;
mod page;
mod shiviz;
mod story;
mod window;

use ordalia_record::{RunFolder, TraceEvent};

use crate::load::Loaded;
use crate::packing::packed;
use crate::{ReportError, write};

use causality::Clocks;
use data::Data;
use story::Story;
use window::{cut, focus};

/// The file of the diagram.
pub(crate) const PAGE: &str = "space-time.html";

/// The file of the same for ShiViz.
const SHIVIZ: &str = "shiviz.log";

/// How many events a page has at most, and how many numbers of their vector clocks.
const MOST_MOMENTS: usize = 40_000;
const MOST_CLOCKS: usize = 1_500_000;

/// How large the packed data may be. With more, fewer events are drawn.
const MOST_BYTES: usize = 3_600_000;

/// How many events ShiViz is given: more it draws slowly, and nobody reads them.
const MOST_FOR_SHIVIZ: usize = 3_000;

/// Draws the diagram of a run that has a trace into the folder of its report. The answer is whether it did; a trace
/// that cannot be read is among what is missing.
pub(crate) fn draw(run: &RunFolder, loaded: &mut Loaded) -> Result<bool, ReportError> {
    let path = run.trace();
    if !path.exists() {
        return Ok(false);
    }
    let trace: Vec<TraceEvent> = loaded.lines(&path, "an event of the trace");
    if trace.is_empty() {
        return Ok(false);
    }
    let (page, log) = render(loaded, &trace);
    write(&run.report().join(PAGE), &page)?;
    write(&run.report().join(SHIVIZ), &log)?;
    Ok(true)
}

/// The page, and the file for ShiViz.
fn render(loaded: &Loaded, trace: &[TraceEvent]) -> (String, String) {
    let story = Story::of(trace, &loaded.nodes(), load_start(loaded, trace));
    let clocks = Clocks::of(story.lanes.count(), &story.steps);
    let focus = focus(loaded);
    let times: Vec<i64> = story.moments.iter().map(|moment| moment.at).collect();
    let mut most = MOST_MOMENTS.min(MOST_CLOCKS / story.lanes.count().max(1)).max(1);
    let (shown, data) = loop {
        let shown = cut(&times, focus.start, focus.end, most);
        let data = packed(&Data::of(&story, &clocks, loaded, &focus, shown.clone()));
        if data.len() <= MOST_BYTES || most < 100 {
            break (shown, data);
        }
        most /= 2;
    };
    let page = page::render(loaded, &story, &focus, &shown, &data).into_string();
    let for_shiviz = cut(&times, focus.start, focus.end, MOST_FOR_SHIVIZ);
    (page, shiviz::log(&story, for_shiviz))
}

/// When the load began, in nanoseconds since the start of the world: the first operation is in the history by
/// the one clock and in the trace by the other. Without any, times count from the start of the world.
fn load_start(loaded: &Loaded, trace: &[TraceEvent]) -> u64 {
    use ordalia_record::Happened::Asked;
    let asked = trace.iter().find(|event| matches!(event.what, Asked { .. }));
    let invoked = loaded.operations.first().map_or(0, |operation| operation.invoked_ns);
    asked.map_or(0, |asked| asked.at.saturating_sub(invoked))
}
