//! Events as operation maps.

use std::io::{self, Write};

use serde_json::Value;

use super::Keys;
use crate::{Event, EventType, OpError, Process};

/// Writes one event as an operation map, and a newline.
///
/// What it writes reads back as the same event, apart from the index, which reading counts. Names become
/// keywords where EDN allows it: the type, the operation, the kind of an error, the members of maps, and
/// the functions of a transaction's operations, as Elle expects them. All other strings stay strings. The
/// key goes with the value as `keys` says.
///
/// # Errors
/// The writer's.
pub fn write_event(writer: &mut impl Write, event: &Event, keys: Keys) -> io::Result<()> {
    write!(writer, "{{:index {}, :time {}, :process ", event.index, event.time)?;
    match event.process {
        Process::Client(number) => write!(writer, "{number}")?,
        Process::Nemesis => writer.write_all(b":nemesis")?,
    }
    write!(writer, ", :type :{}, :f ", kind(event.kind))?;
    write_name(writer, &event.f)?;
    writer.write_all(b", :value ")?;
    match (&event.key, keys) {
        (None, _) => write_payload(writer, event)?,
        (Some(key), Keys::Tagged) => write_pair(writer, b"#jepsen.independent/tuple [", key, event)?,
        (Some(key), Keys::Plain) => write_pair(writer, b"[", key, event)?,
    }
    if let Some(error) = &event.error {
        writer.write_all(b", :error ")?;
        write_error(writer, error)?;
    }
    if let Some(node) = &event.node {
        writer.write_all(b", :node ")?;
        write_string(writer, node)?;
    }
    if let Some(intended) = event.intended {
        write!(writer, ", :intended {intended}")?;
    }
    writer.write_all(b"}\n")
}

fn kind(kind: EventType) -> &'static str {
    match kind {
        EventType::Invoke => "invoke",
        EventType::Ok => "ok",
        EventType::Fail => "fail",
        EventType::Info => "info",
    }
}

fn write_pair(writer: &mut impl Write, opening: &[u8], key: &Value, event: &Event) -> io::Result<()> {
    writer.write_all(opening)?;
    write_value(writer, key)?;
    writer.write_all(b" ")?;
    write_payload(writer, event)?;
    writer.write_all(b"]")
}

/// The value of an event, in which the operations of a transaction begin with keywords.
fn write_payload(writer: &mut impl Write, event: &Event) -> io::Result<()> {
    match &event.value {
        Value::Array(operations) if event.f == "txn" => {
            write_items(writer, operations, |writer, operation| match operation {
                Value::Array(parts) if parts.first().is_some_and(Value::is_string) => {
                    write_micro_operation(writer, parts)
                }
                other => write_value(writer, other),
            })
        }
        value => write_value(writer, value),
    }
}

/// An operation of a transaction, `[:append key value]`.
fn write_micro_operation(writer: &mut impl Write, parts: &[Value]) -> io::Result<()> {
    let mut first = true;
    write_items(writer, parts, |writer, part| match part {
        Value::String(name) if std::mem::take(&mut first) => write_name(writer, name),
        other => write_value(writer, other),
    })
}

fn write_items<W: Write>(
    writer: &mut W,
    items: &[Value],
    mut write: impl FnMut(&mut W, &Value) -> io::Result<()>,
) -> io::Result<()> {
    writer.write_all(b"[")?;
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            writer.write_all(b" ")?;
        }
        write(writer, item)?;
    }
    writer.write_all(b"]")
}

/// Any value. It is as deep as what was read, which is bounded.
fn write_value<W: Write>(writer: &mut W, value: &Value) -> io::Result<()> {
    match value {
        Value::Null => writer.write_all(b"nil"),
        Value::Bool(truth) => write!(writer, "{truth}"),
        Value::Number(number) => write!(writer, "{number}"),
        Value::String(text) => write_string(writer, text),
        Value::Array(items) => write_items(writer, items, write_value),
        Value::Object(members) => {
            writer.write_all(b"{")?;
            for (at, (name, member)) in members.iter().enumerate() {
                writer.write_all(if at > 0 { b", " } else { b"" })?;
                write_name(writer, name)?;
                writer.write_all(b" ")?;
                write_value(writer, member)?;
            }
            writer.write_all(b"}")
        }
    }
}

fn write_error(writer: &mut impl Write, error: &OpError) -> io::Result<()> {
    match &error.text {
        None => write_name(writer, &error.kind),
        Some(text) => {
            writer.write_all(b"[")?;
            write_name(writer, &error.kind)?;
            writer.write_all(b" ")?;
            write_string(writer, text)?;
            writer.write_all(b"]")
        }
    }
}

/// A name as a keyword if it can be one, otherwise as a string.
fn write_name(writer: &mut impl Write, name: &str) -> io::Result<()> {
    if is_keyword(name) { write!(writer, ":{name}") } else { write_string(writer, name) }
}

/// Whether a name makes a keyword that every reader of EDN takes.
fn is_keyword(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'?' | b'!' | b'*'))
}

/// A string with the escapes that both EDN and Java know.
fn write_string(writer: &mut impl Write, text: &str) -> io::Result<()> {
    writer.write_all(b"\"")?;
    let mut rest = text;
    while let Some(at) =
        rest.find(|character: char| character.is_control() || matches!(character, '"' | '\\'))
    {
        writer.write_all(&rest.as_bytes()[..at])?;
        let mut characters = rest[at..].chars();
        match characters.next() {
            Some('\n') => writer.write_all(b"\\n")?,
            Some('\t') => writer.write_all(b"\\t")?,
            Some('\r') => writer.write_all(b"\\r")?,
            Some(quoted @ ('"' | '\\')) => write!(writer, "\\{quoted}")?,
            // A control character is of the first plane, so that four digits suffice.
            Some(control) => write!(writer, "\\u{:04x}", u32::from(control))?,
            None => {}
        }
        rest = characters.as_str();
    }
    writer.write_all(rest.as_bytes())?;
    writer.write_all(b"\"")
}
