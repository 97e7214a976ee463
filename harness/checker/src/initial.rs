//! What objects hold at first, as a person writes it.

use ordalia_history::Value;
use serde_json::Map;
use thiserror::Error;

/// A text that tells no initial value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected JSON, nil, empty, free, held, or x=0 y=0 for several registers, found {0:?}")]
pub struct NoValue(String);

/// The value that a text stands for: JSON; `nil` and `free` for null, `held` for that string, and `empty` for
/// the empty one; or `x=0 y=0` for an object, each of whose values is written in the same manner.
///
/// # Errors
/// It is none of these.
pub fn initial_value(text: &str) -> Result<Value, NoValue> {
    let unknown = || NoValue(text.to_owned());
    if let Some(value) = simple(text.trim()) {
        return Ok(value);
    }
    let mut object = Map::new();
    for entry in text.split([' ', '\t', ',']).filter(|entry| !entry.is_empty()) {
        let (name, value) = entry.split_once('=').ok_or_else(unknown)?;
        let value = simple(value).ok_or_else(unknown)?;
        if name.is_empty() || object.insert(name.to_owned(), value).is_some() {
            return Err(unknown());
        }
    }
    if object.is_empty() { Err(unknown()) } else { Ok(Value::Object(object)) }
}

fn simple(text: &str) -> Option<Value> {
    match text {
        "nil" | "free" => Some(Value::Null),
        "empty" => Some(Value::String(String::new())),
        "held" => Some(Value::from("held")),
        json => serde_json::from_str(json).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_json_and_registers() {
        for (text, value) in [
            ("nil", json!(null)),
            ("null", json!(null)),
            ("free", json!(null)),
            ("empty", json!("")),
            ("held", json!("held")),
            (" 0 ", json!(0)),
            ("[1, 2]", json!([1, 2])),
            ("\"a=b\"", json!("a=b")),
            ("{\"x\": 0}", json!({"x": 0})),
            ("x=0 y=nil", json!({"x": 0, "y": null})),
            ("x=\"a\",y=empty", json!({"x": "a", "y": ""})),
        ] {
            assert_eq!(initial_value(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", " ", "x", "x=", "=0", "x=0 x=1", "x=0 y", "[1", "1 2", "nil nil"] {
            let expected = "expected JSON, nil, empty, free, held, or x=0 y=0 for several registers";
            let error = initial_value(text).unwrap_err().to_string();
            assert_eq!(error, format!("{expected}, found {text:?}"));
        }
    }
}
