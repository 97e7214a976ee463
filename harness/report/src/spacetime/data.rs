//! The data of the page: columns of numbers, as compressed JSON.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;

use super::causality::Clocks;
use super::lives::{Condition, Span, lives};
use super::story::{Arrow, Call, Fate, Mark, Moment, Story};
use super::window::Focus;
use crate::format;
use crate::load::Loaded;
use crate::texts::Texts;

/// Everything that the script draws. Times are nanoseconds since the start of the load; -1 stands for what is not
/// there; moments, arrows and calls are named by their position in the columns, and texts by their number.
#[derive(Debug, Serialize)]
pub(super) struct Data {
    /// The nodes, and after them the clients.
    lanes: Vec<String>,
    nodes: usize,
    /// The times between which everything is drawn.
    start: i64,
    end: i64,
    focus: (i64, i64),
    /// The calls that contradict each other.
    stuck: i64,
    setter: i64,
    faults: Vec<Fault>,
    kinds: Vec<Kind>,
    texts: Vec<String>,
    spans: Spans,
    moments: Moments,
    arrows: Arrows,
    calls: Calls,
}

/// A span in which a fault was in force.
#[derive(Debug, Serialize)]
struct Fault {
    kind: String,
    label: String,
    start: i64,
    /// `None` where it was never healed.
    end: Option<i64>,
}

/// A kind of message.
#[derive(Debug, Serialize)]
struct Kind {
    name: String,
    count: usize,
    /// Whether it is hidden at first.
    quiet: bool,
}

/// The lives of nodes, by lane and in time order.
#[derive(Debug, Default, Serialize)]
struct Spans {
    lane: Vec<usize>,
    start: Vec<i64>,
    end: Vec<i64>,
    /// 0 down, 1 up, 2 paused.
    condition: Vec<u8>,
    role: Vec<i64>,
    term: Vec<i64>,
}

/// The events of processes, in time order.
#[derive(Debug, Default, Serialize)]
struct Moments {
    /// The time, less that of the moment before; of the first the time itself.
    at: Vec<i64>,
    lane: Vec<usize>,
    /// As in [`Mark`], from 0.
    mark: Vec<u8>,
    text: Vec<i64>,
    /// The Lamport clock, less that of the moment before on the same lane.
    lamport: Vec<u32>,
    /// The vector clock, a column for each lane, less that of the moment before on the same lane.
    vector: Vec<Vec<u32>>,
}

/// The messages, in order of their sending.
#[derive(Debug, Default, Serialize)]
struct Arrows {
    from: Vec<usize>,
    to: Vec<usize>,
    /// The time of sending, less that of the arrow before; of the first the time itself.
    start: Vec<i64>,
    /// From there to the end.
    length: Vec<i64>,
    /// The moments of its ends.
    sent: Vec<i64>,
    received: Vec<i64>,
    kind: Vec<usize>,
    text: Vec<i64>,
    /// As in [`Fate`], from 0.
    fate: Vec<u8>,
}

/// The operations of clients, in order of their beginning.
#[derive(Debug, Default, Serialize)]
struct Calls {
    node: Vec<usize>,
    client: Vec<usize>,
    /// The time of asking, less that of the call before; of the first the time itself.
    start: Vec<i64>,
    /// From there to the end; -1 for none.
    length: Vec<i64>,
    asked: Vec<i64>,
    heard: Vec<i64>,
    replied: Vec<i64>,
    ended: Vec<i64>,
    /// 0 ok, 1 fail, 2 info or never ended.
    outcome: Vec<u8>,
    text: Vec<i64>,
    result: Vec<i64>,
}

impl Data {
    /// The data of the moments in `shown`, and of all that touches the time between them.
    pub(super) fn of(
        story: &Story,
        clocks: &Clocks,
        loaded: &Loaded,
        focus: &Focus,
        shown: Range<usize>,
    ) -> Self {
        let (start, end) = extent(story, &shown);
        let mut texts = Texts::default();
        let mut names = BTreeMap::new();
        let arrows: Vec<&Arrow> =
            story.arrows.iter().filter(|arrow| arrow.start <= end && arrow.end >= start).collect();
        for arrow in &arrows {
            *names.entry(Story::kind(&arrow.text)).or_insert(0) += 1;
        }
        let calls: Vec<&Call> =
            story.calls.iter().filter(|c| c.start <= end && c.end.is_none_or(|at| at >= start)).collect();
        let of_operation = |at: Option<usize>| {
            let found = at.and_then(|at| calls.iter().position(|call| is_call(call, loaded, at)));
            found.map_or(-1, |at| at as i64)
        };
        let spans = lives(story);
        let spans = spans.iter().filter(|span| span.start <= end && span.end >= start);
        Data {
            lanes: story.lanes.names(),
            nodes: story.lanes.nodes(),
            start,
            end,
            focus: (focus.start.clamp(start, end), focus.end.clamp(start, end)),
            stuck: of_operation(focus.stuck),
            setter: of_operation(focus.setter),
            faults: faults(loaded, start, end),
            spans: Spans::of(spans, &mut texts),
            moments: Moments::of(story, clocks, shown.clone(), &mut texts),
            arrows: Arrows::of(&arrows, &names.keys().copied().collect::<Vec<_>>(), &shown, &mut texts),
            calls: Calls::of(&calls, &shown, &mut texts),
            kinds: names.into_iter().map(|(name, count)| Kind::of(name, count)).collect(),
            texts: texts.cut(),
        }
    }
}

/// The first and the last time that is drawn.
pub(super) fn extent(story: &Story, shown: &Range<usize>) -> (i64, i64) {
    let at = |moment: Option<&Moment>| moment.map_or(0, |moment| moment.at);
    let start = at(story.moments.get(shown.start));
    let end = match shown.end < story.moments.len() {
        true => at(shown.end.checked_sub(1).and_then(|last| story.moments.get(last))),
        false => story.end,
    };
    (start, end.max(start))
}

