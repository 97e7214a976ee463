//! What a file held.

use serde_json::Value;

use crate::{Event, EventType, Format, Lines, OpError};

/// What a file held: its events, and whether its last line was cut off in the middle.
#[derive(Debug, Default)]
pub struct Recorded {
    /// All whole events, in order.
    pub events: Vec<Event>,
    /// The format that they were read from.
    pub format: Format,
    /// The lines that the events stand on, for messages.
    pub lines: Lines,
    /// The last line did not end with a newline and is no event: its writer was killed while
    /// writing it. All that was recorded before it is in `events`. Only in [`Format::Jsonl`].
    pub torn_tail: bool,
}

impl Recorded {
    /// Adds an event, and notes its line.
    pub(crate) fn push(&mut self, event: Event, line: u64) {
        self.lines.note(self.events.len() as u64, line);
        self.events.push(event);
    }

    /// Gives EDN's reads of nil the meaning that they have to Knossos: nobody knows what was read. They
    /// become `info` with the error `value-unknown`; the answer is how many there were.
    ///
    /// Only done where the register is said to hold something at first. Knossos's register models accept a
    /// read of nil in any state, and its own histories depend on it: they begin with reads of nil from
    /// registers that are held to begin with 0. Where a register begins with nil a read of nil is an
    /// observation like any other, and stays one; and so it does in the other formats. The price is that
    /// such a history of a register that lost its value does not show the loss by a nil, so callers should
    /// tell how many reads were so taken.
    pub fn forget_unknown_reads(&mut self, initial: &Value) -> usize {
        if self.format != Format::Edn || initial.is_null() {
            return 0;
        }
        let unknown =
            |event: &&mut Event| event.kind == EventType::Ok && event.f == "read" && event.value.is_null();
        let mut count = 0;
        for event in self.events.iter_mut().filter(unknown) {
            event.kind = EventType::Info;
            event.error = Some(OpError::new("value-unknown"));
            count += 1;
        }
        count
    }
}
