//! The events for ShiViz (Beschastnikh et al., "Debugging Distributed Systems", CACM 2016), which draws
//! logs with vector clocks.
//!
//! The first line of a file that ShiViz loads is the regular expression by which it reads the rest, the second one that
//! parts executions, empty where there is one. Each event is two lines: what happened, and the process with its
//! vector clock as JSON. A process's own clock begins at 1 and rises by one; so the clocks of a cut trace are
//! computed anew.

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;

use super::causality::{Clocks, Signal};
use super::story::{Mark, Story};
use crate::format;

/// How ShiViz tells the parts of an event from each other: its default for files.
pub(super) const EXPRESSION: &str = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})";

/// How long the text of an event may be.
const LONGEST: usize = 160;

/// The file, for the events in `shown`.
pub(super) fn log(story: &Story, shown: Range<usize>) -> String {
    let names = story.lanes.names();
    let steps = &story.steps[shown.clone()];
    let clocks = Clocks::of(names.len(), steps);
    let said = messages(story);
    let mut log = format!("{EXPRESSION}\n\n");
    for (at, (moment, step)) in story.moments[shown].iter().zip(steps).enumerate() {
        let message = |signal: Option<Signal>| signal.and_then(|signal| said.get(&signal).copied());
        let text = match moment.mark {
            Mark::Up => "up".to_owned(),
            Mark::Down => format!("down: {}", moment.text),
            Mark::Paused => "paused".to_owned(),
            Mark::Resumed => "resumed".to_owned(),
            Mark::Sent => with("send", message(step.leaves)),
            Mark::Received => with("receive", message(step.takes)),
            Mark::Timer => format!("timer {}", moment.text),
            Mark::Synced => "synced".to_owned(),
            Mark::Told => moment.text.clone(),
            Mark::Asked => format!("ask {}", moment.text),
            Mark::Heard => "hear a request".to_owned(),
            Mark::Replied => format!("reply {}", moment.text),
            Mark::Ended => moment.text.clone(),
        };
        let known = names.iter().zip(clocks.vector(at)).filter(|(_, count)| **count > 0);
        let clock: Vec<String> = known.map(|(name, count)| format!("\"{name}\":{count}")).collect();
        let (host, clock) = (&names[step.lane], clock.join(","));
        // Writing to a string cannot fail.
        let _ = writeln!(log, "{}\n{host} {{{clock}}}", line(&text));
    }
    log
}

/// A text on one line, as the expression's dots have it: to them these separators end a line, too.
fn line(text: &str) -> String {
    format::shorten(text, LONGEST).replace(['\u{2028}', '\u{2029}'], " ")
}

/// A word with what the message says.
fn with(word: &str, text: Option<&str>) -> String {
    format!("{word} {}", text.unwrap_or("a message"))
}

/// What the messages say.
fn messages(story: &Story) -> HashMap<Signal, &str> {
    let sent = story.arrows.iter().filter_map(|arrow| Some((arrow, arrow.sent?)));
    sent.filter_map(|(arrow, sent)| Some((story.steps[sent].leaves?, arrow.text.as_str()))).collect()
}
