//! What a checker concludes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

/// A verdict. The order is the lattice: of several verdicts the greatest counts, so that an
/// unknown never hides an invalid and never passes for valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The property holds in this history.
    #[default]
    Valid,
    /// The checker could not tell, or the history proves too little.
    Unknown,
    /// The property is broken.
    Invalid,
}

impl Verdict {
    /// The exit status that stands for it: 0, 2 and 1, as in Jepsen.
    pub fn exit_status(self) -> u8 {
        match self {
            Verdict::Valid => 0,
            Verdict::Invalid => 1,
            Verdict::Unknown => 2,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Valid => "valid",
            Verdict::Unknown => "unknown",
            Verdict::Invalid => "invalid",
        })
    }
}

/// In JSON `true`, `false` or `"unknown"`.
impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Verdict::Valid => serializer.serialize_bool(true),
            Verdict::Invalid => serializer.serialize_bool(false),
            Verdict::Unknown => serializer.serialize_str("unknown"),
        }
    }
}

impl<'de> Deserialize<'de> for Verdict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(true) => Ok(Verdict::Valid),
            Value::Bool(false) => Ok(Verdict::Invalid),
            Value::String(text) if text == "unknown" => Ok(Verdict::Unknown),
            other => Err(de::Error::custom(format!("expected true, false or \"unknown\", found {other}"))),
        }
    }
}

/// A checker's conclusion with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What it comes to.
    pub valid: Verdict,
    /// Why, in sentences for a person; empty where all is well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Figures and findings of this checker, by name.
    #[serde(flatten)]
    pub details: Map<String, Value>,
}

impl Judgement {
    /// A judgement without reasons or details.
    pub fn new(valid: Verdict) -> Self {
        Self { valid, reasons: Vec::new(), details: Map::new() }
    }

    /// Adds a reason, and raises the verdict to at least that of the reason.
    pub fn because(&mut self, verdict: Verdict, reason: impl Into<String>) {
        self.valid = self.valid.max(verdict);
        self.reasons.push(reason.into());
    }

    /// Adds a figure or finding. A value that JSON cannot hold becomes null.
    pub fn detail(&mut self, name: &str, value: impl Serialize) {
        self.details.insert(name.to_owned(), serde_json::to_value(value).unwrap_or(Value::Null));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_outweighs_unknown_outweighs_valid() {
        let worst = [Verdict::Unknown, Verdict::Invalid, Verdict::Valid].into_iter().max();
        assert_eq!(worst, Some(Verdict::Invalid));
        assert_eq!(Verdict::Unknown.max(Verdict::Valid), Verdict::Unknown);
    }

    #[test]
    fn only_valid_ends_well() {
        let statuses = [Verdict::Valid, Verdict::Invalid, Verdict::Unknown].map(Verdict::exit_status);
        assert_eq!(statuses, [0, 1, 2]);
    }

    #[test]
    fn verdicts_read_back_as_written() {
        for (verdict, text) in
            [(Verdict::Valid, "true"), (Verdict::Invalid, "false"), (Verdict::Unknown, "\"unknown\"")]
        {
            assert_eq!(serde_json::to_string(&verdict).unwrap(), text);
            assert_eq!(serde_json::from_str::<Verdict>(text).unwrap(), verdict);
        }
        assert!(serde_json::from_str::<Verdict>("null").is_err());
    }
}
