//! Names of nodes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A node of the cluster, counted from 1 and written `n1`, `n2`, …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeId(u16);

impl NodeId {
    /// The node of that number; numbers start at 1.
    ///
    /// # Panics
    /// If the number is 0, which no node has.
    pub const fn new(number: u16) -> Self {
        assert!(number > 0, "nodes are counted from 1");
        Self(number)
    }

    /// The number, from 1.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The position in a list of all nodes, from 0.
    pub const fn index(self) -> usize {
        self.0 as usize - 1
    }

    /// The nodes `n1` to `n{count}`.
    pub fn all(count: u16) -> Vec<NodeId> {
        (1..=count).map(NodeId).collect()
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<NodeId> for String {
    fn from(id: NodeId) -> String {
        id.to_string()
    }
}

/// The text is no node's name.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected a node name such as n1, found {0:?}")]
pub struct NodeIdError(pub String);

impl FromStr for NodeId {
    type Err = NodeIdError;

    fn from_str(text: &str) -> Result<Self, NodeIdError> {
        let number = text.strip_prefix('n').and_then(|digits| digits.parse::<u16>().ok());
        match number {
            // A sign or leading zeros would give one node several names.
            Some(number) if number > 0 && format!("n{number}") == text => Ok(Self(number)),
            _ => Err(NodeIdError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for NodeId {
    type Error = NodeIdError;

    fn try_from(text: String) -> Result<Self, NodeIdError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_n_and_a_number_from_one() {
        assert_eq!("n12".parse(), Ok(NodeId::new(12)));
        for wrong in ["", "n", "n0", "n01", "n+1", "12", "N1", "n99999"] {
            assert!(wrong.parse::<NodeId>().is_err(), "{wrong}");
        }
        assert_eq!(NodeId::new(3).index(), 2);
    }
}
