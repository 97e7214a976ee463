//! What of the rounds is within a view, each list cut to what a picture can bear.

use super::view::MOST_SHAPES;
use super::{Absence, Attempt, Bar, Change, Compared, Pass, Release, Rounds, Tenure, View};

/// The bounds of the shorter lists.
const MOST_RELEASES: usize = 2_000;
const MOST_MEANS: usize = 3_000;
const MOST_TENURES: usize = 400;
const MOST_CHANGES: usize = 2_000;

/// What is drawn.
pub(crate) struct Scene<'a> {
    pub lanes: Vec<Lane<'a>>,
    pub tenures: Vec<&'a Tenure>,
    pub releases: Vec<&'a Release>,
    pub means: Vec<Compared<'a>>,
    pub attempts: Vec<&'a Attempt>,
    pub changes: Vec<&'a Change>,
    /// How many things within the view are too many to draw.
    pub left_out: usize,
}

/// One sensor's part.
pub(crate) struct Lane<'a> {
    /// The sensor's position among all.
    pub sensor: usize,
    pub name: &'a str,
    pub bars: Vec<&'a Bar>,
    pub passes: Vec<&'a Pass>,
    pub absences: Vec<&'a Absence>,
    pub expiries: Vec<u64>,
}

impl<'a> Scene<'a> {
    /// What is in sight.
    pub(crate) fn of(rounds: &'a Rounds, view: &View) -> Self {
        let mut cut = Cut { left_out: 0 };
        let share = MOST_SHAPES / view.lanes.len().max(1) + 1;
        let lanes = view.lanes.iter().filter_map(|at| lane(rounds, view, *at, share, &mut cut)).collect();
        let tenures = rounds.tenures.iter().filter(|one| view.holds(one.start_ns, one.end_ns));
        let releases = rounds.releases.iter().filter(|one| view.holds(one.start_ns, one.start_ns));
        let means =
            rounds.compared().into_iter().filter(|one| view.holds(one.record.at_ns, one.record.at_ns));
        let attempts = rounds.attempts.iter().filter(|one| view.holds(one.end_ns, one.end_ns));
        let changes = rounds.changes.iter().filter(|one| view.holds(one.at_ns, one.at_ns));
        Self {
            lanes,
            tenures: cut.take(tenures, MOST_TENURES),
            releases: cut.take(releases, MOST_RELEASES),
            means: cut.take(means, MOST_MEANS),
            attempts: cut.take(attempts, MOST_MEANS),
            changes: cut.take(changes, MOST_CHANGES),
            left_out: cut.left_out,
        }
    }

    /// The number of bars and marks in the lanes.
    pub(crate) fn shapes(&self) -> usize {
        self.lanes.iter().map(|lane| lane.bars.len() + lane.passes.len()).sum()
    }

    /// The lane of a sensor, from the top.
    pub(crate) fn place(&self, sensor: usize) -> Option<usize> {
        self.lanes.binary_search_by_key(&sensor, |lane| lane.sensor).ok()
    }
}

/// Takes what fits and counts the rest.
struct Cut {
    left_out: usize,
}

impl Cut {
    fn take<T>(&mut self, all: impl Iterator<Item = T>, most: usize) -> Vec<T> {
        let mut kept: Vec<T> = all.collect();
        self.left_out += kept.len().saturating_sub(most);
        kept.truncate(most);
        kept
    }
}

/// One sensor's part of the view.
fn lane<'a>(rounds: &'a Rounds, view: &View, at: usize, most: usize, cut: &mut Cut) -> Option<Lane<'a>> {
    let sensor = rounds.sensors.get(at)?;
    let bars = sensor.bars.iter().filter(|bar| view.holds(bar.start_ns, bar.end_ns));
    let passes = sensor.passes.iter().filter(|pass| view.holds(pass.at_ns, pass.at_ns));
    let absences = sensor.absences.iter().filter(|one| view.holds(one.start_ns, one.end_ns));
    let expiries = sensor.expiries.iter().copied().filter(|time| view.holds(*time, *time));
    Some(Lane {
        sensor: at,
        name: &sensor.name,
        bars: cut.take(bars, most),
        passes: cut.take(passes, most),
        absences: cut.take(absences, most),
        expiries: cut.take(expiries, most),
    })
}
