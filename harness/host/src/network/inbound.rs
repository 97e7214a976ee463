//! What a line says.

use std::borrow::Cow;
use std::fmt;

use ordalia_node::Request;
use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde_json::Value;
use serde_json::value::RawValue;

/// A line whose body is not read yet, since its sender decides what it is read as.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    /// Empty where absent: a person at a terminal has no need of a name.
    #[serde(borrow, default)]
    pub(super) src: Cow<'a, str>,
    /// Empty where absent: whoever answers is meant.
    #[serde(borrow, default)]
    pub(super) dest: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) body: &'a RawValue,
}

/// A body that is not one of the node's requests.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// It asks for the status.
    Status,
    /// It asks for a sign of life.
    Ping,
    /// Its type is no request's.
    UnknownType(String),
    /// Its type is known, or absent, and the rest is wrong.
    Malformed,
}

/// Finds out what a body is that did not read as a request, and the `msg_id` by which it can be
/// answered.
pub(super) fn examine(body: &str) -> (Odd, Option<u64>) {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let odd = match body.get("type").and_then(Value::as_str) {
        Some("status") => Odd::Status,
        Some("ping") => Odd::Ping,
        Some(kind) if !is_known(kind) => Odd::UnknownType(kind.to_owned()),
        _ => Odd::Malformed,
    };
    (odd, message_id(&body))
}

/// The `msg_id` in the body of a line that did not read as a line.
pub(super) fn rescue_id(line: &[u8]) -> Option<u64> {
    let line: Value = serde_json::from_slice(line).ok()?;
    message_id(line.get("body")?)
}

fn message_id(body: &Value) -> Option<u64> {
    body.get("msg_id").and_then(Value::as_u64)
}

/// Whether a request of that type exists. The vocabulary itself is asked, with a request of that
/// type and nothing else, so that no list of types needs to be kept here.
fn is_known(kind: &str) -> bool {
    let alone = MapDeserializer::<_, Complaint>::new(std::iter::once(("type", kind)));
    !matches!(Request::deserialize(alone), Err(Complaint::UnknownVariant))
}

/// An error that remembers only whether the type was the problem.
#[derive(Debug)]
enum Complaint {
    UnknownVariant,
    Other,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Complaint {}

impl serde::de::Error for Complaint {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Complaint::Other
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Complaint::UnknownVariant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_itself_says_which_types_exist() {
        for known in ["read", "write", "cas", "delete", "transfer"] {
            assert!(is_known(known), "{known}");
        }
        for unknown in ["", "Read", "frobnicate", "status"] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }

    #[test]
    fn odd_bodies_are_told_apart() {
        for (body, odd, id) in [
            (r#"{"type":"status","msg_id":1}"#, Odd::Status, Some(1)),
            (r#"{"type":"ping"}"#, Odd::Ping, None),
            (r#"{"type":"fly","msg_id":2}"#, Odd::UnknownType("fly".into()), Some(2)),
            (r#"{"type":"read","msg_id":3}"#, Odd::Malformed, Some(3)),
            (r#"{"type":7,"msg_id":-3}"#, Odd::Malformed, None),
            ("[]", Odd::Malformed, None),
        ] {
            assert_eq!(examine(body), (odd, id), "{body}");
        }
        assert_eq!(rescue_id(br#"{"src":5,"body":{"msg_id":4}}"#), Some(4));
        assert_eq!(rescue_id(b"\xff{"), None);
    }
}
