//! Operations, values and keys in sentences.

use std::collections::HashMap;

use ordalia_history::{Operation, Value};

/// How many values of a list are shown.
const SHOWN: usize = 10;

/// How many characters of a value are shown.
const LENGTH: usize = 80;

/// A value for a person: `nil`, or its JSON text, cut where it is long.
pub(super) fn show(value: &Value) -> String {
    if value.is_null() {
        return "nil".to_owned();
    }
    let text = value.to_string();
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A list for a person, shortened: `1, 2 and 7 more`.
pub(super) fn listed<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let mut texts = texts.into_iter();
    let shown: Vec<String> = texts.by_ref().take(SHOWN).map(|text| text.as_ref().to_owned()).collect();
    match texts.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Values for a person, shortened.
pub(super) fn values<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    listed(values.into_iter().map(show))
}

/// `events 340–345`
pub(super) fn events(operation: &Operation) -> String {
    match operation.complete_index {
        Some(complete) => format!("events {}–{complete}", operation.invoke_index),
        None => format!("event {}", operation.invoke_index),
    }
}

/// `read by process 2 (events 340–345)`
pub(super) fn told(operation: &Operation) -> String {
    format!("{} by process {} ({})", operation.f, operation.process, events(operation))
}

/// The start of a sentence about a key: `key k7: `, or nothing in a test of a single object.
pub(super) fn of_key(key: Option<&Value>) -> String {
    match key {
        Some(Value::String(name)) => format!("key {name}: "),
        Some(key) => format!("key {}: ", show(key)),
        None => String::new(),
    }
}

/// The operations on one key, in order of invocation.
pub(super) struct OfKey<'a> {
    /// The key; `None` in a test of a single object.
    pub(super) key: Option<&'a Value>,
    /// The operations on it.
    pub(super) operations: Vec<&'a Operation>,
}

/// The clients' part of a history by its keys, in order of the keys' first operation.
pub(super) fn by_key(operations: &[Operation]) -> Vec<OfKey<'_>> {
    let mut at_key: HashMap<Option<&Value>, usize> = HashMap::new();
    let mut keys: Vec<OfKey<'_>> = Vec::new();
    for operation in operations.iter().filter(|one| !one.is_act()) {
        let key = operation.key.as_ref();
        let at = *at_key.entry(key).or_insert(keys.len());
        if at == keys.len() {
            keys.push(OfKey { key, operations: Vec::new() });
        }
        keys[at].operations.push(operation);
    }
    keys
}