/// Whether a call is that operation of the history: the thread of its process, at its time.
fn is_call(call: &Call, loaded: &Loaded, operation: usize) -> bool {
    let Some(operation) = loaded.operations.get(operation) else { return false };
    let threads = loaded.info.as_ref().map_or(u64::MAX, |info| info.concurrency.max(1) as u64);
    i64::try_from(operation.invoked_ns) == Ok(call.start) && operation.process % threads == call.thread as u64
}

/// The faults that were in force in that time.
fn faults(loaded: &Loaded, start: i64, end: i64) -> Vec<Fault> {
    let time = |ns: u64| i64::try_from(ns).unwrap_or(i64::MAX);
    let faults = loaded.windows.iter().map(|window| Fault {
        kind: window.kind.clone(),
        label: format::abridge(&window.label, 80),
        start: time(window.start_ns),
        end: window.end_ns.map(time),
    });
    faults.filter(|fault| fault.start <= end && fault.end.is_none_or(|at| at >= start)).collect()
}

impl Kind {
    /// Messages that only say that a node is there tell little and are many.
    fn of(name: &str, count: usize) -> Self {
        let small = name.to_lowercase();
        let quiet = ["heartbeat", "ping", "pong", "keepalive"].iter().any(|word| small.contains(word));
        Kind { name: format::abridge(name, 40), count, quiet }
    }
}

impl Spans {
    fn of<'a>(spans: impl Iterator<Item = &'a Span>, texts: &mut Texts<'_>) -> Self {
        let mut columns = Spans::default();
        for span in spans {
            columns.lane.push(span.lane);
            columns.start.push(span.start);
            columns.end.push(span.end);
            columns.condition.push(match span.condition {
                Condition::Down => 0,
                Condition::Up => 1,
                Condition::Paused => 2,
            });
            columns.role.push(if span.role.is_empty() { -1 } else { texts.number(span.role.clone()) });
            columns.term.push(span.term.and_then(|term| i64::try_from(term).ok()).unwrap_or(-1));
        }
        columns
    }
}

impl Moments {
    fn of<'a>(story: &'a Story, clocks: &Clocks, shown: Range<usize>, texts: &mut Texts<'a>) -> Self {
        let lanes = story.lanes.count();
        let mut columns =
            Moments { vector: vec![Vec::with_capacity(shown.len()); lanes], ..Moments::default() };
        let mut latest: Vec<Option<usize>> = vec![None; lanes];
        let mut time = 0;
        for event in shown {
            let (moment, lane) = (&story.moments[event], story.steps[event].lane);
            columns.at.push(moment.at - time);
            time = moment.at;
            columns.lane.push(lane);
            columns.mark.push(moment.mark as u8);
            let is_call = matches!(moment.mark, Mark::Asked | Mark::Ended);
            // What is asked and what comes of it stands with the call.
            let text = !moment.text.is_empty() && !is_call;
            columns.text.push(if text { texts.number(moment.text.as_str()) } else { -1 });
            let before = latest[lane].replace(event);
            columns.lamport.push(clocks.lamport(event) - before.map_or(0, |before| clocks.lamport(before)));
            for (other, column) in columns.vector.iter_mut().enumerate() {
                let known = before.map_or(0, |before| clocks.vector(before)[other]);
                column.push(clocks.vector(event)[other] - known);
            }
        }
        columns
    }
}

/// The place of a moment among those that are shown.
fn place(moment: Option<usize>, shown: &Range<usize>) -> i64 {
    moment.filter(|at| shown.contains(at)).map_or(-1, |at| (at - shown.start) as i64)
}

impl Arrows {
    fn of<'a>(arrows: &[&'a Arrow], kinds: &[&str], shown: &Range<usize>, texts: &mut Texts<'a>) -> Self {
        let (mut columns, mut time) = (Arrows::default(), 0);
        for arrow in arrows {
            columns.from.push(arrow.from);
            columns.to.push(arrow.to);
            columns.start.push(arrow.start - time);
            time = arrow.start;
            columns.length.push(arrow.end - arrow.start);
            columns.sent.push(place(arrow.sent, shown));
            columns.received.push(place(arrow.received, shown));
            columns.kind.push(kinds.binary_search(&Story::kind(&arrow.text)).unwrap_or_default());
            columns.text.push(texts.number(arrow.text.as_str()));
            columns.fate.push(match arrow.fate {
                Fate::Arrived => 0,
                Fate::Held => 1,
                Fate::Again => 2,
                Fate::Lost => 3,
                Fate::Open => 4,
            });
        }
        columns
    }
}

impl Calls {
    fn of<'a>(calls: &[&'a Call], shown: &Range<usize>, texts: &mut Texts<'a>) -> Self {
        let (mut columns, mut time) = (Calls::default(), 0);
        for call in calls {
            columns.node.push(call.node);
            columns.client.push(call.client);
            columns.start.push(call.start - time);
            time = call.start;
            columns.length.push(call.end.map_or(-1, |end| end - call.start));
            columns.asked.push(place(Some(call.asked), shown));
            columns.heard.push(place(call.heard, shown));
            columns.replied.push(place(call.replied, shown));
            columns.ended.push(place(call.ended, shown));
            let kind = call.result.split(':').next().unwrap_or_default().to_lowercase();
            columns.outcome.push(match kind.as_str() {
                "ok" => 0,
                "fail" => 1,
                _ => 2,
            });
            columns.text.push(texts.number(call.text.as_str()));
            columns.result.push(if call.result.is_empty() { -1 } else { texts.number(call.result.as_str()) });
        }
        columns
    }
}
