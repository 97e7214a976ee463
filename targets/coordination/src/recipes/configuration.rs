//! A value that everyone takes over when it changes.

use std::fmt;

use ordalia_node::{CoordinationAnswer, Stat, Value, WatchMode};

use super::{Look, View};
use crate::client::{Happening, Session};

/// What became of a value that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigurationOutcome {
    /// Another value is in force from now on: [`Configuration::value`].
    InForce(Stat),
    /// The value is malformed. What was in force stays.
    Malformed {
        /// What is known of the node.
        stat: Stat,
        /// The malformed value.
        value: Value,
        /// What is wrong with it.
        text: String,
    },
}

/// A node's value, kept up to date by a persistent watch and read anew after every change, after the
/// session was suspended, and in a new session.
///
/// Guarantees: what is in force never goes back to an older value; once the last change is made and the
/// ensemble serves, it comes into force. A malformed value never does. While the node is absent what was in
/// force stays.
///
/// Leaves out: values that were replaced before anybody read them, and all taking a value over at the same
/// time.
pub struct Configuration<T> {
    look: Look,
    parse: fn(&Value) -> Result<T, String>,
    in_force: Option<(T, Stat)>,
    /// The last value that was looked at, so that each is told of once.
    read: Option<Stat>,
}

impl<T> Configuration<T> {
    /// Begins to read the node of that path.
    pub fn new(
        path: impl Into<String>,
        parse: fn(&Value) -> Result<T, String>,
        session: &mut Session,
    ) -> Self {
        let look = Look::new(path, View::Data, WatchMode::Persistent, session);
        Self { look, parse, in_force: None, read: None }
    }

    /// Goes on in a new session. What is in force stays until something newer was read.
    pub fn renew(&mut self, session: &mut Session) {
        self.look = Look::new(self.look.path(), View::Data, WatchMode::Persistent, session);
    }

    /// What is in force.
    pub fn value(&self) -> Option<&T> {
        self.in_force.as_ref().map(|(value, _)| value)
    }

    /// What is known of the node as it was when that value was read.
    pub fn stat(&self) -> Option<Stat> {
        self.in_force.as_ref().map(|(_, stat)| *stat)
    }

    /// Takes note of what befell. An end of the session is none: see [`renew`](Self::renew).
    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> Option<ConfigurationOutcome> {
        let Ok(CoordinationAnswer::Got { value, stat }) = self.look.on(happening, session)? else {
            return None;
        };
        // The number of the last change grows even over a removal, as versions do not.
        if self.read.is_some_and(|read| read.modified >= stat.modified) {
            return None;
        }
        self.read = Some(stat);
        Some(match (self.parse)(&value) {
            Ok(parsed) => {
                self.in_force = Some((parsed, stat));
                ConfigurationOutcome::InForce(stat)
            }
            Err(text) => ConfigurationOutcome::Malformed { stat, value, text },
        })
    }
}

impl<T: fmt::Debug> fmt::Debug for Configuration<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration")
            .field("path", &self.look.path())
            .field("in_force", &self.in_force)
            .finish()
    }
}
