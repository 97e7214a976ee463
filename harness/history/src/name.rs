//! Names that occur again and again in a history: operations and nodes.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A short text that many events share, such as the name of an operation or of a node.
///
/// It behaves as a string does. A copy of it shares the text, so that a history of millions of events holds
/// each name a few times and not once an event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Name {
    fn default() -> Self {
        Name::from("")
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Name(text.into())
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Name(text.into())
    }
}

impl From<&String> for Name {
    fn from(text: &String) -> Self {
        Name(text.as_str().into())
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.as_str().to_owned()
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Name {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<Name> for str {
    fn eq(&self, other: &Name) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<Name> for &str {
    fn eq(&self, other: &Name) -> bool {
        *self == other.as_str()
    }
}

impl PartialEq<Name> for String {
    fn eq(&self, other: &Name) -> bool {
        self == other.as_str()
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Name::from)
    }
}

/// Hands out names, the same one for the same text, as long as there are few.
///
/// The names of a history are few. Where they are not, as in a damaged one, the later ones share nothing,
/// so that a look-up stays short and the memory that is taken is bounded by the history's.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: Vec<Name>,
}

/// How many names are looked for; a nemesis has some dozens, and clusters have as many nodes.
const MAX_KNOWN: usize = 64;

impl Names {
    /// The name with this text.
    pub(crate) fn name(&mut self, text: &str) -> Name {
        if let Some(known) = self.known.iter().find(|known| known.as_str() == text) {
            return known.clone();
        }
        let name = Name::from(text);
        if self.known.len() < MAX_KNOWN {
            self.known.push(name.clone());
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_held_once() {
        let mut names = Names::default();
        let first = names.name("read");
        assert!(Arc::ptr_eq(&first.0, &names.name("read").0));
        assert!(!Arc::ptr_eq(&first.0, &names.name("write").0));
        for number in 0..1000 {
            assert_eq!(names.name(&number.to_string()), number.to_string());
        }
        assert_eq!(names.known.len(), MAX_KNOWN);
        assert!(Arc::ptr_eq(&first.0, &names.name("read").0));
    }

    #[test]
    fn a_name_is_a_string_in_json() {
        let name: Name = serde_json::from_str("\"n\\u0031\"").unwrap();
        assert_eq!(name, "n1");
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"n1\"");
    }
}
