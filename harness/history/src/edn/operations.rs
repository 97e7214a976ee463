//! Operation maps as events.

use std::io::Read;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Keys;
use super::parser::{Parser, closing};
use crate::name::Names;
use crate::read_error::excerpt;
use crate::{Event, EventType, OpError, ParseError, Process};

/// Reads one operation after the other.
pub(crate) struct Operations<R> {
    parser: Parser<R>,
    /// The closing bracket of the vector or list around the operations, and where that was opened.
    around: Option<(u8, u64)>,
    order: Order,
    processes: Processes,
    names: Names,
    keys: Keys,
}

impl<R: Read> Operations<R> {
    pub(crate) fn new(input: R, keys: Keys) -> Self {
        Self {
            parser: Parser::new(input, 1),
            around: None,
            order: Order::default(),
            processes: Processes::default(),
            names: Names::default(),
            keys,
        }
    }

    /// The next event with its line; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Event)>, ParseError> {
        loop {
            self.parser.bytes.begin_form();
            let next = self.parser.next_form()?;
            let line = self.parser.bytes.line();
            match (next, self.around) {
                (None, None) => return Ok(None),
                (None, Some((closer, begun))) => return Err(self.parser.ends(&closing(closer, begun))),
                (Some(byte), Some((closer, _))) if byte == closer => {
                    self.parser.bytes.take()?;
                    self.around = None;
                }
                (Some(opener @ (b'[' | b'(')), None) => {
                    self.parser.bytes.take()?;
                    self.around = Some((if opener == b'[' { b']' } else { b')' }, line));
                }
                (Some(_), _) => {
                    self.parser.bytes.begin_form();
                    let fields = self.parser.operation()?;
                    return self.event(fields, line).map(|event| Some((line, event)));
                }
            }
        }
    }

    fn event(&mut self, mut fields: Map<String, Value>, line: u64) -> Result<Event, ParseError> {
        let mut field = |name: &str| fields.remove(name).filter(|value| !value.is_null());
        let kind = kind(field("type").as_ref(), line)?;
        let process = self.processes.process(field("process"), kind, line)?;
        let intended =
            field("intended").map(|intended| nanoseconds(":intended", &intended, line)).transpose()?;
        let value = field("value").unwrap_or(Value::Null);
        let mut key = field("key");
        let f = self.names.name(&operation_name(field("f"), process, &value, line)?);
        let (index, time) = self.order.place(field("index"), field("time"), line)?;
        let plain = self.keys == Keys::Plain && process != Process::Nemesis && key.is_none();
        let value = if plain { split(value, &mut key) } else { value };
        let error = field("error").and_then(error);
        let node = field("node").and_then(|node| node.as_str().map(|node| self.names.name(node)));
        Ok(Event { index, time, process, kind, f, key, value, error, node, intended })
    }
}

/// Where events stand in the history.
#[derive(Default)]
struct Order {
    events: u64,
    time: u64,
    index: Option<i64>,
}

impl Order {
    /// The index and the time of the next event.
    fn place(
        &mut self,
        index: Option<Value>,
        time: Option<Value>,
        line: u64,
    ) -> Result<(u64, u64), ParseError> {
        if let Some(index) = index.map(|index| integer(":index", &index, line)).transpose()? {
            if let Some(ahead) = self.index.filter(|ahead| *ahead >= index) {
                let expected = format!("an :index above {ahead}, that of the operation ahead");
                return Err(ParseError::form(line, expected, index.to_string()));
            }
            self.index = Some(index);
        }
        let position = self.events;
        let time = time.map(|time| nanoseconds(":time", &time, line)).transpose()?;
        let time = time.unwrap_or(position);
        self.time = self.time.max(time);
        self.events += 1;
        Ok((position, self.time))
    }
}

/// Whose events they are.
#[derive(Default)]
struct Processes {
    named: bool,
    /// The line of the open operation without a process.
    open: Option<u64>,
    /// How many operations without a process are complete.
    unnamed: u64,
}

