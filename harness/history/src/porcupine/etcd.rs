//! The log of Jepsen's etcd test.

use std::io::BufRead;

use serde_json::Value;

use crate::edn::Parser;
use crate::name::Names;
use crate::read_error::excerpt;
use crate::source::read_line;
use crate::{Event, EventType, Format, OpError, ParseError, Process, Recorded};

/// What lines of a log begin with.
const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/// Whether a text begins as a line of a log does.
pub(crate) fn begins_log_line(text: &[u8]) -> bool {
    let word = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    LEVELS.iter().any(|level| level.as_bytes() == word)
}

/// Reads the log.
pub(super) fn parse(mut input: impl BufRead) -> Result<Recorded, ParseError> {
    let mut recorded = Recorded { format: Format::Porcupine, ..Recorded::default() };
    let mut names = Names::default();
    let mut text = Vec::new();
    let mut line = 1;
    while read_line(&mut input, &mut text, line)? {
        if let Some(told) = operation_text(&text, line)? {
            let position = recorded.events.len() as u64;
            recorded.push(event(told, position, line, &mut names)?, line);
        }
        line += 1;
    }
    Ok(recorded)
}

/// What a line tells of an operation; `None` for an empty line and one of another logger.
fn operation_text(text: &[u8], line: u64) -> Result<Option<&[u8]>, ParseError> {
    let text = text.trim_ascii();
    let refused = || {
        let expected = "a line such as INFO  jepsen.util - 0 :invoke :read nil";
        ParseError::form(line, expected, excerpt(text))
    };
    if text.is_empty() {
        return Ok(None);
    }
    if !begins_log_line(text) {
        return Err(refused());
    }
    let (_, rest) = split_word(text);
    let (logger, rest) = split_word(rest);
    let (dash, told) = split_word(rest);
    match (logger, dash) {
        (b"jepsen.util", b"-") => Ok(Some(told)),
        (b"jepsen.util", _) => Err(refused()),
        (_, b"-") => Ok(None),
        _ => Err(refused()),
    }
}

/// The first word, and what follows it.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    (&text[..length], text[length..].trim_ascii_start())
}

/// The event of one line. Its parts are EDN.
fn event(told: &[u8], position: u64, line: u64, names: &mut Names) -> Result<Event, ParseError> {
    let mut parser = Parser::new(told, line);
    let mut parts = Vec::new();
    while parser.next_form()?.is_some() {
        parts.push(parser.value()?);
    }
    let refused = |expected: &str| ParseError::form(line, expected, excerpt(told));
    let [process, kind, f, value] =
        <[Value; 4]>::try_from(parts).map_err(|_| refused("a process, a type, an operation and a value"))?;
    let process = match (process.as_u64(), process.as_str()) {
        (Some(number), _) => Process::Client(number),
        (_, Some("nemesis")) => Process::Nemesis,
        _ => return Err(refused("a process number or :nemesis")),
    };
    let kind = match kind.as_str() {
        Some("invoke") => EventType::Invoke,
        Some("ok") => EventType::Ok,
        Some("fail") => EventType::Fail,
        Some("info") => EventType::Info,
        _ => return Err(refused("the type :invoke, :ok, :fail or :info")),
    };
    let Value::String(f) = f else { return Err(refused("an operation such as :read")) };
    if process != Process::Nemesis && !matches!(f.as_str(), "read" | "write" | "cas") {
        return Err(refused("the operation :read, :write or :cas"));
    }
    let (index, time, f) = (position, position, names.name(&f));
    let event =
        Event { index, time, process, kind, f, key: None, value, error: None, node: None, intended: None };
    Ok(if process == Process::Nemesis { event } else { with_outcome(event) })
}

/// Says why an operation did not succeed, and counts a read that timed out as failed.
fn with_outcome(mut event: Event) -> Event {
    if !matches!(event.kind, EventType::Fail | EventType::Info) {
        return event;
    }
    if event.f == "read" {
        event.kind = EventType::Fail;
    }
    match event.value {
        // In the place of the value stands what went wrong.
        Value::String(reason) => {
            event.value = Value::Null;
            event.error = Some(OpError::new(reason));
        }
        _ if event.kind == EventType::Fail && event.f == "cas" => {
            event.error = Some(OpError::new("precondition-failed"));
        }
        _ => {}
    }
    event
}
