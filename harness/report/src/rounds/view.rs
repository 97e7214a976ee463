//! Which part of the rounds a picture shows: all of a run that fits, and a closer look where rounds are many.

use std::collections::BTreeSet;

use super::{Agreement, Ending, Rounds, Stage};

/// More bars and marks than this make a picture too large; rounds far from the failure are left out.
pub(crate) const MOST_SHAPES: usize = 66_000;

/// More lanes than this are no picture.
const MOST_LANES: usize = 250;

/// Rounds that can be told apart over the whole width.
const LEGIBLE_ROUNDS: usize = 24;

/// Lanes and rounds on either side of a closer look.
const CLOSE_LANES: usize = 40;
const CLOSE_ROUNDS: usize = 4;

/// What a picture shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// In nanoseconds since the start of the load.
    pub start_ns: u64,
    pub end_ns: u64,
    /// The positions of the sensors shown.
    pub lanes: Vec<usize>,
    /// What it is about, in a sentence, where it is not the whole.
    pub about: Option<String>,
    /// What is left out, in sentences; empty if nothing is.
    pub left_out: Vec<String>,
}

/// The view of the whole run, and one of a few rounds where the whole has too many to read.
pub(crate) fn views(rounds: &Rounds, end_ns: u64) -> (View, Option<View>) {
    let focus = focus(rounds);
    let whole = whole(rounds, focus.map(|(round, _)| round), end_ns);
    let crowded = rounds.spans.len() > LEGIBLE_ROUNDS || rounds.sensors.len() > CLOSE_LANES;
    let close = focus.filter(|_| crowded).map(|(round, why)| close(rounds, round, why));
    (whole, close)
}

/// The round that a reader wants to see, and why: the first that the verdict names, the first whose mean differs, or the
/// one that took longest.
fn focus(rounds: &Rounds) -> Option<(u64, &'static str)> {
    let known = |round: &u64| rounds.spans.contains_key(round);
    let named = rounds.marks.rounds.keys().copied().find(known);
    let differs = || {
        let compared = rounds.compared();
        let found = compared.iter().find(|one| matches!(one.agreement, Agreement::Differs(_)));
        found.map(|one| one.record.round).filter(known)
    };
    let longest = || {
        let longest = rounds.spans.iter().max_by_key(|(_, span)| span.end_ns.saturating_sub(span.start_ns));
        longest.map(|(round, _)| *round)
    };
    let named = named.map(|round| (round, "which the verdict names"));
    let differs = || differs().map(|round| (round, "whose recorded mean differs"));
    named.or_else(differs).or_else(|| longest().map(|round| (round, "which took longest")))
}

/// The whole run, or so many rounds about the focus as a picture can hold.
fn whole(rounds: &Rounds, focus: Option<u64>, end_ns: u64) -> View {
    let lanes = lanes(rounds, focus, MOST_LANES);
    let mut view = View { start_ns: 0, end_ns, lanes, about: None, left_out: Vec::new() };
    let total: usize = rounds.spans.values().map(|span| span.shapes).sum();
    if let Some(focus) = focus.filter(|_| total > MOST_SHAPES) {
        let numbers: Vec<u64> = rounds.spans.keys().copied().collect();
        let (from, to) = about(rounds, &numbers, focus);
        (view.start_ns, view.end_ns) = extent(rounds, &numbers[from..=to]);
        let (first, last, all) = (numbers[from], numbers[to], numbers.len());
        view.left_out.push(format!("Of {all} rounds only {first} to {last} are drawn."));
    }
    view.note_lanes(rounds);
    view
}

/// The range of rounds about one that has no more shapes than a picture holds, grown to both sides.
fn about(rounds: &Rounds, numbers: &[u64], focus: u64) -> (usize, usize) {
    let shapes =
        |at: usize| numbers.get(at).and_then(|round| rounds.spans.get(round)).map_or(0, |s| s.shapes);
    let middle = numbers.binary_search(&focus).unwrap_or(0);
    let (mut from, mut to, mut sum) = (middle, middle, shapes(middle));
    loop {
        let before = from.checked_sub(1).filter(|at| sum + shapes(*at) <= MOST_SHAPES);
        if let Some(at) = before {
            (from, sum) = (at, sum + shapes(at));
        }
        let after = Some(to + 1).filter(|at| *at < numbers.len() && sum + shapes(*at) <= MOST_SHAPES);
        if let Some(at) = after {
            (to, sum) = (at, sum + shapes(at));
        }
        if before.is_none() && after.is_none() {
            return (from, to);
        }
    }
}

/// A few rounds about the focus, and no more lanes than can be read.
fn close(rounds: &Rounds, focus: u64, why: &str) -> View {
    let numbers: Vec<u64> = rounds.spans.keys().copied().collect();
    let middle = numbers.binary_search(&focus).unwrap_or(0);
    let last = numbers.len().saturating_sub(1);
    let (from, to) = (middle.saturating_sub(CLOSE_ROUNDS), (middle + CLOSE_ROUNDS).min(last));
    let (start_ns, end_ns) = extent(rounds, numbers.get(from..=to).unwrap_or_default());
    let lanes = lanes(rounds, Some(focus), CLOSE_LANES);
    let about = Some(format!("Round {focus}, {why}, and the rounds about it."));
    let mut view = View { start_ns, end_ns, lanes, about, left_out: Vec::new() };
    view.note_lanes(rounds);
    view
}

