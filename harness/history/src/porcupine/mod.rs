//! The two kinds of logs that Porcupine's tests read.
//!
//! The log of Jepsen's etcd test, one register:
//! ```text
//! INFO  jepsen.util - 0   :invoke :cas    [3 0]
//! INFO  jepsen.util - 0   :fail   :cas    [3 0]
//! ```
//! A read that timed out counts as failed, for it changed nothing. A failed cas was refused for the
//! value, which is an observation, and gets the error `precondition-failed`. A write or cas of unknown
//! outcome stays open. Lines of other loggers are left out.
//!
//! The key-value log, string keys and values:
//! ```text
//! {:process 0, :type :invoke, :f :append, :key "7", :value "x 0 1 y"}
//! {:process 0, :type :ok, :f :append, :key "7", :value "x 0 1 y"}
//! ```
//! Its operations are `get`, `put` and `append`. Neither log has times: an event's time is its position.

mod etcd;

use std::io::{BufRead, Read};

use crate::edn::{Keys, Operations, after_blanks};
use crate::source::{CHUNK_BYTES, with_head};
use crate::{Event, Format, ParseError, Process, Recorded};

pub(crate) use etcd::begins_log_line;

/// Reads a whole history from any input; which kind of log it is, is told by its beginning.
///
/// # Errors
/// The input cannot be read, or a line is of neither kind of log; the message names the line.
pub fn parse(input: impl BufRead) -> Result<Vec<Event>, ParseError> {
    record(input).map(|recorded| recorded.events)
}

/// Reads a whole history with the lines of its events.
pub(crate) fn record(input: impl BufRead) -> Result<Recorded, ParseError> {
    let (head, input) = with_head(input, CHUNK_BYTES)?;
    if after_blanks(&head).starts_with(b"{") { key_value(input) } else { etcd::parse(input) }
}

/// Reads a key-value log.
fn key_value(input: impl Read) -> Result<Recorded, ParseError> {
    let mut operations = Operations::new(input, Keys::Tagged);
    let mut recorded = Recorded { format: Format::Porcupine, ..Recorded::default() };
    while let Some((line, event)) = operations.next()? {
        let client = matches!(event.process, Process::Client(_));
        if client && !matches!(event.f.as_str(), "get" | "put" | "append") {
            return Err(ParseError::form(line, ":f :get, :put or :append", format!(":{}", event.f)));
        }
        if client && event.key.is_none() {
            return Err(ParseError::form(line, "an operation with a :key", "none"));
        }
        recorded.push(event, line);
    }
    Ok(recorded)
}
