//! One line of a history.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::Name;

/// Who did it: a logical client process, or the fault injector.
///
/// In JSON a number, or the string `"nemesis"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Process {
    /// A client process. It has at most one operation open, and is retired after an `info`.
    Client(u64),
    /// The injector of faults.
    Nemesis,
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Process::Client(number) => write!(f, "{number}"),
            Process::Nemesis => f.write_str("nemesis"),
        }
    }
}

impl Serialize for Process {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Process::Client(number) => serializer.serialize_u64(*number),
            Process::Nemesis => serializer.serialize_str("nemesis"),
        }
    }
}

impl<'de> Deserialize<'de> for Process {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Process;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a process number or \"nemesis\"")
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Process, E> {
                Ok(Process::Client(number))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Process, E> {
                match text {
                    "nemesis" => Ok(Process::Nemesis),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// What the event says of its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventType {
    /// The operation was begun.
    Invoke,
    /// It happened, with the result in `value`.
    Ok,
    /// It certainly did not happen.
    Fail,
    /// Nobody knows whether it happened, or will yet happen.
    Info,
}

/// Why an operation failed or became indeterminate.
///
/// In JSON a string (the kind alone) or a list of kind and text, as Jepsen writes
/// `[:precondition-failed "…"]`. Any other JSON value is read as a kind spelled by its JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpError {
    /// A short name from a small set, such as `timeout` or `precondition-failed`.
    pub kind: String,
    /// What the system said, for a person.
    pub text: Option<String>,
}

impl OpError {
    /// An error with a kind alone.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), text: None }
    }

    /// An error with a kind and a text for a person.
    pub fn with_text(kind: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind: kind.into(), text: Some(text.into()) }
    }
}

impl fmt::Display for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => write!(f, "{}: {text}", self.kind),
            None => f.write_str(&self.kind),
        }
    }
}

impl Serialize for OpError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.text {
            None => serializer.serialize_str(&self.kind),
            Some(text) => (&self.kind, text).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for OpError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::String(kind) => Self { kind, text: None },
            Value::Array(parts) if matches!(parts.first(), Some(Value::String(_))) => {
                let mut parts = parts.into_iter();
                let kind = match parts.next() {
                    Some(Value::String(kind)) => kind,
                    _ => String::new(),
                };
                let rest: Vec<String> = parts.map(plain_text).collect();
                Self { kind, text: (!rest.is_empty()).then(|| rest.join(" ")) }
            }
            other => Self { kind: other.to_string(), text: None },
        })
    }
}

/// A JSON string without its quotes; any other value as its JSON text.
fn plain_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// One event of a history, and one line of `history.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the history, from 0, without gaps.
    pub index: u64,
    /// Nanoseconds since the start of the load.
    pub time: u64,
    /// Who did it.
    pub process: Process,
    /// What the event says.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The operation's name: `read`, `write`, `cas`, …; for the nemesis the kind of fault.
    pub f: Name,
    /// The object that is operated on; absent in a test of a single object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Value>,
    /// Arguments on `invoke`, results on `ok`; its shape depends on `f`.
    #[serde(default)]
    pub value: Value,
    /// Why, on `fail` and `info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<OpError>,
    /// The node that the client spoke to, by name, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Name>,
    /// For an `invoke` under a fixed rate: when it was meant to start, in nanoseconds since the
    /// start of the load. Latency measured from here shows what coordinated omission hides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reads_back_as_written() {
        let line =
            r#"{"index":0,"time":1234567,"process":3,"type":"invoke","f":"cas","key":"k1","value":[1,2]}"#;
        let event: Event = serde_json::from_str(line).unwrap();
        assert_eq!(event.process, Process::Client(3));
        assert_eq!(event.kind, EventType::Invoke);
        assert_eq!(serde_json::to_string(&event).unwrap(), line);
    }

    #[test]
    fn errors_come_as_a_word_or_as_a_list() {
        let word: OpError = serde_json::from_str(r#""timeout""#).unwrap();
        assert_eq!(word, OpError::new("timeout"));
        let list: OpError = serde_json::from_str(r#"["abort","no leader"]"#).unwrap();
        assert_eq!(list, OpError::with_text("abort", "no leader"));
        let odd: OpError = serde_json::from_str(r#"{"code":7}"#).unwrap();
        assert_eq!(odd.kind, r#"{"code":7}"#);
    }

    #[test]
    fn a_process_is_a_number_or_the_nemesis() {
        assert_eq!(serde_json::from_str::<Process>("\"nemesis\"").unwrap(), Process::Nemesis);
        assert!(serde_json::from_str::<Process>("-1").is_err());
        assert!(serde_json::from_str::<Process>("\"bob\"").is_err());
    }
}
