//! One line of JSON Lines as an event.

use serde::Deserialize;
use serde_json::Value;

use super::json::{Reader, Refusal};
use crate::name::Names;
use crate::{Event, EventType, Name, OpError, Process};

/// The fields of an event, as far as they are known.
#[derive(Default)]
struct Fields {
    index: Option<u64>,
    time: Option<u64>,
    process: Option<Process>,
    kind: Option<EventType>,
    f: Option<Name>,
    key: Option<Value>,
    value: Option<Value>,
    error: Option<OpError>,
    node: Option<Name>,
    intended: Option<u64>,
    /// Which of the fields have come, one bit each, to refuse the second of a kind.
    seen: u16,
}

/// Reads the event of a line, with or without its newline. Members that an event does not have are left out.
pub(super) fn event(text: &[u8], names: &mut Names) -> Result<Event, Refusal> {
    let mut reader = Reader::new(text);
    let mut fields = Fields::default();
    reader.expect(b'{', "{")?;
    if !reader.take(b'}') {
        loop {
            fields.member(&mut reader, names)?;
            if !reader.take(b',') {
                break;
            }
        }
        reader.expect(b'}', ", or }")?;
    }
    if reader.peek().is_some() {
        return reader.refuse("the end of the line");
    }
    fields.event(&reader)
}

impl Fields {
    /// Reads one member.
    fn member(&mut self, reader: &mut Reader<'_>, names: &mut Names) -> Result<(), Refusal> {
        let name = reader.name()?;
        let field = match &*name {
            "index" => 0,
            "time" => 1,
            "process" => 2,
            "type" => 3,
            "f" => 4,
            "key" => 5,
            "value" => 6,
            "error" => 7,
            "node" => 8,
            "intended" => 9,
            _ => return reader.value().map(drop),
        };
        if self.seen & 1 << field != 0 {
            return reader.refuse(format!("no second \"{name}\""));
        }
        self.seen |= 1 << field;
        match field {
            0 => self.index = Some(reader.unsigned("an index: an integer of 64 bits from 0")?),
            1 => self.time = Some(reader.unsigned("a time: nanoseconds of 64 bits from 0")?),
            2 => self.process = Some(process(reader)?),
            3 => self.kind = Some(kind(reader)?),
            4 => self.f = Some(names.name(&text(reader, "an operation's name in quotes")?)),
            5 => self.key = Some(reader.value()?).filter(|key| !key.is_null()),
            6 => self.value = Some(reader.value()?),
            _ if reader.take_word(b"null") => {}
            7 => self.error = Some(error(reader)?),
            8 => self.node = Some(names.name(&text(reader, "a node's name in quotes")?)),
            _ => self.intended = Some(reader.unsigned("a time: nanoseconds of 64 bits from 0")?),
        }
        Ok(())
    }

    /// The event, if all that it needs has come.
    fn event(self, reader: &Reader<'_>) -> Result<Event, Refusal> {
        let (Some(index), Some(time), Some(process), Some(kind), Some(f)) =
            (self.index, self.time, self.process, self.kind, self.f)
        else {
            let required = ["index", "time", "process", "type", "f"];
            let missing = required.iter().enumerate().find(|(bit, _)| self.seen & 1 << bit == 0);
            return reader.refuse(format!("a member \"{}\"", missing.map_or("", |(_, name)| name)));
        };
        let Fields { key, error, node, intended, .. } = self;
        let value = self.value.unwrap_or(Value::Null);
        Ok(Event { index, time, process, kind, f, key, value, error, node, intended })
    }
}

/// A string where nothing else may stand.
fn text<'a>(reader: &mut Reader<'a>, expected: &'static str) -> Result<std::borrow::Cow<'a, str>, Refusal> {
    if reader.peek() == Some(b'"') { reader.string() } else { reader.refuse(expected) }
}

fn process(reader: &mut Reader<'_>) -> Result<Process, Refusal> {
    if reader.take_word(b"\"nemesis\"") {
        return Ok(Process::Nemesis);
    }
    reader.unsigned("a process number or \"nemesis\"").map(Process::Client)
}

fn kind(reader: &mut Reader<'_>) -> Result<EventType, Refusal> {
    let kinds = [
        (&b"\"invoke\""[..], EventType::Invoke),
        (b"\"ok\"", EventType::Ok),
        (b"\"fail\"", EventType::Fail),
        (b"\"info\"", EventType::Info),
    ];
    for (word, kind) in kinds {
        if reader.take_word(word) {
            return Ok(kind);
        }
    }
    reader.refuse("\"invoke\", \"ok\", \"fail\" or \"info\"")
}

fn error(reader: &mut Reader<'_>) -> Result<OpError, Refusal> {
    let value = reader.value()?;
    OpError::deserialize(value).or_else(|_| reader.refuse("an error"))
}