impl Processes {
    fn process(&mut self, found: Option<Value>, kind: EventType, line: u64) -> Result<Process, ParseError> {
        match found {
            Some(Value::String(name)) if name == "nemesis" => Ok(Process::Nemesis),
            Some(found) => match found.as_u64() {
                Some(number) if self.open.is_none() && self.unnamed == 0 => {
                    self.named = true;
                    Ok(Process::Client(number))
                }
                Some(_) => Err(self.mixed(line, "one with it")),
                None => {
                    let expected = "a :process that is a number or :nemesis";
                    Err(ParseError::form(line, expected, excerpt(found.to_string().as_bytes())))
                }
            },
            None if self.named => Err(self.mixed(line, "one without it")),
            None => self.unnamed(kind, line),
        }
    }

    fn mixed(&self, line: u64, found: &str) -> ParseError {
        ParseError::form(line, "all operations with a :process or all without", found)
    }

    /// The process of an operation of its own.
    fn unnamed(&mut self, kind: EventType, line: u64) -> Result<Process, ParseError> {
        let process = Process::Client(self.unnamed);
        if kind != EventType::Invoke {
            self.open = None;
            self.unnamed += 1;
        } else if let Some(begun) = self.open.replace(line) {
            let expected = format!(
                "the completion of line {begun}'s operation, for without a :process no other can be open"
            );
            return Err(ParseError::form(line, expected, ":type :invoke"));
        }
        Ok(process)
    }
}

/// What the event says of its operation.
fn kind(found: Option<&Value>, line: u64) -> Result<EventType, ParseError> {
    match found.and_then(Value::as_str) {
        Some("invoke") => Ok(EventType::Invoke),
        Some("ok") => Ok(EventType::Ok),
        Some("fail") => Ok(EventType::Fail),
        Some("info") => Ok(EventType::Info),
        _ => {
            let expected = "an operation with :type :invoke, :ok, :fail or :info";
            Err(ParseError::form(line, expected, shown(found, ":type")))
        }
    }
}

/// The operation's name. Nemeses also name theirs by vectors.
fn operation_name(
    found: Option<Value>,
    process: Process,
    value: &Value,
    line: u64,
) -> Result<String, ParseError> {
    match found {
        Some(Value::String(name)) => Ok(name),
        Some(other) if process == Process::Nemesis => Ok(other.to_string()),
        None if value.is_array() => Ok("txn".to_owned()),
        other => {
            let found = shown(other.as_ref(), ":f");
            Err(ParseError::form(line, "an operation with an :f such as :read", found))
        }
    }
}

fn integer(field: &str, found: &Value, line: u64) -> Result<i64, ParseError> {
    found.as_i64().ok_or_else(|| {
        let expected = format!("an integer of 64 bits as {field}");
        ParseError::form(line, expected, excerpt(found.to_string().as_bytes()))
    })
}

/// A time. One before the start of the load counts as the start.
fn nanoseconds(field: &str, found: &Value, line: u64) -> Result<u64, ParseError> {
    match found.as_u64() {
        Some(time) => Ok(time),
        None => integer(field, found, line).map(|_| 0),
    }
}

/// Takes the key out of a vector of key and value.
fn split(value: Value, key: &mut Option<Value>) -> Value {
    match value {
        Value::Array(parts) => match <[Value; 2]>::try_from(parts) {
            Ok([own, value]) => {
                *key = Some(own).filter(|own| !own.is_null());
                value
            }
            Err(parts) => Value::Array(parts),
        },
        other => other,
    }
}

/// An error as Jepsen writes it: a keyword, or a vector of a keyword and details, which may be nil.
fn error(mut value: Value) -> Option<OpError> {
    if let Value::Array(parts) = &mut value {
        parts.retain(|part| !part.is_null());
    }
    OpError::deserialize(value).ok()
}

fn shown(found: Option<&Value>, field: &str) -> String {
    found.map_or_else(|| format!("no {field}"), |found| excerpt(found.to_string().as_bytes()))
}
