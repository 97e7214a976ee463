//! What is done to the traffic of one directed link.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest delay, and the longest jitter, that a rule may ask for.
pub const MAX_DELAY: Duration = Duration::from_secs(3600);

/// Whether a link carries at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It carries, shaped by the rest of the rule.
    #[default]
    Pass,
    /// It holds: nothing is read and nothing is written, open connections stay open and new ones
    /// stay unanswered. What is held goes on after the heal.
    Drop,
    /// It resets (TCP RST) every connection, those that are open and those that are tried.
    Reject,
}

/// What is done to the traffic of one directed link. Fields that are absent in JSON are as in
/// [`Rule::pass`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// Whether the link carries at all.
    pub mode: Mode,
    /// Added to the travel time of every message.
    pub delay: Duration,
    /// Added on top, uniformly between nothing and this, drawn for each message. Messages keep
    /// their order, so one that is late holds up those behind it, as on a TCP connection.
    pub jitter: Duration,
    /// The probability that a message is lost.
    pub loss: f64,
    /// The probability that a message arrives twice, one right behind the other.
    pub duplicate: f64,
    /// The probability that a message is overtaken by the next one. Where no next one comes, it
    /// goes on alone after some time.
    pub reorder: f64,
    /// The most bytes that the link carries in a second, all its connections together.
    pub bandwidth: Option<u64>,
}

impl Rule {
    /// Traffic passes unharmed.
    pub fn pass() -> Self {
        Self::default()
    }

    /// Traffic is held: see [`Mode::Drop`].
    pub fn drop() -> Self {
        Self { mode: Mode::Drop, ..Self::default() }
    }

    /// Connections are reset: see [`Mode::Reject`].
    pub fn reject() -> Self {
        Self { mode: Mode::Reject, ..Self::default() }
    }

    /// Whether bytes that pass need no queue and no look at messages.
    pub(crate) fn is_plain(&self) -> bool {
        !self.shapes_messages() && self.bandwidth.is_none()
    }

    /// Whether anything is done to messages one by one.
    pub(crate) fn shapes_messages(&self) -> bool {
        self.loss > 0.0
            || self.duplicate > 0.0
            || self.reorder > 0.0
            || !self.delay.is_zero()
            || !self.jitter.is_zero()
    }

    /// Checks that probabilities lie in 0 to 1, that delays are at most [`MAX_DELAY`] and that a
    /// bandwidth is at least one byte a second.
    ///
    /// # Errors
    /// Names the field that is out of range.
    pub fn check(&self) -> Result<(), RuleError> {
        let probabilities = [("loss", self.loss), ("duplicate", self.duplicate), ("reorder", self.reorder)];
        for (field, value) in probabilities {
            if !(0.0..=1.0).contains(&value) {
                return Err(RuleError::Probability { field, value });
            }
        }
        for (field, value) in [("delay", self.delay), ("jitter", self.jitter)] {
            if value > MAX_DELAY {
                return Err(RuleError::Delay { field, value });
            }
        }
        match self.bandwidth {
            Some(0) => Err(RuleError::Bandwidth),
            _ => Ok(()),
        }
    }
}

/// A field of a rule is out of range.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum RuleError {
    /// A probability is not one.
    #[error("{field}: expected a probability from 0 to 1, found {value}")]
    Probability {
        /// The field.
        field: &'static str,
        /// What it holds.
        value: f64,
    },
    /// A delay is too long.
    #[error("{field}: expected at most {MAX_DELAY:?}, found {value:?}")]
    Delay {
        /// The field.
        field: &'static str,
        /// What it holds.
        value: Duration,
    },
    /// A bandwidth of nothing.
    #[error("bandwidth: expected at least 1 byte a second, found 0; a link is cut by the mode drop")]
    Bandwidth,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_range_fields_are_named() {
        let field = |rule: Rule| rule.check().unwrap_err().to_string();
        assert!(field(Rule { loss: 1.5, ..Rule::pass() }).starts_with("loss"));
        assert!(field(Rule { duplicate: f64::NAN, ..Rule::pass() }).starts_with("duplicate"));
        assert!(field(Rule { reorder: -0.1, ..Rule::pass() }).starts_with("reorder"));
        assert!(field(Rule { delay: Duration::MAX, ..Rule::pass() }).starts_with("delay"));
        assert!(field(Rule { jitter: Duration::MAX, ..Rule::pass() }).starts_with("jitter"));
        assert!(field(Rule { bandwidth: Some(0), ..Rule::pass() }).starts_with("bandwidth"));
        assert_eq!(Rule { loss: 1.0, bandwidth: Some(1), ..Rule::drop() }.check(), Ok(()));
    }
}
