//! Why a node refused a request: Maelstrom's error codes, and from 1001 on ours.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of refusal it is. The numbers below 1000 are Maelstrom's
/// (`resources/errors.edn`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u32", into = "u32")]
pub enum ErrorCode {
    /// 0: the request ran out of time inside the system; it may still take effect.
    Timeout,
    /// 1: the node named does not exist.
    NodeNotFound,
    /// 10: the request is of a type that this node does not answer.
    NotSupported,
    /// 11: the node cannot serve just now, for example because it knows no leader.
    TemporarilyUnavailable,
    /// 12: the request is not well formed.
    MalformedRequest,
    /// 13: the node failed in an unforeseen way; the request may still take effect.
    Crash,
    /// 14: the request was given up and will not take effect.
    Abort,
    /// 20: the key does not exist.
    KeyDoesNotExist,
    /// 21: the key exists already.
    KeyAlreadyExists,
    /// 22: a precondition, such as the `from` of a cas, did not hold.
    PreconditionFailed,
    /// 30: a transaction conflicted with another and was aborted.
    TxnConflict,
    /// 1001, not Maelstrom's: the session that the request was asked in is unknown or has ended.
    SessionExpired,
    /// Any other number. Indefinite, since nothing is known of it.
    Other(u32),
}

impl ErrorCode {
    const KNOWN: [(u32, ErrorCode, &'static str); 12] = [
        (0, ErrorCode::Timeout, "timeout"),
        (1, ErrorCode::NodeNotFound, "node-not-found"),
        (10, ErrorCode::NotSupported, "not-supported"),
        (11, ErrorCode::TemporarilyUnavailable, "temporarily-unavailable"),
        (12, ErrorCode::MalformedRequest, "malformed-request"),
        (13, ErrorCode::Crash, "crash"),
        (14, ErrorCode::Abort, "abort"),
        (20, ErrorCode::KeyDoesNotExist, "key-does-not-exist"),
        (21, ErrorCode::KeyAlreadyExists, "key-already-exists"),
        (22, ErrorCode::PreconditionFailed, "precondition-failed"),
        (30, ErrorCode::TxnConflict, "txn-conflict"),
        (1001, ErrorCode::SessionExpired, "session-expired"),
    ];

    /// Whether the request certainly did not, and will not, take effect.
    pub fn is_definite(self) -> bool {
        !matches!(self, ErrorCode::Timeout | ErrorCode::Crash | ErrorCode::Other(_))
    }

    /// The number on the wire.
    pub fn number(self) -> u32 {
        match self {
            ErrorCode::Other(number) => number,
            _ => Self::KNOWN.iter().find(|(_, code, _)| *code == self).map_or(13, |(number, ..)| *number),
        }
    }

    /// Maelstrom's name, such as `precondition-failed`; `error` for an unknown number.
    pub fn name(self) -> &'static str {
        Self::KNOWN.iter().find(|(_, code, _)| *code == self).map_or("error", |(.., name)| name)
    }
}

impl From<u32> for ErrorCode {
    fn from(number: u32) -> Self {
        let known = Self::KNOWN.iter().find(|(known, ..)| *known == number);
        known.map_or(ErrorCode::Other(number), |(_, code, _)| *code)
    }
}

impl From<ErrorCode> for u32 {
    fn from(code: ErrorCode) -> u32 {
        code.number()
    }
}

/// A node's refusal of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why, and whether it is definite.
    pub code: ErrorCode,
    /// For a person.
    #[serde(default)]
    pub text: String,
}

impl Refusal {
    /// A refusal with a text for a person.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code.name(), self.code.number(), self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_keep_their_numbers() {
        for (number, code, _) in ErrorCode::KNOWN {
            assert_eq!(ErrorCode::from(number), code);
            assert_eq!(code.number(), number);
        }
        assert_eq!(ErrorCode::from(77).number(), 77);
    }

    #[test]
    fn what_is_unknown_is_indefinite() {
        assert!(!ErrorCode::Other(77).is_definite());
        assert!(!ErrorCode::Timeout.is_definite());
        assert!(!ErrorCode::Crash.is_definite());
        assert!(ErrorCode::Abort.is_definite());
        assert!(ErrorCode::PreconditionFailed.is_definite());
    }
}
