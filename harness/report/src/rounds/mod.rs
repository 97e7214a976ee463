//! The rounds of sensors at a barrier, as they and the sink wrote them into the history.
//!
//! Read from the acts alone: `measure`, `wait` and `increment` of each sensor, `lead`, `post` and `release` of
//! the leader, the notes `session` and `configured`, and the sink's `posted`. An act of the wrong shape is
//! counted and left out; nothing is read from the words of a verdict.

mod lives;
mod marks;
mod means;
mod reading;
mod scene;
mod view;

use std::collections::BTreeMap;

pub(crate) use lives::{Absence, AbsenceKind, Tenure};
pub(crate) use marks::Marks;
pub(crate) use means::{Agreement, Compared};
pub(crate) use reading::read;
pub(crate) use scene::{Lane, Scene};
pub(crate) use view::{View, views};

/// All rounds of a run.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    /// The sensors, by their names' numbers.
    pub sensors: Vec<Sensor>,
    /// Who acted as leader and when, by their begin.
    pub tenures: Vec<Tenure>,
    /// The releases, in order of invocation.
    pub releases: Vec<Release>,
    /// What the sink recorded or recognised as known, in time order.
    pub records: Vec<Record>,
    /// Posts that failed, or whose outcome nobody knows.
    pub attempts: Vec<Attempt>,
    /// Values of the configuration that came into force or were refused, in time order.
    pub changes: Vec<Change>,
    /// The rounds and sensors that the verdict's details name.
    pub marks: Marks,
    /// The span of each round.
    pub spans: BTreeMap<u64, Span>,
    /// How many acts could not be read.
    pub skipped: u64,
}

/// One sensor.
#[derive(Debug, Default)]
pub(crate) struct Sensor {
    pub name: String,
    /// What it was at, by their begin.
    pub bars: Vec<Bar>,
    /// When it passed a barrier, in time order.
    pub passes: Vec<Pass>,
    /// When it was down or without a session, by their begin.
    pub absences: Vec<Absence>,
    /// When a session of its expired.
    pub expiries: Vec<u64>,
}

/// What a sensor is at in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Measuring,
    Waiting,
}

/// How a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The measurement is held, the barrier passed.
    Done,
    /// It certainly came to nothing.
    Failed,
    /// Nobody knows, or the record ends within it.
    Unknown,
    /// The sensor's life ended.
    Crashed,
}

/// A span in which a sensor was at one stage. Times are in nanoseconds since the start of the load.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bar {
    pub stage: Stage,
    pub round: u64,
    pub start_ns: u64,
    pub end_ns: u64,
    pub ending: Ending,
    /// What was measured, where the measurement is held.
    pub value: Option<f64>,
}

/// A sensor passes a barrier.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pass {
    pub round: u64,
    pub at_ns: u64,
    /// The counter after its increment, where that was told.
    pub total: Option<u64>,
}

/// A round is released.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Release {
    /// The position of the leader among the sensors.
    pub sensor: usize,
    pub epoch: u64,
    pub round: u64,
    pub start_ns: u64,
    /// Absent where it never ended.
    pub end_ns: Option<u64>,
    pub ending: Ending,
    /// The measurements that it counts, by sensor.
    pub values: BTreeMap<String, f64>,
    /// How many sensors it expected.
    pub expected: usize,
}

/// A mean arrived at the sink.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub round: u64,
    pub at_ns: u64,
    pub mean: f64,
    /// Who sent it, if it says so.
    pub sensor: String,
    pub epoch: Option<u64>,
    /// False for a repetition, which is not recorded again.
    pub first: bool,
}

/// A post that was not answered well.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attempt {
    pub round: u64,
    pub start_ns: u64,
    pub end_ns: u64,
    pub mean: f64,
    pub sensor: usize,
    pub ending: Ending,
    pub error: String,
}

/// A value of the configuration at one sensor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub sensor: usize,
    pub at_ns: u64,
    pub name: String,
    pub value: String,
    /// False where the sensor refused it.
    pub accepted: bool,
}

/// From the first measuring of a round to the last passing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub start_ns: u64,
    pub end_ns: u64,
    /// How many bars and marks of sensors it has.
    pub shapes: usize,
}

impl Rounds {
    /// The name of the sensor at a position.
    pub(crate) fn name(&self, sensor: usize) -> &str {
        self.sensors.get(sensor).map_or("?", |sensor| &sensor.name)
    }

    /// Notes the span of each round.
    fn measure_spans(&mut self) {
        let mut spans: BTreeMap<u64, Span> = BTreeMap::new();
        let mut widen = |round: u64, start_ns: u64, end_ns: u64, shapes: usize| {
            let span = spans.entry(round).or_insert(Span { start_ns, end_ns, shapes: 0 });
            span.start_ns = span.start_ns.min(start_ns);
            span.end_ns = span.end_ns.max(end_ns);
            span.shapes += shapes;
        };
        for sensor in &self.sensors {
            for bar in &sensor.bars {
                // A stage that came to nothing may last long after its round was over for the others.
                let end = if bar.ending == Ending::Done { bar.end_ns } else { bar.start_ns };
                widen(bar.round, bar.start_ns, end, 1);
            }
            sensor.passes.iter().for_each(|pass| widen(pass.round, pass.at_ns, pass.at_ns, 1));
        }
        self.releases.iter().for_each(|release| widen(release.round, release.start_ns, release.start_ns, 0));
        self.spans = spans;
    }
}

/// A figure in few characters, without needless zeros.
pub(crate) fn figure(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