/// The time of some rounds with a little air.
fn extent(rounds: &Rounds, numbers: &[u64]) -> (u64, u64) {
    let spans = || numbers.iter().filter_map(|round| rounds.spans.get(round));
    let start = spans().map(|span| span.start_ns).min().unwrap_or(0);
    let end = spans().map(|span| span.end_ns).max().unwrap_or(0).max(start);
    let air = (end - start) / 100 + 1_000;
    (start.saturating_sub(air), end.saturating_add(air))
}

/// At most so many sensors: first those that the verdict names, then those that led, then those that came to nothing or
/// were last to measure in the round in focus, then the others; in their own order.
fn lanes(rounds: &Rounds, focus: Option<u64>, most: usize) -> Vec<usize> {
    let all = 0..rounds.sensors.len();
    if all.len() <= most {
        return all.collect();
    }
    let named = |at: &usize| {
        let name = rounds.name(*at);
        rounds.marks.rounds.values().any(|mark| mark.sensors.contains(name))
    };
    let late = |at: &usize| {
        let bars = rounds.sensors.get(*at).map_or(&[][..], |sensor| &sensor.bars);
        let own = bars.iter().filter(|bar| Some(bar.round) == focus);
        let time = |bar: &super::Bar| match (bar.ending, bar.stage) {
            (Ending::Done, Stage::Waiting) => 0,
            (Ending::Done, Stage::Measuring) => bar.end_ns,
            // What came to nothing is what held the others up.
            _ => u64::MAX,
        };
        own.map(time).max().unwrap_or(0)
    };
    let mut latest: Vec<usize> = all.clone().collect();
    latest.sort_by_cached_key(|at| std::cmp::Reverse(late(at)));
    let order = all.filter(named).chain(rounds.tenures.iter().map(|tenure| tenure.sensor)).chain(latest);
    let mut kept = BTreeSet::new();
    for at in order {
        if kept.len() == most {
            break;
        }
        kept.insert(at);
    }
    kept.into_iter().collect()
}

impl View {
    /// Says how many sensors are not shown.
    fn note_lanes(&mut self, rounds: &Rounds) {
        let (shown, all) = (self.lanes.len(), rounds.sensors.len());
        if shown < all {
            self.left_out.push(format!(
                "Of {all} sensors {shown} are drawn: those that the verdict names, those that led, and those that \
                 were last to measure."
            ));
        }
    }

    /// Whether a span is in sight.
    pub(crate) fn holds(&self, start_ns: u64, end_ns: u64) -> bool {
        start_ns <= self.end_ns && end_ns >= self.start_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounds::{Sensor, Span};

    /// A thousand rounds of a second each, with so many shapes.
    fn long(shapes: usize) -> Rounds {
        let span = |round: u64| Span { start_ns: round * 1_000, end_ns: round * 1_000 + 900, shapes };
        Rounds { spans: (0..1_000).map(|round| (round, span(round))).collect(), ..Rounds::default() }
    }

    #[test]
    fn too_many_rounds_are_cut_to_those_about_the_failure() {
        let mut rounds = long(600);
        rounds.marks.rounds.entry(900).or_default();
        let (whole, close) = views(&rounds, 1_000_000);
        // A picture holds 110 rounds of 600 shapes: as many before round 900 as after it, and one more before.
        assert_eq!(whole.left_out, ["Of 1000 rounds only 845 to 954 are drawn."]);
        assert!(whole.holds(900_000, 900_900) && !whole.holds(700_000, 700_900));
        assert!(close.is_some_and(|close| close.holds(896_000, 896_900) && !close.holds(894_000, 894_900)));
        assert!(views(&long(60), 1_000_000).0.left_out.is_empty());
        // A single round may be too much by itself; it is drawn as far as it goes.
        assert_eq!(about(&long(MOST_SHAPES + 1), &(0..1_000).collect::<Vec<_>>(), 7), (7, 7));
    }

    #[test]
    fn of_too_many_sensors_the_named_and_the_leaders_are_kept() {
        let sensor = |at: usize| Sensor { name: format!("n{at}"), ..Sensor::default() };
        let mut rounds = Rounds { sensors: (0..1_000).map(sensor).collect(), ..long(1) };
        rounds.marks.rounds.entry(3).or_default().sensors.insert("n777".to_owned());
        rounds.tenures.push(crate::rounds::Tenure { sensor: 555, epoch: 1, start_ns: 0, end_ns: 9 });
        let (whole, close) = views(&rounds, 1_000_000);
        assert_eq!(whole.lanes.len(), MOST_LANES);
        let close = close.unwrap();
        assert_eq!(close.lanes.len(), CLOSE_LANES);
        assert!(close.lanes.is_sorted() && [555, 777].iter().all(|at| close.lanes.contains(at)));
    }
}
