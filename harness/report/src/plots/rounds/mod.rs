//! The rounds of sensors at a barrier: who led, what was released, a lane for each sensor, the configuration, and the
//! recorded means beside the true ones.

mod config;
mod lanes;
mod means;
mod strips;

use maud::html;

use super::Plot;
use super::frame::{Axis, Frame};
use crate::ReportError;
use crate::format;
use crate::load::Loaded;
use crate::rounds::{Rounds, Scene, View, views};

/// The file of the picture of all rounds.
pub(crate) const FILE: &str = "rounds.svg";

/// The file of the closer look at a few.
pub(crate) const CLOSE_FILE: &str = "rounds-close.svg";

/// More shapes than this are drawn without a tool tip each.
const MOST_TITLED: usize = 9_000;

/// The space between one part and the next.
const GAP: f64 = 10.0;

/// Where the parts of the picture are, in pixels from the top of the plotting area.
struct Layout {
    released: f64,
    lanes: f64,
    lane: f64,
    lanes_end: f64,
    config: f64,
    height: f64,
}

impl Layout {
    /// Stacks the parts; the lanes share `room` as far as they stay within `least` and `most` pixels each.
    fn new(
        lane_count: usize,
        leader_rows: usize,
        config_rows: usize,
        has_means: bool,
        room: [f64; 3],
    ) -> Self {
        let [room, least, most] = room;
        let released = leader_rows as f64 * strips::LEADER_ROW + 4.0;
        let lanes = released + strips::RELEASED_ROW;
        let lane = (room / lane_count.max(1) as f64).clamp(least, most);
        let lanes_end = lanes + lane * lane_count as f64;
        let config = lanes_end + GAP;
        let means = if config_rows > 0 { config + config_rows as f64 * config::ROW + GAP } else { config };
        let height = if has_means { means + means::HEIGHT } else { means };
        Self { released, lanes, lane, lanes_end, config, height }
    }
}

/// What a picture is called and how its lanes share the room.
struct Style {
    file: &'static str,
    title: &'static str,
    /// The room for all lanes, and the least and the greatest height of one.
    room: [f64; 3],
}

/// The pictures, if the history has rounds.
pub(super) fn draw(loaded: &Loaded) -> Result<Vec<Plot>, ReportError> {
    let Some(rounds) = &loaded.rounds else { return Ok(Vec::new()) };
    let (whole, close) = views(rounds, loaded.end_ns);
    let style = Style { file: FILE, title: "The rounds of the sensors", room: [540.0, 4.5, 30.0] };
    let mut plots = vec![picture(loaded, rounds, &whole, &style)?];
    if let Some(view) = close {
        let style = Style { file: CLOSE_FILE, title: "A closer look", room: [700.0, 15.0, 30.0] };
        plots.push(picture(loaded, rounds, &view, &style)?);
    }
    Ok(plots)
}

/// One picture.
fn picture(loaded: &Loaded, rounds: &Rounds, view: &View, style: &Style) -> Result<Plot, ReportError> {
    let scene = Scene::of(rounds, view);
    let leader_rows = strips::leader_rows(&scene);
    let panel = means::Panel::of(rounds, &scene);
    let names = config::names(&scene);
    let layout = Layout::new(scene.lanes.len(), leader_rows.count, names.len(), panel.is_some(), style.room);
    let frame = Frame::new(view.start_ns, view.end_ns, layout.height, &loaded.windows);
    let titled = scene.shapes() <= MOST_TITLED;
    let above = html! {
        (strips::legend_row())
        (strips::marked_rounds(&frame, &layout, rounds, view))
        (strips::release_lines(&frame, &layout, rounds, &scene))
        (lanes::draw(&frame, &layout, rounds, &scene, titled))
        (strips::leaders(&frame, &layout, rounds, &scene, &leader_rows))
        (strips::release_dots(&frame, &layout, rounds, &scene))
        (config::draw(&frame, &layout, rounds, &scene, &names))
        @if let Some(panel) = &panel { (panel.draw(&frame, rounds, &scene)) }
    };
    let axis = panel.as_ref().map_or_else(
        || Axis::new(0.0, 1.0, Vec::new(), |_| String::new()),
        |panel| panel.axis(layout.height),
    );
    let svg = frame.compose(style.file, axis, |_| Ok(()), &above)?;
    Ok(Plot { file: style.file, title: style.title, caption: caption(view, &scene, titled), svg })
}

/// How the picture is read, and what it leaves out.
fn caption(view: &View, scene: &Scene<'_>, titled: bool) -> String {
    let reading = "A lane for each sensor: a high bar while it measures, a low one while it waits at the barrier, and a \
                   green mark with the round's number where it passes. A line above a lane is the leader's time in \
                   office; a thin vertical line is a release, with a dot on the line of the leader that made it.";
    let mut text = view.about.clone().unwrap_or_else(|| reading.to_owned());
    if !titled {
        text.push_str(" There are too many bars here to tell of each; the closer look does.");
    }
    for sentence in &view.left_out {
        text.push(' ');
        text.push_str(sentence);
    }
    if scene.left_out > 0 {
        let count = format::count(scene.left_out as u64);
        text.push_str(&format!(" {count} more bars and marks of this span are too many to draw."));
    }
    text
}
