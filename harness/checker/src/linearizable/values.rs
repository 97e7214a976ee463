//! JSON values as small numbers.

use std::collections::HashMap;

use ordalia_history::Value;

/// A value of one key's history: equal numbers stand for equal JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(u32);

impl ValueId {
    /// JSON's null: an object that holds nothing.
    pub const NIL: ValueId = ValueId(0);

    /// The value of that number, whatever it is.
    #[cfg(test)]
    pub(crate) fn of(number: u32) -> Self {
        ValueId(number)
    }

    /// The number itself: those of one key are dense, so it also serves as an index.
    pub(crate) fn number(self) -> u32 {
        self.0
    }
}

/// The values that occur in one key's history, numbered so that a search compares and hashes no JSON.
#[derive(Clone, Debug)]
pub struct Values {
    numbers: HashMap<Value, ValueId>,
    values: Vec<Value>,
}

impl Default for Values {
    fn default() -> Self {
        Self { numbers: HashMap::from([(Value::Null, ValueId::NIL)]), values: vec![Value::Null] }
    }
}

impl Values {
    /// The number of a value, a new one if it has none yet.
    pub fn intern(&mut self, value: &Value) -> ValueId {
        if let Some(known) = self.numbers.get(value) {
            return *known;
        }
        // A history of 2³² distinct values does not fit into memory as JSON.
        let id = ValueId(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
        self.numbers.insert(value.clone(), id);
        self.values.push(value.clone());
        id
    }

    /// The value of that number; null for a number that none has.
    pub fn value(&self, id: ValueId) -> &Value {
        self.values.get(id.0 as usize).unwrap_or(&Value::Null)
    }

    /// The value for a person: `nil`, or its JSON text.
    pub fn text(&self, id: ValueId) -> String {
        match self.value(id) {
            Value::Null => "nil".to_owned(),
            value => value.to_string(),
        }
    }
}
