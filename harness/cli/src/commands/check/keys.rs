//! Which keys are judged.

use std::collections::BTreeSet;

use ordalia_history::{Operation, Value};

use crate::exit::Failure;

/// How many keys a complaint names.
const NAMED: usize = 8;

/// Keeps the operations of these keys alone; of all where none is named.
///
/// # Errors
/// A key does not occur.
pub fn keep(operations: &mut Vec<Operation>, keys: &[String]) -> Result<(), Failure> {
    if keys.is_empty() {
        return Ok(());
    }
    if let Some(absent) = keys.iter().find(|key| !operations.iter().any(|one| is(one.key.as_ref(), key))) {
        return Err(Failure::usage(format!("--key: {}", complaint(absent, operations))));
    }
    operations.retain(|operation| keys.iter().any(|key| is(operation.key.as_ref(), key)));
    Ok(())
}

/// Whether a key is meant by a word: a string by its text, and any key by its JSON form.
fn is(key: Option<&Value>, word: &str) -> bool {
    match key {
        Some(Value::String(text)) if text == word => true,
        Some(other) => serde_json::to_string(other).is_ok_and(|json| json == word),
        None => false,
    }
}

fn complaint(absent: &str, operations: &[Operation]) -> String {
    let known: BTreeSet<String> = operations.iter().filter_map(|one| one.key.as_ref()).map(plain).collect();
    if known.is_empty() {
        return format!("expected no key, for the history is of a single object; found {absent:?}");
    }
    let some: Vec<&str> = known.iter().take(NAMED).map(String::as_str).collect();
    let more = if known.len() > NAMED { format!(" and {} more", known.len() - NAMED) } else { String::new() };
    format!("the history has no key {absent:?}; it has {}{more}", some.join(", "))
}

/// A key as it is typed.
fn plain(key: &Value) -> String {
    key.as_str().map_or_else(|| key.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_meant_by_their_text_or_their_json() {
        for (key, word, meant) in [
            (json!("k1"), "k1", true),
            (json!("k1"), "\"k1\"", true),
            (json!("1"), "1", true),
            (json!(1), "1", true),
            (json!([1, "a"]), "[1,\"a\"]", true),
            (json!("k1"), "k", false),
            (json!(10), "1", false),
        ] {
            assert_eq!(is(Some(&key), word), meant, "{key} {word}");
        }
        assert!(!is(None, "null"));
    }
}
