//! What a round came to.

use std::collections::BTreeMap;

use ordalia_node::Value;
use serde_json::json;

/// The measurements of a round, in tenths so that sums are exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mean {
    pub round: u64,
    /// Who was waited for.
    pub expected: Vec<String>,
    /// By sensor.
    pub values: BTreeMap<String, i64>,
}

impl Mean {
    /// As it is stored in the tree.
    pub fn to_value(&self) -> Value {
        json!({"mean": self.mean(), "values": self.readings(), "expected": self.expected, "id": self.id()})
    }

    /// What was stored; `None` if it is not well formed.
    pub fn read(round: u64, value: &Value) -> Option<Self> {
        let expected = value.get("expected")?.as_array()?;
        let expected = expected.iter().map(|name| Some(name.as_str()?.to_owned())).collect::<Option<_>>()?;
        let values = value.get("values")?.as_object()?;
        let values =
            values.iter().map(|(name, value)| Some((name.clone(), tenths(value)?))).collect::<Option<_>>()?;
        Some(Self { round, expected, values })
    }

    /// The name under which it is recorded once, whoever posts it.
    pub fn id(&self) -> String {
        self.round.to_string()
    }

    /// `None` if there is no value.
    pub fn mean(&self) -> Option<f64> {
        let sum: i64 = self.values.values().fold(0, |sum, value| sum.saturating_add(*value));
        (!self.values.is_empty()).then(|| sum as f64 / (10.0 * self.values.len() as f64))
    }

    /// The values by sensor, for people and checkers.
    pub fn readings(&self) -> Value {
        let reading = |(name, tenths): (&String, &i64)| (name.clone(), json!(*tenths as f64 / 10.0));
        Value::Object(self.values.iter().map(reading).collect())
    }
}

/// The tenths of a value in the tree.
pub(super) fn tenths(value: &Value) -> Option<i64> {
    value.as_f64().filter(|value| value.abs() < 1e9).map(|value| (value * 10.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_as_it_was() {
        let values = BTreeMap::from([("n4".to_owned(), 201), ("n5".to_owned(), -7)]);
        let mean = Mean { round: 3, expected: vec!["n4".into(), "n5".into()], values };
        assert_eq!(mean.mean(), Some(9.7));
        assert_eq!(mean.to_value()["values"], json!({"n4": 20.1, "n5": -0.7}));
        assert_eq!(Mean::read(3, &mean.to_value()), Some(mean));
        assert_eq!(Mean::read(3, &json!({"values": {"n4": "x"}, "expected": []})), None);
        assert_eq!(Mean::read(3, &Value::Null), None);
    }

    #[test]
    fn nothing_has_no_mean() {
        assert_eq!(Mean { round: 1, expected: Vec::new(), values: BTreeMap::new() }.mean(), None);
    }
}
